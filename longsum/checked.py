"""An answer whose sentences are shown when they are final: at once, or after they were revised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from longsum.events import Listener
from longsum.grounding.grounder import NOT_FOUND, GroundedSentence
from longsum.grounding.repetition import are_alike
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
        self._gap = ""  # text before a sentence that is not shown
        self.taken = 0
        """Number of sentences of the draft that are shown or not, for good."""
        self.text = ""
        self.sentences: list[GroundedSentence] = []
        self.left_out: list[GroundedSentence] = []

    @property
    def marked(self) -> str:
        """The text so far, with a mark after each sentence."""
        return self._shown.marked

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
        """Show the next sentence of a draft, unless it is left out or repeats another.

        Args:
            text: the draft.
            draft: its sentences.
            final: what the next one has become.
        """
        number, self.taken = self.taken, self.taken + 1
        gap = text[draft[number - 1].end if number else 0 : draft[number].start]
        if "\n" in self._gap and "\n" not in gap:
            gap = self._gap  # a paragraph whose first sentence is not shown
        self._gap = gap
        if self._strict and not is_sound(final):
            self.left_out.append(final)
            return
        if not final.is_heading and self._repeats(final.text):
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

    def _repeats(self, text: str) -> bool:
        """Return whether a sentence was shown, or written before one that was written again."""
        written = [each for s in self.sentences for each in (s.text, s.drafted) if each]
        return any(are_alike(text, each) for each in written)

    def drop(self) -> None:
        """Do not show the next sentence, of which the end is missing."""
        self.taken += 1

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
