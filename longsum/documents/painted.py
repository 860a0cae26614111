"""A small picture of a page, to see whether text of the paper's colour stands out from its ground.

Only pdfium's own painting knows patterns, shadings, masks and clips; its objects do not say what
they look like. Painted only where needed. Callers hold the lock of `pdf.py`.
"""

from __future__ import annotations

import ctypes
import math
from typing import Any

from longsum.documents.lines import Bounds

MAX_PIXELS = 1600
"""Longest side of the picture."""
PIXELS_PER_POINT = 1.0
MIN_CONTRAST = 8
"""Difference of the lightest and the darkest pixel, of 255, that can be seen."""


class Picture:
    """The picture of one page, painted when first asked for.

    Args:
        page: from pypdfium2.
    """

    def __init__(self, page: Any) -> None:
        import pypdfium2.raw as raw  # type: ignore[import-untyped]

        self.raw, self.page = raw, page
        self.width = self.height = 0
        self._rows: memoryview | None = None
        self._stride = 0
        self._failed = False

    def shows(self, bounds: Bounds) -> bool:
        """Return whether anything stands out within some bounds.

        True as well where that cannot be found out: beyond the page, or if painting fails.
        """
        rows = self._rows or self._painted()
        if rows is None:
            return True
        left, bottom, right, top = bounds
        (x1, y1), (x2, y2) = self._pixel(left, bottom), self._pixel(right, top)
        xs, ys = sorted((x1, x2)), sorted((y1, y2))
        first, last = max(0, xs[0]), min(self.width, xs[1] + 1)
        lines = range(max(0, ys[0]), min(self.height, ys[1] + 1))
        if first >= last or not lines:  # outside the page, which is another matter
            return True
        pixels = b"".join(
            bytes(rows[y * self._stride + first : y * self._stride + last]) for y in lines
        )
        return max(pixels) - min(pixels) >= MIN_CONTRAST

    def _pixel(self, x: float, y: float) -> tuple[int, int]:
        across, down = ctypes.c_int(), ctypes.c_int()
        self.raw.FPDF_PageToDevice(self.page, 0, 0, self.width, self.height, 0, x, y, across, down)
        return across.value, down.value

    def _painted(self) -> memoryview | None:
        """Paint the page in greys; None if that fails."""
        raw = self.raw
        wide, high = raw.FPDF_GetPageWidthF(self.page), raw.FPDF_GetPageHeightF(self.page)
        if self._failed or not (math.isfinite(wide) and math.isfinite(high) and wide * high > 0):
            return None
        scale = min(PIXELS_PER_POINT, MAX_PIXELS / max(wide, high))
        self.width, self.height = max(1, int(wide * scale)), max(1, int(high * scale))
        bitmap = raw.FPDFBitmap_CreateEx(self.width, self.height, raw.FPDFBitmap_Gray, None, 0)
        if not bitmap:
            self._failed = True
            return None
        try:
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, self.width, self.height, 0xFFFFFFFF)
            size = (0, 0, self.width, self.height)
            raw.FPDF_RenderPageBitmap(bitmap, self.page, *size, 0, raw.FPDF_ANNOT)
            self._stride = raw.FPDFBitmap_GetStride(bitmap)
            start = raw.FPDFBitmap_GetBuffer(bitmap)
            self._rows = memoryview(ctypes.string_at(start, self._stride * self.height))
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
        return self._rows
