"""Progress and text of a run: the use cases report them, the command line shows them."""

from __future__ import annotations

from typing import Any


class Listener:
    """Ignores every event; subclass it and override those that matter.

    Lines hold marked settings; `longsum.settings.rendered` writes them as their reader would.
    """

    def notice(self, line: str) -> None:
        """Show a message, except in quiet mode."""

    def warning(self, line: str) -> None:
        """Show a message, even in quiet mode."""

    def phase(self, name: str) -> None:
        """Show the name of a step that begins and has no progress to report."""

    def prefill(self, done: int, total: int) -> None:
        """Show how many tokens are read; called between chunks, where raising stops the work."""

    def model_chosen(self, line: str) -> None:
        """Show why this model was chosen for a user who named none."""
        self.notice(line)

    def planned(self, prepared: Any) -> None:
        """Show what is known before the weights are loaded: a `Prepared`."""

    def check(self) -> None:
        """Raise to stop the work; called between chunks, tokens and chosen sentences."""

    def text(self, piece: str) -> None:
        """Show the next piece of an answer."""

    def part(self, number: int) -> None:
        """Show which part of a document is read next; parts are numbered from 1."""

    def heading(self, line: str) -> None:
        """Show the heading of what a part answers, before it."""
        self.text(f"{line}\n\n")

    def remark(self, line: str) -> None:
        """Show a line of an answer that says nothing of the document, only what was not found."""
        self.text(line)

    def sentence(self, piece: str, mark: str, sentence: Any) -> None:
        """Show the rest of a complete sentence of the answer, and its mark.

        Args:
            piece: what `text` was not given of the sentence: all of it in a verbatim answer.
            mark: the reference after it, such as ` [p. 3]`; may be empty.
            sentence: the `GroundedSentence`, with its places in the document.
        """
        self.text(piece + mark)

    def nearest(self, piece: str, mark: str, sentence: Any) -> None:
        """Show a sentence that comes nearest to a question no sentence was found for.

        Args:
            piece: the sentence as a quotation, with what sets it apart from the answer before it.
            mark: the reference after it.
            sentence: the `GroundedSentence`; not one of the answer.
        """
        self.text(piece + mark)
