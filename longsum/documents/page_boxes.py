"""Where the characters of an open page are on what the page shows, asked of pdfium.

The visible box and the page's rotation are taken into account: everything that leaves this module
is in fractions of the picture of the page. Runs in the process that draws pages.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from longsum.documents.clean import BROKEN
from longsum.documents.fold import folded
from longsum.documents.glyphs import read_glyphs
from longsum.documents.lines import Bounds, Line
from longsum.documents.measure import finite
from longsum.documents.order import reading_order
from longsum.documents.overprint import drawn_once
from longsum.documents.page_text import MAX_PAGE_CHARACTERS, page_text
from longsum.documents.pdf_pages import visible_box
from longsum.documents.places import MIN_SIDE, Rect, rows_of
from longsum.documents.visible import Hidden
from longsum.errors import UsageError

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]

DIGITS = 5
"""Of a fraction: a hundredth of a point on any page of a usual size."""
MAX_TILT = 20
"""Degrees from which a line is not laid out as text over the picture."""

_BREAKS = frozenset((0x02, 0xAD, 0xFFFE))
"""Hyphens that break a word, the first and last as pdfium marks them."""
_HYPHENS = dict.fromkeys(_BREAKS, "-")
_SPACES = frozenset((0xA0, 0x3000))


class PageBoxes:
    """The characters of an open page.

    Args:
        page: from pypdfium2; closed with this.
        number: its number, for messages.
    """

    def __init__(self, page: pypdfium2.PdfPage, number: int) -> None:
        import pypdfium2.raw as raw  # type: ignore[import-untyped]

        self.raw, self.page, self.number = raw, page, number
        self.textpage = page.get_textpage()
        self.handle: Any = self.textpage.raw
        self.count = min(max(0, self.textpage.count_chars()), MAX_PAGE_CHARACTERS)
        box = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(page, box)
        self.left, self.bottom = finite(box.left), finite(box.bottom)
        self.width = max(0.0, finite(box.right) - self.left)
        self.height = max(0.0, finite(box.top) - self.bottom)
        self.quarters = raw.FPDFPage_GetRotation(page) % 4
        self._folded: tuple[str, Sequence[int], Sequence[int]] | None = None

    def close(self) -> None:
        """Close the page."""
        self.textpage.close()
        self.page.close()

    def rectangles(self, pieces: Sequence[tuple[int, int]]) -> list[Rect]:
        """Return rectangles around some characters, one for each row.

        Args:
            pieces: (first, count) of the characters, as pdfium counts.

        Raises:
            UsageError: the page does not have them.
        """
        found: list[Rect] = []
        boxes: list[Bounds] = []
        was_upright = False
        for first, count in pieces:
            if not (first >= 0 and count > 0 and first + count <= self.count):
                raise UsageError(
                    f"page {self.number} does not have the characters that were asked for",
                    hint="read the document again",
                )
            is_upright = self._is_upright(first)
            if is_upright != was_upright:
                found += self._fractions(boxes, was_upright)
                boxes, was_upright = [], is_upright
            after = first + count + self._is_hyphen(first + count)
            boxes += self._boxes(range(first, after))
        return found + self._fractions(boxes, was_upright)

    def search(self, text: str) -> list[Rect]:
        """Return rectangles around a text that is on the page exactly once; else none.

        White space, hyphens, ligatures and the shape of quotation marks do not matter.
        """
        wanted = folded(text)[0].strip()
        if self._folded is None:
            text = page_text(self.handle, self.count)
            self._folded = folded(text.translate(_HYPHENS))
        whole, starts, ends = self._folded
        at = whole.find(wanted) if wanted else -1
        if at < 0 or whole.find(wanted, at + 1) >= 0:
            return []
        end = at + len(wanted)
        if any(whole[i - 1 : i].isalnum() and whole[i : i + 1].isalnum() for i in (at, end) if i):
            return []  # a part of a word
        return self.rectangles([(starts[at], ends[end - 1] - starts[at])])

    def lines(self, hidden: dict[int, Hidden]) -> list[tuple[Rect, str]]:
        """Return the page's lines that run from left to right, with their places.

        Args:
            hidden: text objects that show nothing, by address.
        """
        glyphs = read_glyphs(self.page, hidden=hidden, box=visible_box(self.page))
        found = []
        for line in reading_order(drawn_once(glyphs.lines)):
            tilt = (line.box.angle - 90 * self.quarters + 180) % 360 - 180
            if abs(tilt) <= MAX_TILT and (rect := self._place(line)) is not None:
                found.append((rect, line.text.replace(BROKEN, "-")))
        return found

    def _place(self, line: Line) -> Rect | None:
        """Return the rectangle around a whole line."""
        boxes = list(self._boxes(number for number in line.glyphs if number >= 0))
        boxes = [box for box in boxes if box[2] > box[0] and box[3] > box[1]]
        if not boxes:
            return None
        left, top, right, bottom = zip(*boxes, strict=True)
        return self._fraction((min(left), min(top), max(right), max(bottom)))

    def _boxes(self, numbers: Sequence[int] | Iterator[int]) -> Iterator[Bounds]:
        """Yield the boxes of characters that are not spaces, as high as their font."""
        box, code_of = self.raw.FS_RECTF(), self.raw.FPDFText_GetUnicode
        ask = self.raw.FPDFText_GetLooseCharBox
        for number in numbers:
            code = code_of(self.handle, number)
            is_drawn = code in _BREAKS or (code > 32 and code not in _SPACES)
            if is_drawn and ask(self.handle, number, box):
                yield self._shown(box.left, box.bottom, box.right, box.top)

    def _shown(self, left: float, bottom: float, right: float, top: float) -> Bounds:
        """Return a box of the page's coordinates in points from the picture's top left corner."""
        (x, y), (u, v) = self._point(left, bottom), self._point(right, top)
        return min(x, u), min(y, v), max(x, u), max(y, v)

    def _point(self, x: float, y: float) -> tuple[float, float]:
        x, y = finite(x) - self.left, finite(y) - self.bottom
        if self.quarters == 0:
            return x, self.height - y
        if self.quarters == 1:
            return y, x
        if self.quarters == 2:
            return self.width - x, y
        return self.height - y, self.width - x

    def _is_hyphen(self, number: int) -> bool:
        """Return whether a character is a hyphen that breaks a word, which the text leaves out."""
        return number < self.count and self.raw.FPDFText_GetUnicode(self.handle, number) in _BREAKS

    def _is_upright(self, number: int) -> bool:
        """Return whether a character's line runs up or down the picture."""
        angle = self.raw.FPDFText_GetCharAngle(self.handle, number)
        quarters = round(angle / (math.pi / 2)) if math.isfinite(angle) and angle >= 0 else 0
        return bool((quarters + self.quarters) % 2)

    def _fractions(self, boxes: Sequence[Bounds], is_upright: bool) -> list[Rect]:
        rows = rows_of(boxes, is_upright=is_upright)
        return [rect for row in rows if (rect := self._fraction(row)) is not None]

    def _fraction(self, box: Bounds) -> Rect | None:
        """Return what of a box is on the picture; None if nothing is."""
        width, height = self.width, self.height
        if self.quarters % 2:
            width, height = height, width
        left, top = max(0.0, box[0]), max(0.0, box[1])
        wide, high = min(width, box[2]) - left, min(height, box[3]) - top
        if wide < MIN_SIDE or high < MIN_SIDE:
            return None
        return (
            round(left / width, DIGITS),
            round(top / height, DIGITS),
            round(wide / width, DIGITS),
            round(high / height, DIGITS),
        )
