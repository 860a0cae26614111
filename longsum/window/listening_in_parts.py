"""What is reported of an answer for which a document is read part by part."""

from __future__ import annotations

import time
from collections.abc import Sequence

from longsum.documents.document import Document
from longsum.grounding.grounder import GroundedSentence
from longsum.pace import PartsPace
from longsum.part_events import ALL_PARTS, MERGING
from longsum.receipt import ReadPart
from longsum.window.listening import AnswerListener, Report, sentence_fields


class PartsListener(AnswerListener):
    """Reports an answer with its headings, and which part is read for it.

    An answer that needs no reading is reported like any other.

    Args:
        report: sends an event.
        document: the whole document.
        parts: in their order.
        tokens: of each page of the whole.
        numbers: of these pages.
    """

    def __init__(
        self,
        report: Report,
        document: Document,
        parts: Sequence[ReadPart],
        tokens: Sequence[int] = (),
        numbers: Sequence[int] = (),
    ) -> None:
        super().__init__(report, document, tokens, numbers)
        self._parts = parts
        self._part: ReadPart | None = None
        self._parts_pace = PartsPace([part.tokens for part in parts])

    def part(self, number: int) -> None:
        """Report which part is read next."""
        self.check()
        self._part, self._is_reading = self._parts[number - 1], False
        self._parts_pace.begin(number - 1, time.monotonic())
        self._tell(number, self._part)

    def phase(self, name: str) -> None:
        """Report a step of a part; that it is cached is none that anybody waits for."""
        if self._part is None:
            super().phase(name)
            return
        self.check()
        if name.startswith("caching"):
            return
        self._is_reading = False
        if name.startswith("loading"):
            self._parts_pace.load()
        if name == MERGING:
            self._tell(None, None)
        self._step("choosing" if name == MERGING else name)

    def prefill(self, done: int, total: int) -> None:
        """Report how much of all parts is read, and how long they will still take.

        Args:
            done: tokens of all parts.
            total: as many as there are.
        """
        pace = self._parts_pace
        pace.add(done, time.monotonic())
        self._progress(done, total, pace.tokens_per_s, pace.seconds_left())

    def heading(self, line: str) -> None:
        """Report a heading, which leads to the first page of its part."""
        part = self._part if line != ALL_PARTS and self._document.pages else None
        self._line(line, is_heading=True, pages=(part.first,) if part else ())
        self.text("\n\n")

    def remark(self, line: str) -> None:
        """Report that nothing was found."""
        self._line(line, is_heading=False)

    def _line(self, line: str, *, is_heading: bool, pages: tuple[int, ...] = ()) -> None:
        """Report a line that is not a statement about the document."""
        start = len(self._text)
        self.text(line)
        made = GroundedSentence(
            line,
            start,
            len(self._text),
            pages=pages,
            supported=True,
            is_heading=is_heading,
            is_refusal=not is_heading,
        )
        place = {"start": made.start, "end": made.end}
        self._report(("sentence", place | sentence_fields(self._document, made)))

    def _page_after(self, done: int) -> int | None:
        """Return the page begun last, within the part: its tokens alone may be a few more."""
        page, part = super()._page_after(done), self._part
        if page is None or part is None:
            return page
        return min(max(page, part.first), part.last)

    def _place(self, sentence: GroundedSentence) -> tuple[int, int]:
        """Return where a sentence is in the answer: it counts from where its part's begins."""
        return self._last(sentence)

    def _tell(self, number: int | None, part: ReadPart | None) -> None:
        """Report which part it is about from now on; None for all of them."""
        where, first = (part.where, part.first) if part else (None, None)
        told = {"number": number, "of": len(self._parts), "where": where, "first": first}
        self._report(("part", told))
