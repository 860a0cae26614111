"""A page's characters from pdfium: lines with their place, size and direction.

Characters that the page does not show belong to no line; they are counted by cause. Callers hold
the lock of `pdf.py`, as pdfium is not thread-safe.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longsum.documents.annotations import Field
from longsum.documents.clean import BROKEN, clean_line
from longsum.documents.field_lines import with_fields
from longsum.documents.letters import (
    ACCENTS,
    closed_up,
    joined_cjk,
    may_be_spaced,
    with_accents,
)
from longsum.documents.lines import Bounds, Line
from longsum.documents.measure import BREAKS, Measure
from longsum.documents.page_text import MAX_PAGE_CHARACTERS, page_text, paired
from longsum.documents.readable import MAX_LOST
from longsum.documents.runs import INSERTED, glyphs_of
from longsum.documents.visible import Hidden, object_addresses
from longsum.errors import DocumentTooLong
from longsum.settings import Setting

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]

SAMPLES = 64
"""Characters of a page that are asked whether their font says what they are."""
OUTSIDE = "outside the page"
"""Why a character beyond the page's visible box is not seen."""

_ENDS = re.compile("[\n\x02\ufffe]")


@dataclass
class Glyphs:
    """What a page's characters are, and where."""

    lines: list[Line] = field(default_factory=list)
    """In the file's order."""
    ranges: list[tuple[int, int]] = field(default_factory=list)
    """The characters of each line, in pdfium's indices."""
    text: str = ""
    """All characters that are seen, before those without a meaning are dropped."""
    guessed: float = 0.0
    """Share of the characters whose font does not say which they are."""
    missing: int = 0
    """Text objects without any character, which may be spaces."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Characters that are not seen, by cause."""
    outside: list[str] = field(default_factory=list)
    """Pieces of text beyond the page's visible box, which may belong to another page."""
    unseen: str = ""
    """All characters that are not seen, without spaces."""


def too_much(shown: str, limit: int) -> DocumentTooLong:
    """Return the error for a file that holds far more text than any window."""
    return DocumentTooLong(
        f"{shown} unpacks to over {limit:,} characters",
        hint=f"choose a part of it with {Setting('pages')}",
    )


def read_glyphs(
    page: pypdfium2.PdfPage,
    *,
    hidden: Mapping[int, Hidden] | None = None,
    lost: Set[int] = frozenset(),
    box: Bounds | None = None,
    fields: Sequence[Field] = (),
) -> Glyphs:
    """Return a page's lines in the file's order.

    Args:
        page: from pypdfium2.
        hidden: text objects that show nothing, by address.
        lost: addresses of text objects that may have no characters.
        box: what the page shows; None for no limit.
        fields: filled-in form fields, which are put beside their labels.
    """
    textpage = page.get_textpage()
    try:
        count = textpage.count_chars()
        if count > MAX_PAGE_CHARACTERS:
            raise too_much("a page", MAX_PAGE_CHARACTERS)
        reader = _Reader(textpage.raw, page_text(textpage.raw, max(0, count)), box)
        found = reader.read(hidden or {}, lost)
        if fields:
            found.lines = with_fields(found.lines, fields, reader.split)
        return found
    finally:
        textpage.close()


