"""Which text objects of a page show nothing: invisible, white, tiny, or in a layer that is off.

Looks at objects, not at characters, as a page has few of the former. The text layer of a scan is
invisible by intention and stays. When in doubt, text is visible. Callers hold the lock of `pdf.py`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from longsum.documents.lines import Bounds
from longsum.documents.marks import layers_of
from longsum.documents.matrix import Matrix
from longsum.documents.painted import Picture

INVISIBLE, WHITE, TINY = "invisible", "white on white", "tiny"
LAYER = "in a layer that is off"
"""Why text is not seen."""
MIN_POINTS = 1.0
"""Effective size below which type cannot be read, on a page of usual size."""
USUAL_PAGE = 600.0
"""Longest side, in points, from which on a page is of usual size."""
MIN_WHITE = 245
"""Smallest value of the three colours that cannot be told from white paper."""
MIN_ALPHA = 12
"""Smallest opacity, of 255, that can be seen."""
MIN_RUN = 4
"""Text objects without extent in a row from which on they are lost glyphs, not spaces."""
MAX_DEPTH = 12
"""Levels of forms within forms that are entered."""
MAX_OBJECTS = 200_000
"""Objects of a page that are looked at."""
MAX_PAINTED = 20_000
"""Strokes of a page above which it is not painted, as that takes seconds."""


class Hidden(NamedTuple):
    """A text object that shows nothing."""

    cause: str
    bounds: Bounds


class _Suspect(NamedTuple):
    """A text object that may show nothing."""

    object: Any
    bounds: Bounds
    cause: str


@dataclass
class Scan:
    """What a page is made of."""

    pictures: int = 0
    strokes: int = 0
    lost: set[int] = field(default_factory=set)
    """Addresses of text objects without extent, several in a row: their font is not there, and
    pdfium reports no characters for them. Or they are spaces."""
    hidden: dict[int, Hidden] = field(default_factory=dict)
    """What shows nothing, by the text object's address."""


def scan_page(page: Any, *, side: float = USUAL_PAGE, off: frozenset[str] = frozenset()) -> Scan:
    """Return what a page is made of, and which of its text shows nothing.

    Args:
        page: from pypdfium2.
        side: the longer side of the page, in points.
        off: names of layers that are off.
    """
    scanner = _Scanner(MIN_POINTS * min(1.0, side / USUAL_PAGE), off)
    scanner.enter(page, is_page=True)
    return scanner.result(Picture(page))


