"""A page's characters from pdfium: lines with their place, size and direction.

Callers hold the lock of `pdf.py`, as pdfium is not thread-safe.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from longsum.documents.clean import BROKEN, clean_line
from longsum.documents.lines import Box, Line
from longsum.errors import DocumentTooLong
from longsum.settings import Setting

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]

MAX_PAGE_CHARACTERS = 2_000_000
"""More than any real page holds; one that unpacks to more is a mistake or an attack."""
_BREAKS = frozenset((0x02, 0xFFFE))
"""Code points that pdfium writes where a hyphen breaks a word."""


def too_much(shown: str, limit: int) -> DocumentTooLong:
    """Return the error for a file that holds far more text than any window."""
    return DocumentTooLong(
        f"{shown} unpacks to over {limit:,} characters",
        hint=f"choose a part of it with {Setting('pages')}",
    )


def pdfium_lines(page: pypdfium2.PdfPage) -> list[Line]:
    """Return a page's lines in the file's order."""
    import pypdfium2.raw as raw  # type: ignore[import-untyped]

    textpage = page.get_textpage()
    try:
        count = textpage.count_chars()
        if count > MAX_PAGE_CHARACTERS:
            raise too_much("a page", MAX_PAGE_CHARACTERS)
        handle, unicode_of = textpage.raw, raw.FPDFText_GetUnicode
        codes = [unicode_of(handle, index) for index in range(count)]
        measure = _Measure(handle)
        return [
            line for start, end in _line_ranges(codes) if (line := measure.line(codes, start, end))
        ]
    finally:
        textpage.close()


def _line_ranges(codes: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the character ranges of lines; a hyphen mark ends its line and belongs to it."""
    start = 0
    for index, code in enumerate(codes):
        if code == 0x0A or code in _BREAKS:
            yield start, index + (code in _BREAKS)
            start = index + 1
    yield start, len(codes)


class _Measure:
    """Asks pdfium where the characters of one page are."""

    def __init__(self, handle: Any) -> None:
        import pypdfium2.raw as raw

        self.raw, self.handle = raw, handle
        self.matrix = raw.FS_MATRIX()
        self.x, self.y = ctypes.c_double(), ctypes.c_double()
        self.edges = [ctypes.c_double() for _ in range(4)]

    def line(self, codes: list[int], start: int, end: int) -> Line | None:
        while start < end and codes[start] <= 0x20:
            start += 1
        while end > start and codes[end - 1] <= 0x20 and codes[end - 1] not in _BREAKS:
            end -= 1
        # surrogates and NUL from damaged fonts are dropped by clean_line
        text = clean_line("".join(map(chr, codes[start:end])))
        if not text.strip(BROKEN):
            return None
        mark = self._note_mark(codes, start, end)
        if mark:
            text = f"{text[:mark]} {text[mark:].lstrip()}"
        last = end - 2 if codes[end - 1] in _BREAKS and end - 2 > start else end - 1
        return Line(text, self._box(start, last), is_note=mark > 0)

    def _note_mark(self, codes: list[int], start: int, end: int) -> int:
        """Return how many digits in smaller type begin a line; 0 if the rest is as small."""
        at = start
        while at < min(end, start + 4) and 0x30 <= codes[at] <= 0x39:
            at += 1
        if not start < at < end - 1:
            return 0
        while at > start and self._size(at - 1)[0] > 0.85 * self._size(end - 2)[0]:
            at -= 1  # `146` raised before `7/15/17` in full size
        return at - start

    def _box(self, first: int, last: int) -> Box:
        samples = sorted(self._size(index) for index in {first, (first + last) // 2, last})
        size = samples[-1][0]
        angle = samples[-1][1]
        left, baseline = self._origin(first, angle)
        right = self._right(last, angle)
        middle = self._origin((first + last) // 2, angle)[1]
        return Box(left, max(left, right), middle if len(samples) > 1 else baseline, size, angle)

    def _size(self, index: int) -> tuple[float, int]:
        size = self.raw.FPDFText_GetFontSize(self.handle, index)
        if not self.raw.FPDFText_GetMatrix(self.handle, index, self.matrix):
            return size, 0
        m = self.matrix
        return size * math.hypot(m.c, m.d), round(math.degrees(math.atan2(m.b, m.a)) / 5) * 5

    def _origin(self, index: int, angle: int) -> tuple[float, float]:
        self.raw.FPDFText_GetCharOrigin(self.handle, index, self.x, self.y)
        return _turn(self.x.value, self.y.value, angle)

    def _right(self, index: int, angle: int) -> float:
        left, right, bottom, top = self.edges
        self.raw.FPDFText_GetCharBox(self.handle, index, left, right, bottom, top)
        corners = ((left.value, bottom.value), (right.value, top.value))
        return max(_turn(x, y, angle)[0] for x, y in corners)


def _turn(x: float, y: float, angle: int) -> tuple[float, float]:
    """Return coordinates along and across text that runs at `angle` degrees."""
    if not angle:
        return x, y
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return x * cos + y * sin, y * cos - x * sin
