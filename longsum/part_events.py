"""What is heard of a document that is read in parts: as of one reading of the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from longsum.answer import PartAnswer
from longsum.events import Listener
from longsum.grounding.shifting import shifted

ALL_PARTS = "All parts"
"""Heading of the summary of the whole."""
MERGING = "reading the summaries of the parts"
"""Name of the step that comes after the last part."""
NO_SENTENCES = "No complete sentences to choose from."
"""What is printed of a part that holds none, such as an index."""


def nothing_found(parts: Sequence[PartAnswer]) -> str:
    """Return in which parts a question has no answer; empty if it has one in each."""
    names = [
        f"part {number} ({each.where})"
        for number, each in enumerate(parts, 1)
        if not each.answer.answered
    ]
    if not names:
        return ""
    if len(names) == len(parts):
        return f"Nothing found in any of the {len(parts)} parts."
    *first, last = names
    return f"Nothing found in {', '.join(first)}{' and ' if first else ''}{last}."


class Shown:
    """Collects what is shown of an answer, so that a file holds the same."""

    def __init__(self, listener: Listener) -> None:
        self._listener, self.text = listener, ""

    def write(self, text: str) -> None:
        """Show a text."""
        self._listener.text(text)
        self.text += text

    def head(self, heading: str) -> None:
        """Show a heading."""
        self._listener.heading(heading)
        self.text += f"{heading}\n\n"

    def take(self, text: str) -> None:
        """Take a text that was shown while it was made."""
        self.text += text


class PartEvents(Listener):
    """Passes events on, each message once and with places in the whole document.

    Args:
        inner: receives them.
        offset: where the part that is read begins in the whole.
        said: messages passed on before.
        tokens: tokens of the parts before it.
        total: tokens of all parts; None passes on how much of this one is read.
    """

    def __init__(
        self,
        inner: Listener,
        offset: int = 0,
        said: set[str] | None = None,
        tokens: int = 0,
        total: int | None = None,
    ) -> None:
        self.inner, self.offset = inner, offset
        self.said = set() if said is None else said
        self._tokens, self._total = tokens, total

    def notice(self, line: str) -> None:
        """Pass on a message that was not passed on before."""
        if line not in self.said:
            self.said.add(line)
            self.inner.notice(line)

    def warning(self, line: str) -> None:
        """Pass on a warning that was not passed on before."""
        if line not in self.said:
            self.said.add(line)
            self.inner.warning(line)

    def phase(self, name: str) -> None:
        """Pass on the name of a step."""
        self.inner.phase(name)

    def prefill(self, done: int, total: int) -> None:
        """Pass on how much is read."""
        self.inner.prefill(self._tokens + done, self._total or total)

    def check(self) -> None:
        """Let the work be stopped."""
        self.inner.check()

    def text(self, piece: str) -> None:
        """Pass on a piece of an answer."""
        self.inner.text(piece)

    def remark(self, line: str) -> None:
        """Pass on a line that says what was not found."""
        self.inner.remark(line)

    def sentence(self, piece: str, mark: str, sentence: Any) -> None:
        """Pass on a sentence, with its places in the whole."""
        self.inner.sentence(piece, mark, shifted(sentence, self.offset))

    def nearest(self, piece: str, mark: str, sentence: Any) -> None:
        """Pass on a sentence near a question, with its places in the whole."""
        self.inner.nearest(piece, mark, shifted(sentence, self.offset))


class Unmeasured(PartEvents):
    """Passes on events but not how much is read, where that is little."""

    def prefill(self, done: int, total: int) -> None:
        """Let the work be stopped."""
        self.inner.check()


class HeldBack(PartEvents):
    """Passes on events, but the answer only when it is complete and known to be one."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._held: list[Callable[[], None]] = []

    def text(self, piece: str) -> None:
        """Hold a piece back."""
        self._held.append(partial(super().text, piece))

    def sentence(self, piece: str, mark: str, sentence: Any) -> None:
        """Hold a sentence back."""
        self._held.append(partial(super().sentence, piece, mark, sentence))

    def release(self) -> None:
        """Show the answer."""
        for show in self._held:
            show()

    def nearest(self, piece: str, mark: str, sentence: Any) -> None:
        """Hold a sentence back."""


class Noting(PartEvents):
    """Passes on events, and takes down notices."""

    def __init__(self, inner: Listener, notices: list[str]) -> None:
        super().__init__(inner)
        self._notices = notices

    def notice(self, line: str) -> None:
        """Take down a message."""
        self._notices.append(line)
