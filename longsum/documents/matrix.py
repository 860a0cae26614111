"""Transformations of a page's coordinates (PDF 32000, 8.3.3). Pure."""

from __future__ import annotations

from typing import NamedTuple

from longsum.documents.lines import Bounds


class Matrix(NamedTuple):
    """A transformation."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def within(self, outer: Matrix) -> Matrix:
        """Return the transformation that applies this one, then the outer one."""
        return Matrix(
            self.a * outer.a + self.b * outer.c,
            self.a * outer.b + self.b * outer.d,
            self.c * outer.a + self.d * outer.c,
            self.c * outer.b + self.d * outer.d,
            self.e * outer.a + self.f * outer.c + outer.e,
            self.e * outer.b + self.f * outer.d + outer.f,
        )

    def bounds(self, box: Bounds) -> Bounds:
        """Return the bounds of a transformed rectangle."""
        left, bottom, right, top = box
        corners = [(x, y) for x in (left, right) for y in (bottom, top)]
        xs = [self.a * x + self.c * y + self.e for x, y in corners]
        ys = [self.b * x + self.d * y + self.f for x, y in corners]
        return min(xs), min(ys), max(xs), max(ys)
