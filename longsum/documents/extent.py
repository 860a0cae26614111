"""Which pages or lines of a document were read, and which were left out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from longsum.documents.document import Document
from longsum.documents.units import UNITS

Range = tuple[int, int]
"""First and last, both included."""

MAX_RANGES = 12
"""Ranges named in text for people; JSON holds all."""


@dataclass(frozen=True)
class Extent:
    """Which pages, or lines of a text without pages, reached the model."""

    unit: str
    """What is counted, as `UNITS` names it."""
    total: int
    """Pages of the file; the last line that holds text."""
    read: tuple[Range, ...]
    """Read, whole or in part."""
    in_part: tuple[int, ...] = ()
    """Pages or lines of which only a part was read."""
    left_out: tuple[Range, ...] = ()
    """Requested, but not read at all; pages that were not selected are not included."""
    without_text: tuple[int, ...] = ()
    """Pages in those ranges that hold no text: blank, or scanned."""
    unreadable: tuple[int, ...] = ()
    """Pages in those ranges whose fonts do not say which characters they show."""

    @property
    def has_pages(self) -> bool:
        """Whether it counts pages, or other parts that are selected like them."""
        return UNITS[self.unit].is_page

    @property
    def count(self) -> int:
        """Number of pages or lines of which text was read."""
        return self._span - self._count_in_read((*self.without_text, *self.unreadable))

    @property
    def _span(self) -> int:
        return sum(last - first + 1 for first, last in self.read)

    def _count_in_read(self, numbers: Sequence[int]) -> int:
        return sum(any(a <= n <= b for a, b in self.read) for n in numbers)

    @property
    def is_whole(self) -> bool:
        """Whether everything requested was read."""
        return not (self.left_out or self.in_part)

    def what_was_read(self) -> str:
        """Return `29 pages`, `pages 3-20 of 192`; empty for the whole of a text without pages."""
        if not self.has_pages and self.is_whole:
            return ""
        shown = f"{self._named(self.read) or f'no {self.unit}'} of {self.total:,}"
        is_all = self.read == ((1, self.total),) and self.is_whole
        if is_all:
            shown = f"{self.total:,} {UNITS[self.unit].named(self.total != 1)}"
        if unreadable := self._count_in_read(self.unreadable):
            readable = f"{self._span - unreadable:,} of {self._span:,}"
            shown = f"{readable} pages readable" if is_all else f"{shown}, {readable} readable"
        return shown + (f", {len(self.without_text):,} without text" if self.without_text else "")

    def what_is_missing(self) -> str:
        """Return `pages 18-175 and parts of pages 17 and 176`; empty when nothing is."""
        parts = [self._named(self.left_out)] if self.left_out else []
        if self.in_part:
            some = "part" if len(self.in_part) == 1 else "parts"
            parts.append(f"{some} of {self._named(_ranges(self.in_part))}")
        return " and ".join(parts)

    def _named(self, ranges: Sequence[Range]) -> str:
        """Return `page 7`, or `pages 1-17 and 176-192`."""
        if not ranges:
            return ""
        shown = [f"{a:,}" if a == b else f"{a:,}-{b:,}" for a, b in ranges[:MAX_RANGES]]
        if len(ranges) > MAX_RANGES:
            shown.append(f"{len(ranges) - MAX_RANGES:,} more ranges")
        several = len(ranges) > 1 or ranges[0][0] != ranges[0][1]
        words = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
        return f"{UNITS[self.unit].named(several)} {words}"


def kept_characters(
    offsets: Sequence[tuple[int, int]], kept: Sequence[tuple[int, int]], length: int
) -> list[tuple[int, int]]:
    """Return the half-open character ranges of a document's kept tokens.

    Args:
        offsets: (start, end) characters of each token.
        kept: half-open ranges of tokens.
        length: characters in the document, whose edges may be white space outside any token.
    """
    return [
        (offsets[start][0] if start else 0, length if end == len(offsets) else offsets[end - 1][1])
        for start, end in kept
        if start < end
    ]


def extent_of(document: Document, kept: Sequence[tuple[int, int]]) -> Extent:
    """Return which of a document's pages or lines are in the kept ranges of characters.

    A page without text counts with the page before it.
    """
    read: list[Range] = []
    left_out: list[Range] = []
    in_part: list[int] = []
    without_text: list[int] = []
    unreadable = frozenset(document.unreadable) if document.pages else frozenset()
    waiting: list[Range] = []  # empty pages before the first with text
    where: list[Range] | None = None
    for first, last, start, end in _units(document):
        text = document.text[start:end]
        start, end = start + len(text) - len(text.lstrip()), start + len(text.rstrip())
        if not text.strip():
            if first not in unreadable:
                without_text.append(first)
            _extend(waiting if where is None else where, first, last)
            continue
        is_read = any(a < end and start < b for a, b in kept)
        where = read if is_read else left_out
        if is_read and not any(a <= start and end <= b for a, b in kept):
            in_part.append(first)
        for each in (*waiting, (first, last)):
            _extend(where, *each)
        waiting.clear()
    read += waiting  # a document of empty pages
    total = max(document.total_pages, *(ranges[-1][1] for ranges in (read, left_out) if ranges))
    unit = document.counted.name
    return Extent(
        unit,
        total,
        tuple(read),
        tuple(in_part),
        tuple(left_out),
        tuple(without_text),
        tuple(sorted(unreadable)),
    )


def _units(document: Document) -> Iterator[tuple[int, int, int, int]]:
    """Yield (first number, last number, start, end) of each page, or each line with text.

    Blank lines of the source count with the line before them.
    """
    if document.pages:
        yield from ((p.number, p.number, p.start, p.end) for p in document.pages)
        return
    anchors = document.line_anchors or ((0, 1),)
    for (start, line), (end, following) in zip(anchors, anchors[1:], strict=False):
        yield line, max(line, following - 1), start, end
    yield anchors[-1][1], anchors[-1][1], anchors[-1][0], len(document.text)


def _extend(ranges: list[Range], first: int, last: int) -> None:
    """Add numbers to increasing ranges, joining adjacent ones."""
    if ranges and first <= ranges[-1][1] + 1:
        ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
    else:
        ranges.append((first, last))


def _ranges(numbers: Sequence[int]) -> list[Range]:
    ranges: list[Range] = []
    for number in numbers:
        _extend(ranges, number, number)
    return ranges
