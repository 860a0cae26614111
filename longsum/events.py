"""What happens while a document is read: the use cases report, the command line shows."""

from __future__ import annotations

from typing import Any


class Listener:
    """Hears nothing; subclass and override what matters.

    Lines hold marked settings; `longsum.settings.rendered` writes them as their reader would.
    """

    def notice(self, line: str) -> None:
        """Take a line the user should see."""

    def warning(self, line: str) -> None:
        """Take a line that even a user who wants to hear nothing should see."""

    def phase(self, name: str) -> None:
        """Take the name of a step that begins and cannot say how far it is."""

    def prefill(self, done: int, total: int) -> None:
        """Take how many tokens are read; called between chunks, where raising stops the work."""

    def model_chosen(self, line: str) -> None:
        """Take why this model reads for a user who named none."""
        self.notice(line)

    def planned(self, prepared: Any) -> None:
        """Take what was found out before the weights are loaded: a `Prepared`."""

    def check(self) -> None:
        """Return, or raise to stop: called between chunks, tokens and chosen sentences."""

    def text(self, piece: str) -> None:
        """Take the next piece of an answer."""

    def sentence(self, piece: str, mark: str, sentence: Any) -> None:
        """Take a sentence of the answer that is complete.

        Args:
            piece: the end of its text, which `text` was not given: all of it in a verbatim answer.
            mark: the reference after it, such as ` [p. 3]`; may be empty.
            sentence: the `GroundedSentence`, with its places in the document.
        """
        self.text(piece + mark)
