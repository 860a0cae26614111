"""Where the characters of a page are: their places, sizes and directions, asked of pdfium.

Callers hold the lock of `pdf.py`.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

from longsum.documents.edges import VisibleExtent
from longsum.documents.letters import Glyph
from longsum.documents.lines import Bounds, Box, Line
from longsum.documents.runs import INSERTED

MAX_POINTS = 1e6
"""No page is so large; what a damaged file claims beyond it is not used to calculate."""
BREAKS = frozenset("\x02\ufffe")
"""Characters that pdfium writes where a hyphen breaks a word."""


class Measure:
    """Asks pdfium where the characters of one page are."""

    def __init__(self, handle: Any, box: Bounds | None) -> None:
        import pypdfium2.raw as raw  # type: ignore[import-untyped]

        self.raw, self.handle = raw, handle
        edge = MAX_POINTS, MAX_POINTS
        self.box = box or (-MAX_POINTS, -MAX_POINTS, *edge)
        self.matrix = raw.FS_MATRIX()
        self.x, self.y = ctypes.c_double(), ctypes.c_double()
        self.edges = [ctypes.c_double() for _ in range(4)]
        self.rectangle = raw.FS_RECTF()

    def line(
        self, page: str, start: int, end: int, text: str, glyphs: Sequence[int] = ()
    ) -> tuple[Line, Bounds]:
        """Return a line, and a rectangle around its beginning, middle and end.

        Args:
            page: all characters of the page.
            start: index of the line's first.
            end: index after its last.
            text: the line, clean.
            glyphs: as `Line.glyphs`.
        """
        mark = self._note_mark(page, start, end)
        if mark:
            rest = text[mark:].lstrip()
            glyphs = glyphs and (*glyphs[:mark], INSERTED, *glyphs[len(text) - len(rest) :])
            text = f"{text[:mark]} {rest}"
        last = end - 2 if page[end - 1] in BREAKS and end - 2 > start else end - 1
        box, place = self._box(start, last)
        return Line(text, box, is_note=mark > 0, glyphs=glyphs), place

    def glyphs(self, page: str, start: int, end: int) -> list[Glyph]:
        """Return the characters of a range with their edges along the line."""
        angle = self._size(start)[1] if start < end else 0
        found = []
        for index in range(start, end):
            (left, bottom), (right, top) = self._corners(index)
            along = [_turn(x, y, angle)[0] for x in (left, right) for y in (bottom, top)]
            drawn = self.raw.FPDFText_IsGenerated(self.handle, index) != 1
            found.append(Glyph(page[index], min(along), max(along), drawn, index))
        return found

    def size(self, index: int) -> float:
        """Return a character's size in points."""
        return self._size(index)[0]

    def moved_mark(self, page: str, start: int, end: int) -> int:
        """Return how many digits end a line that are a note's mark from further left.

        pdfium puts a raised mark that is drawn after its line at the line's end, into another
        sentence: `to create 3` where the page shows `the Act³ to create`.
        """
        at = end
        while at > max(start, end - 3) and "0" <= page[at - 1] <= "9":
            at -= 1
        before = at - 1
        while before > start and page[before] <= " ":
            before -= 1
        if at == end or before <= start:
            return 0
        (size, angle), (usual, _) = self._size(at), self._size(before)
        if angle or size > 0.85 * usual:
            return 0
        (x, y), (last_x, last_y) = self._origin(at), self._origin(before)
        return end - at if x < last_x and y > last_y else 0

    def is_inside(self, index: int) -> bool:
        """Return whether a character's middle is on the page.

        Its height is that of the font, so that an edge does not cut the letters out of a line.
        """
        box = self.rectangle
        self.raw.FPDFText_GetLooseCharBox(self.handle, index, box)
        return self._shows((box.left + box.right) / 2, (box.bottom + box.top) / 2)

    def left(self, index: int) -> float:
        """Return a character's left edge in points."""
        self.raw.FPDFText_GetCharBox(self.handle, index, *self.edges)
        return finite(self.edges[0].value)

    def shows_all(self, place: Bounds) -> bool:
        """Return whether a rectangle is on the page."""
        return self._shows(*place[:2]) and self._shows(*place[2:])

    def _shows(self, x: float, y: float) -> bool:
        left, bottom, right, top = self.box
        return left <= x <= right and bottom <= y <= top

    def _note_mark(self, page: str, start: int, end: int) -> int:
        """Return how many digits in smaller type begin a line; 0 if the rest is as small."""
        at = start
        while at < min(end, start + 4) and "0" <= page[at] <= "9":
            at += 1
        if not start < at < end - 1:
            return 0
        while at > start and self._size(at - 1)[0] > 0.85 * self._size(end - 2)[0]:
            at -= 1  # `146` raised before `7/15/17` in full size
        return at - start

    def _box(self, first: int, last: int) -> tuple[Box, Bounds]:
        samples = sorted(self._size(index) for index in {first, (first + last) // 2, last})
        size = samples[-1][0]
        angle = samples[-1][1]
        start, end = self._origin(first), self._corners(last)
        middle = self._origin((first + last) // 2)
        left, baseline = _turn(*start, angle)
        right = max(_turn(*corner, angle)[0] for corner in end)
        if len(samples) > 1:
            baseline = _turn(*middle, angle)[1]
        xs, ys = zip(start, middle, *end, strict=True)
        place = min(xs), min(ys), max(xs), max(ys)
        return Box(left, max(left, right), baseline, size, angle), place

    def _size(self, index: int) -> tuple[float, int]:
        size = self.raw.FPDFText_GetFontSize(self.handle, index)
        if not self.raw.FPDFText_GetMatrix(self.handle, index, self.matrix):
            return finite(size), 0
        m = self.matrix
        turned = math.atan2(m.b, m.a)
        angle = round(math.degrees(turned) / 5) * 5 if math.isfinite(turned) else 0
        return finite(size * math.hypot(m.c, m.d)), angle

    def _origin(self, index: int) -> tuple[float, float]:
        self.raw.FPDFText_GetCharOrigin(self.handle, index, self.x, self.y)
        return finite(self.x.value), finite(self.y.value)

    def _corners(self, index: int) -> tuple[tuple[float, float], tuple[float, float]]:
        left, right, bottom, top = self.edges
        self.raw.FPDFText_GetCharBox(self.handle, index, left, right, bottom, top)
        low, high = (left.value, bottom.value), (right.value, top.value)
        return (finite(low[0]), finite(low[1])), (finite(high[0]), finite(high[1]))


def extent_of(box: Bounds, angle: int) -> VisibleExtent:
    """Return the bottom and top of what a page shows.

    Args:
        box: the visible box, in points.
        angle: direction of the text in degrees; the extent is measured across it.
    """
    left, bottom, right, top = box
    across = [_turn(x, y, angle)[1] for x in (left, right) for y in (bottom, top)]
    return VisibleExtent(min(across), max(across))


def finite(value: float) -> float:
    """Return a measure in points within what a page can have; 0 for one that is not a number."""
    return max(-MAX_POINTS, min(MAX_POINTS, value)) if value == value else 0.0


def _turn(x: float, y: float, angle: int) -> tuple[float, float]:
    """Return coordinates along and across text that runs at `angle` degrees."""
    if not angle:
        return x, y
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return x * cos + y * sin, y * cos - x * sin
