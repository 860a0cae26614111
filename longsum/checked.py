"""An answer whose sentences are shown when they are final: at once, or after they were revised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from longsum.events import Listener
from longsum.grounding.grounder import NOT_FOUND, GroundedSentence
from longsum.grounding.sources import Sources
from longsum.marking import MarkedText
from longsum.revising import is_sound


class CheckedText:
    """The sentences of an answer that are final, as they are shown.

    Args:
        listener: receives the marked text.
        sources: shows the sentences of the document under each statement; None does not.
        strict: whether sentences that the document does not support are left out.
    """

    def __init__(self, listener: Listener, sources: Sources | None, *, strict: bool) -> None:
        self._shown, self._sources, self._strict = MarkedText(listener), sources, strict
        self._gap = ""  # text before a sentence that was left out
        self.text = ""
        self.sentences: list[GroundedSentence] = []
        self.left_out: list[GroundedSentence] = []

    @property
    def marked(self) -> str:
        """The text so far, with a mark after each sentence."""
        return self._shown.marked

    @property
    def taken(self) -> int:
        """Number of sentences shown or left out so far."""
        return len(self.sentences) + len(self.left_out)

    def follow(self, text: str, draft: Sequence[GroundedSentence]) -> None:
        """Show the sentences of a draft up to the first that may still change.

        Args:
            text: the draft so far.
            draft: its complete sentences.
        """
        for sentence in draft[self.taken :]:
            if not is_sound(sentence):
                return
            self.add(text, draft, sentence)

    def add(self, text: str, draft: Sequence[GroundedSentence], final: GroundedSentence) -> None:
        """Show the next sentence of a draft, or leave it out.

        Args:
            text: the draft.
            draft: its sentences.
            final: what the next one has become.
        """
        number = self.taken
        gap = text[draft[number - 1].end if number else 0 : draft[number].start]
        if "\n" in self._gap and "\n" not in gap:
            gap = self._gap  # a paragraph whose first sentence was left out
        if self._strict and not is_sound(final):
            self._gap = gap
            self.left_out.append(final)
            return
        self._gap = ""
        gap = gap if self.text else gap.lstrip("\n ")
        start = len(self.text) + len(gap)
        placed = replace(final, start=start, end=start + len(final.text))
        if self._sources is not None:
            placed = self._sources.added(placed)
        self.text += gap + final.text
        self.sentences.append(placed)
        self._shown.sentence(gap + final.text, placed)

    def finish(self, text: str, draft: Sequence[GroundedSentence]) -> None:
        """Show what follows the last sentence, such as a row of asterisks.

        Args:
            text: the draft.
            draft: its sentences.
        """
        rest = text[draft[-1].end if draft else 0 :]
        if rest.strip() and not self.left_out:
            self.text += rest
            self._shown.text(rest)

    def refuse(self) -> None:
        """Show that no sentence was found, where all were left out."""
        self.text = NOT_FOUND
        self.sentences.append(GroundedSentence(NOT_FOUND, 0, len(NOT_FOUND), is_refusal=True))
        self._shown.sentence(NOT_FOUND, self.sentences[0])
