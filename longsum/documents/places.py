"""Where a span of a document's text is on its pages: the rectangles to mark.

Pure. A span becomes the page's own characters by the document's runs, never by its looks; a page
without runs, which the second reader read, is searched for the whole part, and marked only if that
is there once. pdfium knows where characters are (`page_boxes.py`, in a process of its own).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from longsum.documents.document import Document, Page, Span
from longsum.documents.lines import Bounds
from longsum.documents.runs import Run
from longsum.errors import UsageError

SAME_ROW = 0.5
"""Share of the lower one's height that neighbours of one row have in common."""
MAX_GAP = 3.0
"""Largest gap between neighbours of one row, in heights: words of a justified line are apart."""
MIN_SIDE = 0.05
"""Sides of a rectangle, in points, from which it can be seen."""

Rect = tuple[float, float, float, float]
"""Left, top, width and height as fractions of what a page shows, from its top left corner."""


class Part(NamedTuple):
    """What a span covers of one page."""

    page: int
    """Number in the file, from 1."""
    pieces: tuple[tuple[int, int], ...]
    """(first, count): characters of the page, as pdfium counts; empty if they are not known."""
    text: str = ""
    """What to look for on a page that has no runs; empty if nothing is."""


class PageMarks(NamedTuple):
    """What is to be marked on one page."""

    page: int
    rects: tuple[Rect, ...]
    """A rectangle for each row."""


@dataclass(frozen=True)
class Places:
    """Where a span is on the pages."""

    marks: tuple[PageMarks, ...] = ()
    """In the order of the text; a page without rectangles is one where only the page is known."""
    exact: bool = False
    """Whether there are rectangles on every page that the span touches."""

    def as_dict(self) -> dict[str, Any]:
        """Return the marks as JSON values."""
        marks = [{"page": each.page, "rects": [list(r) for r in each.rects]} for each in self.marks]
        return {"marks": marks, "exact": self.exact}


def parts_of(document: Document, span: Span) -> list[Part]:
    """Return what a span covers of each page; none for a text without pages, or only white space.

    Raises:
        UsageError: the span is not a part of the text.
    """
    start, end = span
    if not 0 <= start <= end <= len(document.text):
        raise UsageError(
            f"there are no characters {start:,} to {end:,} in {document.name}",
            hint=f"choose offsets from 0 to {len(document.text):,}",
        )
    parts = []
    for page in document.pages:
        low, high = max(start, page.start), min(end, page.end)
        text = document.text[low:high]
        if not text.strip():
            continue
        pieces = tuple(_pieces(document.runs, low, high, page.number))
        is_known = bool(pieces) or _has_runs(document.runs, page)
        parts.append(Part(page.number, pieces, "" if is_known else text))
    return parts


def places_from(parts: Sequence[Part], rects: Sequence[Sequence[Rect]]) -> Places:
    """Return the places of a span from the rectangles of its parts."""
    marks = tuple(
        PageMarks(part.page, tuple(each)) for part, each in zip(parts, rects, strict=True)
    )
    return Places(marks, bool(marks) and all(each.rects for each in marks))


def pages_only(parts: Sequence[Part]) -> Places:
    """Return the places of a span of which only the pages are known."""
    return places_from(parts, [()] * len(parts))


def _pieces(runs: Sequence[Run], start: int, end: int, page: int) -> Iterator[tuple[int, int]]:
    """Yield the characters of a page that a part of its text is."""
    for run in runs[bisect_right(runs, start, key=lambda run: run.end) :]:
        if run.start >= end:
            return
        low, high = max(start, run.start), min(end, run.end)
        if run.page == page:
            yield run.first + low - run.start, high - low


def _has_runs(runs: Sequence[Run], page: Page) -> bool:
    """Return whether any of a page's text is known to be the page's."""
    at = bisect_right(runs, page.start, key=lambda run: run.end)
    return at < len(runs) and runs[at].start < page.end


def rows_of(boxes: Sequence[Bounds], *, is_upright: bool = False) -> list[Bounds]:
    """Return rectangles around characters, one for each row, that do not cover one another.

    Args:
        boxes: of the characters in the order of the text: left, top, right, bottom, in points from
            a page's top left corner.
        is_upright: whether the text runs up or down the page.
    """
    if is_upright:
        return [_turned(row) for row in rows_of([_turned(box) for box in boxes])]
    rows: list[Bounds] = []
    last: Bounds | None = None
    for box in boxes:
        if box[2] - box[0] < MIN_SIDE or box[3] - box[1] < MIN_SIDE:
            continue
        if last is not None and _continues(last, rows[-1], box):
            rows[-1] = _around(rows[-1], box)
        else:
            rows.append(box)
        last = box
    return _parted(rows)


def _continues(last: Bounds, row: Bounds, box: Bounds) -> bool:
    """Return whether a character is in the row of the one before it."""
    heights = last[3] - last[1], box[3] - box[1]
    shared = min(last[3], box[3]) - max(last[1], box[1])
    gap = MAX_GAP * max(heights)
    is_near = row[0] - gap <= box[2] and box[0] <= row[2] + gap
    return shared >= SAME_ROW * min(heights) and is_near


def _parted(rows: list[Bounds]) -> list[Bounds]:
    """Return rows of which none covers the edge of the next: tight lines overlap a little."""
    rows = list(rows)
    for place in range(len(rows) - 1):
        order = sorted((place, place + 1), key=lambda at: rows[at][1])  # a page may be upside down
        upper, lower = (rows[at] for at in order)
        shared = upper[3] - lower[1]
        beside = min(upper[2], lower[2]) <= max(upper[0], lower[0])
        least = min(upper[3] - upper[1], lower[3] - lower[1])
        if beside or not 0 < shared < SAME_ROW * least:
            continue
        middle = (upper[3] + lower[1]) / 2
        rows[order[0]] = (upper[0], upper[1], upper[2], middle)
        rows[order[1]] = (lower[0], middle, lower[2], lower[3])
    return rows


def _around(one: Bounds, two: Bounds) -> Bounds:
    return min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])


def _turned(box: Bounds) -> Bounds:
    """Return a box with its two directions exchanged."""
    return box[1], box[0], box[3], box[2]