class _Scanner:
    """Walks through a page's objects, those in forms as well."""

    def __init__(self, min_points: float, off: frozenset[str]) -> None:
        import pypdfium2.raw as raw  # type: ignore[import-untyped]

        self.raw, self.min_points, self.off = raw, min_points, off
        self.scan = Scan()
        self.suspects: list[_Suspect] = []
        self.paths: list[tuple[Any, Matrix | None]] = []
        self.pictures: list[Bounds] = []
        self.letters: list[Bounds] | None = None
        self.count = 0
        self.run: list[int] = []
        self.box = [ctypes.c_float() for _ in range(4)]
        self.colour = [ctypes.c_uint() for _ in range(4)]
        self.size = ctypes.c_float()

    def enter(
        self, holder: Any, *, is_page: bool, at: Matrix | None = None, depth: int = 0,
        is_off: bool = False,
    ) -> None:  # fmt: skip
        """Look at the objects of a page or a form."""
        raw = self.raw
        if is_page:
            count, get = raw.FPDFPage_CountObjects(holder), raw.FPDFPage_GetObject
        else:
            count, get = raw.FPDFFormObj_CountObjects(holder), raw.FPDFFormObj_GetObject
        count = min(count, MAX_OBJECTS - self.count)
        self.count += max(0, count)
        kind_of, text, path = raw.FPDFPageObj_GetType, raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_PATH
        for index in range(count):
            each = get(holder, index)
            kind = kind_of(each)
            if kind == text:
                if self.off or is_off or not self._is_plain(each, at):
                    self._text(each, at, is_off)
            elif kind == path:
                self.scan.strokes += 1
                self.paths.append((each, at))
            elif kind == raw.FPDF_PAGEOBJ_FORM:
                if depth < MAX_DEPTH:
                    inner = self._matrix(each, at)
                    hides = is_off or bool(self.off and self._is_off(each))
                    self.enter(each, is_page=False, at=inner, depth=depth + 1, is_off=hides)
            else:
                self.scan.pictures += kind == raw.FPDF_PAGEOBJ_IMAGE
                self.pictures.append(self._bounds(each, at))

    def _is_plain(self, each: Any, at: Matrix | None) -> bool:
        """Return whether a text object is filled with a colour and large: nearly all are."""
        raw = self.raw
        left, bottom, right, top = self.box
        raw.FPDFPageObj_GetBounds(each, left, bottom, right, top)
        if at is not None or top.value - bottom.value < self.min_points:
            return False
        if raw.FPDFTextObj_GetTextRenderMode(each):
            return False
        red, green, blue, alpha = self.colour
        self.run.clear()
        return (
            raw.FPDFPageObj_GetFillColor(each, red, green, blue, alpha)
            and alpha.value >= MIN_ALPHA
            and (red.value < MIN_WHITE or green.value < MIN_WHITE or blue.value < MIN_WHITE)
        )

    def _text(self, each: Any, at: Matrix | None, is_off: bool) -> None:
        bounds = self._bounds(each, at)
        left, bottom, right, top = bounds
        if left == right and bottom == top:  # a space, or a lost glyph
            self.run.append(address_of(each))
            if len(self.run) >= MIN_RUN:
                self.scan.lost.update(self.run)
                self.run = self.run[-MIN_RUN + 1 :]
            return
        self.run.clear()
        if is_off or (self.off and self._is_off(each)):
            self.suspects.append(_Suspect(each, bounds, LAYER))
        elif top - bottom < self.min_points and self._points(each, at) < self.min_points:
            self.suspects.append(_Suspect(each, bounds, TINY))
        elif cause := self._paint(each):
            self.suspects.append(_Suspect(each, bounds, cause))

    def _paint(self, each: Any) -> str | None:
        """Return why a text object's paint may show nothing; None for one that shows."""
        mode = self.raw.FPDFTextObj_GetTextRenderMode(each)
        if mode == self.raw.FPDF_TEXTRENDERMODE_INVISIBLE:
            return INVISIBLE
        if mode == self.raw.FPDF_TEXTRENDERMODE_CLIP:  # a picture is painted through the letters
            return None
        paints = []
        if mode in (0, 2, 4, 6):
            paints.append(self.raw.FPDFPageObj_GetFillColor)
        if mode in (1, 2, 5, 6):
            paints.append(self.raw.FPDFPageObj_GetStrokeColor)
        causes = [self._colour_cause(paint, each) for paint in paints]
        return None if None in causes or not causes else causes[0]

    def _colour_cause(self, paint: Any, each: Any) -> str | None:
        red, green, blue, alpha = self.colour
        if not paint(each, red, green, blue, alpha):
            return None
        if alpha.value < MIN_ALPHA:
            return INVISIBLE
        least = min(red.value, green.value, blue.value)
        return WHITE if least >= MIN_WHITE else None

    def _points(self, each: Any, at: Matrix | None) -> float:
        """Return a text object's effective size in points."""
        if not self.raw.FPDFTextObj_GetFontSize(each, self.size):
            return self.min_points
        matrix = self._matrix(each, at)
        return abs(self.size.value) * max(
            abs(matrix.a), abs(matrix.b), abs(matrix.c), abs(matrix.d)
        )

    def _is_off(self, each: Any) -> bool:
        """Return whether an object is marked as part of a layer that is off."""
        return not self.off.isdisjoint(layers_of(each))

    def _bounds(self, each: Any, at: Matrix | None) -> Bounds:
        left, bottom, right, top = self.box
        if not self.raw.FPDFPageObj_GetBounds(each, left, bottom, right, top):
            return (0.0, 0.0, 0.0, 0.0)
        found = (left.value, bottom.value, right.value, top.value)
        return found if at is None else at.bounds(found)

    def _matrix(self, each: Any, at: Matrix | None) -> Matrix:
        found = self.raw.FS_MATRIX()
        if not self.raw.FPDFPageObj_GetMatrix(each, found):
            return at or Matrix(1, 0, 0, 1, 0, 0)
        inner = Matrix(found.a, found.b, found.c, found.d, found.e, found.f)
        return inner if at is None else inner.within(at)

    def result(self, picture: Picture) -> Scan:
        """Return what was found; call it once, after the page was entered."""
        can_paint = self.scan.strokes <= MAX_PAINTED
        for each, bounds, cause in self.suspects:
            if cause == WHITE:
                is_over = _is_over(bounds, self.pictures)
                if is_over or not can_paint or picture.shows(bounds):
                    continue
            elif cause == INVISIBLE and self._is_text_layer(bounds):
                continue
            self.scan.hidden[address_of(each)] = Hidden(cause, bounds)
        return self.scan

    def _is_text_layer(self, bounds: Bounds) -> bool:
        """Return whether invisible text belongs to letters in a picture, or drawn as outlines."""
        if _is_over(bounds, self.pictures):
            return True
        if self.letters is None:
            many = len(self.paths) > MAX_PAINTED
            self.letters = [] if many else [self._bounds(path, at) for path, at in self.paths]
        left, bottom, right, top = bounds
        height = top - bottom
        for x1, y1, x2, y2 in self.letters:
            if 0.3 * height < y2 - y1 < 2 * height and x2 - x1 < 3 * height:
                x, y = (x1 + x2) / 2, (y1 + y2) / 2
                if left <= x <= right and bottom <= y <= top:
                    return True
        return False


def _is_over(bounds: Bounds, others: list[Bounds]) -> bool:
    """Return whether the middle of some bounds is within others, give or take half its height."""
    left, bottom, right, top = bounds
    x, y, slack = (left + right) / 2, (bottom + top) / 2, (top - bottom) / 2
    return any(
        other[0] - slack <= x <= other[2] + slack and other[1] - slack <= y <= other[3] + slack
        for other in others
    )


def address_of(each: Any) -> int:
    """Return what identifies an object of pdfium; 0 for none."""
    return ctypes.cast(each, ctypes.c_void_p).value or 0


def object_addresses(handle: Any) -> Callable[[Iterable[int]], list[int]]:
    """Return what gives the addresses of the text objects of characters, 0 for none.

    pypdfium2's own binding makes a pointer of each, which takes several times as long.
    """
    import pypdfium2.raw as raw

    kind = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
    ask = kind(address_of(raw.FPDFText_GetTextObject))
    page = address_of(handle)
    return lambda indices: [ask(page, index) or 0 for index in indices]
