"""A document as the rest of the program sees it: text, pages, and where each character came from.

Knows nothing about files or tokens. Offsets are character offsets into `Document.text`; every page
number that is ever printed comes from them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from longsum.documents.pages import format_pages
from longsum.documents.runs import Run
from longsum.documents.units import LINE, PAGE, UNITS, Unit


class Span(NamedTuple):
    """A half-open range of characters of `Document.text`."""

    start: int
    end: int


@dataclass(frozen=True)
class Page:
    """One page's place in the text."""

    number: int
    """Position in the file, from 1; what `read_document` takes and what is printed."""
    start: int
    """Offset of the page's first character."""
    end: int
    """Offset after the page's last character."""
    label: str | None = None
    """Printed page label, such as `iv`, if the file has one."""


@dataclass(frozen=True)
class Document:
    """A document's clean text and where its parts are."""

    text: str
    pages: tuple[Page, ...]
    """In order; empty for a text without pages, whose references are source lines."""
    sha256: str
    """Digest of the file's bytes, in hex."""
    name: str
    """File name, or `stdin`."""
    total_pages: int = 0
    """Pages in the file; more than `len(pages)` when some were selected."""
    title: str | None = None
    """Title from the metadata, if there is one."""
    line_anchors: tuple[tuple[int, int], ...] = ()
    """For a text without pages: (offset, source line from 1) pairs, both increasing."""
    warnings: tuple[str, ...] = field(default=())
    """Warnings for the user, one line each: image-only pages, a second reader used."""
    unit: str | None = None
    """What `pages`, or the numbers of `line_anchors`, are, as `UNITS` names it; None for pages or
    lines."""
    places: tuple[tuple[int, str], ...] = ()
    """(offset, name) of places with names, such as `00:12:05`, offsets increasing; references give
    these names instead of numbers where there are any."""
    unreadable: tuple[int, ...] = ()
    """Numbers of the pages whose fonts do not say which characters they show; not in the text."""
    notes: tuple[str, ...] = ()
    """What was done while reading, one line each, for who asks: rows left out as repeated."""
    runs: tuple[Run, ...] = field(default=(), repr=False)
    """Which parts of the text are on the pages of a PDF one for one, in the order of the text."""
    continues: str | None = None
    """Whose separate opinion a part of a document begins in, such as `Justice Breyer, dissenting`;
    None for a whole document."""
    shows_labels: bool = False
    """Whether references also give the printed page label where it differs from the number."""

    @property
    def counted(self) -> Unit:
        """What its pages, or its lines, are called."""
        return UNITS[self.unit] if self.unit else PAGE if self.pages else LINE

    def page_at(self, offset: int) -> Page | None:
        """Return the page that holds a character, or None for a text without pages."""
        if not self.pages:
            return None
        index = bisect_right(self.pages, offset, key=lambda page: page.start) - 1
        return self.pages[max(0, index)]

    def line_at(self, offset: int) -> int:
        """Return the source line (from 1) of a character of a text without pages."""
        index = bisect_right(self.line_anchors, offset, key=lambda anchor: anchor[0]) - 1
        return self.line_anchors[max(0, index)][1] if self.line_anchors else 1

    def pages_of(self, span: Span) -> tuple[int, ...]:
        """Return the numbers of the pages a span touches; empty for a text without pages."""
        return tuple(p.number for p in self.pages if p.start < span.end and span.start < p.end)

    def places_of(self, span: Span) -> tuple[str, ...]:
        """Return the names of the places a span touches; empty where places have no names."""
        if not self.places:
            return ()
        first = bisect_right(self.places, span.start, key=lambda place: place[0]) - 1
        found = self.places[max(0, first) :]
        names = [name for at, name in found if at < span.end]
        return tuple(dict.fromkeys(names or [found[0][1]]))

    def reference(self, span: Span) -> str:
        """Return where a span is, for people: `p. 3`, `pp. 3-4`, `line 120` or `00:12:05`."""
        return self.reference_of([span])

    def reference_of(self, spans: Sequence[Span]) -> str:
        """Return where spans are, for people: `pp. 3-4, 17`, `line 120, line 431`."""
        if self.places:
            starts = (self.places_of(span)[0] for span in spans)
            return ", ".join(dict.fromkeys(starts))
        unit = self.counted
        if not self.pages:
            numbers = dict.fromkeys(self.line_at(span.start) for span in spans)
            return ", ".join(f"{unit.short} {number}" for number in numbers)
        pages = sorted({number for span in spans for number in self.pages_of(span)})
        if not pages:
            pages = [page.number for span in spans[:1] if (page := self.page_at(span.start))]
        shown = f"{unit.shorts if len(pages) > 1 else unit.short} {format_pages(pages)}"
        return shown + self.printed(pages)

    def printed(self, numbers: Sequence[int]) -> str:
        """Return ` (printed iv-v)` for increasing page numbers; empty if unknown or not wanted."""
        if not self.shows_labels:
            return ""
        labels = [p.label for p in self.pages if p.number in (numbers[0], numbers[-1]) and p.label]
        return f" (printed {'-'.join(dict.fromkeys(labels))})" if labels else ""
