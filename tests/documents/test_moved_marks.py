"""A raised note mark that is drawn after its line is not part of the line's last sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from longsum.documents.read import read_document

FIRST = "The bill adds a new section to the Ferry Act to create"
SECOND = "four new limits on what a passenger may carry on board."


def text_of(path: Path, draw: Callable[[Canvas], None]) -> str:
    canvas = Canvas(str(path), pagesize=(612, 792))
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 700, FIRST)
    draw(canvas)
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 686, SECOND)
    canvas.save()
    return read_document(str(path)).text


def mark(size: float, x: float, rise: float) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, 700 + rise, "3")

    return draw


@pytest.mark.parametrize("x", [150, 250, 315])
def test_mark_from_within_the_line_is_left_out(tmp_path: Path, x: float) -> None:
    assert text_of(tmp_path / "a.pdf", mark(7, x, 4.5)) == f"{FIRST} {SECOND}"


def test_number_at_the_end_of_a_line_stays(tmp_path: Path) -> None:
    at_end = mark(12, 380, 0)
    assert text_of(tmp_path / "a.pdf", at_end) == f"{FIRST} 3 {SECOND}"


def test_mark_at_the_end_stays(tmp_path: Path) -> None:
    assert "create3" in text_of(tmp_path / "a.pdf", mark(7, 372, 4.5)).replace(" 3", "3")