def _line_ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield the character ranges of lines; a hyphen mark ends its line and belongs to it."""
    start = 0
    for match in _ENDS.finditer(text):
        yield start, match.start() + (match[0] in BREAKS)
        start = match.end()
    yield start, len(text)


class _Reader:
    """Puts one page's characters into lines."""

    def __init__(self, handle: Any, text: str, box: Bounds | None) -> None:
        import pypdfium2.raw as raw  # type: ignore[import-untyped]

        self.raw, self.handle, self.text = raw, handle, text
        self.found = Glyphs()
        self.hidden: Mapping[int, Hidden] = {}
        self.unseen: set[int] = set()
        """Numbers of the characters that are not seen, in whose place `text` has spaces."""
        self.object_of = object_addresses(handle)
        self.measure = Measure(handle, box)

    def read(self, hidden: Mapping[int, Hidden], lost: Set[int]) -> Glyphs:
        """Return the page's lines, and what was left out."""
        if len(lost) > MAX_LOST * len(self.text):
            self.found.missing = len(lost - set(self.object_of(range(len(self.text)))))
        self.found.guessed = self._guessed()
        if self.found.guessed:
            self._part_glyphs_from_breaks()
        self.hidden = hidden
        for start, end in list(_line_ranges(self.text)):
            self._add_line(start, end)
        self.found.text = self.text
        return self.found

    def _add_line(self, start: int, end: int, *, check: bool = True) -> None:
        start, end = _trimmed(self.text, start, end)
        if self.text[start:end][-1:].isdigit() and (
            mark := self.measure.moved_mark(self.text, start, end)
        ):
            start, end = _trimmed(self.text, start, end - mark)
        text, glyphs = self._put_together(start, end)
        if not text.strip(BROKEN):
            return
        line, place = self.measure.line(self.text, start, end, text, glyphs)
        if check and self._leave_out_unseen(start, end, place, line.box.size):
            self._add_line(start, end, check=False)
            return
        self.found.lines.append(line)
        self.found.ranges.append((start, end))

    def _put_together(self, start: int, end: int) -> tuple[str, Sequence[int]]:
        """Return a line, letters that are drawn apart put together, with `Line.glyphs`."""
        raw = whole = self.text[start:end]
        numbers: Sequence[int] = range(start, end)
        if not ACCENTS.keys().isdisjoint(raw):
            glyphs = with_accents(self.measure.glyphs(self.text, start, end))
            raw = whole = "".join(glyph.char for glyph in glyphs)
            numbers = [glyph.number for glyph in glyphs]
        elif may_be_spaced(raw):
            glyphs = self.measure.glyphs(self.text, start, end)
            raw = closed_up(glyphs, self.measure.size(start)) or raw
        if not self.unseen.isdisjoint(numbers):  # spaces are in their place
            numbers = [INSERTED if number in self.unseen else number for number in numbers]
        # halves of characters and NUL from damaged fonts are dropped by clean_line
        text = joined_cjk(clean_line(paired(raw)))
        return text, glyphs_of(text, whole, numbers)

    def _leave_out_unseen(self, start: int, end: int, place: Bounds, size: float) -> bool:
        """Leave out a line's characters that are not seen; return whether there are any."""
        causes: dict[int, str] = {}
        left, bottom, right, top = place
        near = left - size, bottom - size, right + size, top + size
        if self.hidden and any(_overlap(near, each.bounds) for each in self.hidden.values()):
            indices = self._seen(start, end)
            for index, address in zip(indices, self.object_of(indices), strict=True):
                if address in self.hidden:
                    causes[index] = self.hidden[address].cause
        if not self.measure.shows_all(place):
            outside = [i for i in self._seen(start, end) if not self.measure.is_inside(i)]
            if outside:
                piece = [self.text[i] if i in set(outside) else " " for i in range(start, end)]
                self.found.outside.append(clean_line(paired("".join(piece))))
                causes |= dict.fromkeys(outside, OUTSIDE)
        if causes:
            self.found.left_out.update(causes.values())
            self.found.unseen += "".join(self.text[index] for index in causes)
            self.unseen |= causes.keys()
            self._replace(iter(causes), " ")
        return bool(causes)

    def split(self, number: int, at: float) -> str:
        """Return a line's text before a place in points."""
        start, end = self.found.ranges[number]
        here = next((i for i in self._seen(start, end) if self.measure.left(i) >= at - 1), end)
        return clean_line(paired(self.text[start:here]))

    def _seen(self, start: int, end: int) -> list[int]:
        """Return the indices of a range's characters, without spaces."""
        return [index for index in range(start, end) if not self.text[index].isspace()]

    def _guessed(self) -> float:
        """Return for which share of some characters the font gives no Unicode value."""
        asked = self.raw.FPDFText_HasUnicodeMapError
        indices = [
            index
            for index in range(0, len(self.text), 1 + len(self.text) // SAMPLES)
            if not self.text[index].isspace()
        ]
        wrong = sum(asked(self.handle, index) == 1 for index in indices)
        return wrong / len(indices) if indices else 0.0

    def _part_glyphs_from_breaks(self) -> None:
        """Replace marks of a broken word that are the numbers of glyphs."""
        asked = self.raw.FPDFText_HasUnicodeMapError
        self._replace(
            match.start()
            for match in _ENDS.finditer(self.text)
            if match[0] in BREAKS and asked(self.handle, match.start()) == 1
        )

    def _replace(self, indices: Iterator[int], by: str = "\x01") -> None:
        characters = list(self.text)
        for index in indices:
            characters[index] = by
        self.text = "".join(characters)


def _overlap(one: Bounds, two: Bounds) -> bool:
    """Return whether two rectangles have a point in common."""
    return one[0] <= two[2] and two[0] <= one[2] and one[1] <= two[3] and two[1] <= one[3]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a range without spaces and control codes at its ends; a hyphen mark stays."""
    while start < end and text[start] <= " ":
        start += 1
    while end > start and text[end - 1] <= " " and text[end - 1] not in BREAKS:
        end -= 1
    return start, end
