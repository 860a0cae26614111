"""The pages of a PDF, one by one: from pdfium, or from the second reader where that finds more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from longsum.documents.annotations import Field, FormReader
from longsum.documents.field_lines import USUAL_SIZE, lines_of_field
from longsum.documents.formats import RawPage
from longsum.documents.glyphs import Glyphs, read_glyphs
from longsum.documents.lines import NOTE_MARK, Bounds, Box, Line
from longsum.documents.measure import extent_of, finite
from longsum.documents.order import main_angle, reading_order
from longsum.documents.overprint import drawn_once
from longsum.documents.readable import Found, better
from longsum.documents.second_reader import SecondReader, lines_of_page
from longsum.documents.visible import Scan, scan_page

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]

MIN_CHARACTERS = 200
"""A page with fewer is checked for images."""
MAX_STROKES = 100
"""A page without text that draws more paths holds letters as outlines, not just a border."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufefc]")
_LETTER = (0.0, 0.0, 612.0, 792.0)
"""What pdfium takes for the box of a page that has none, or a void one."""


class PageReader:
    """Reads the pages of an open file.

    Args:
        pdf: the file, open in pdfium.
        second: asked page by page, where pdfium finds too little.
        forms: reads values of form fields, and notes.
        off: names of layers that are off.
    """

    def __init__(
        self,
        pdf: pypdfium2.PdfDocument,
        second: SecondReader,
        forms: FormReader,
        off: frozenset[str] = frozenset(),
    ) -> None:
        self.pdf, self.second, self.forms, self.off = pdf, second, forms, off

    def read(self, number: int) -> RawPage | None:
        """Return a page with its lines in reading order, or None if pdfium cannot load it."""
        import pypdfium2

        try:
            page = self.pdf[number - 1]
        except pypdfium2.PdfiumError:
            return None
        try:
            box = visible_box(page)
            scan = scan_page(page, side=_side(box), off=self.off)
            said = self.forms.read(page)
            glyphs = read_glyphs(
                page, hidden=scan.hidden, lost=scan.lost, box=box, fields=said.fields
            )
        except pypdfium2.PdfiumError:
            return None
        finally:
            page.close()
        read = self._judged(number, scan, glyphs, said.fields)
        if box is not None:
            read.extent = extent_of(box, main_angle(read.lines))
        read.notes = note_lines(said.notes, read.lines)
        read.widgets = said.widgets
        return read

    def _judged(self, number: int, scan: Scan, glyphs: Glyphs, fields: Sequence[Field]) -> RawPage:
        """Return a page, from the second reader if that is better."""
        lines = drawn_once(glyphs.lines)
        size = sum(len(line.text) for line in lines)
        has_pictures = size < MIN_CHARACTERS and (
            scan.pictures > 0 or scan.strokes + scan.pictures > MAX_STROKES
        )
        page = RawPage(number, lines, has_pictures)
        page.left_out, page.outside = glyphs.left_out, glyphs.outside
        found = Found(glyphs.text, glyphs.missing, glyphs.guessed)
        is_empty = not size and not has_pictures and not page.left_out
        if not (is_empty or found.is_doubtful or is_right_to_left(lines)):
            page.lines = reading_order(lines)
            return page
        text = self.second.text(number)
        others = _without_unseen(lines_of_page(text), glyphs.unseen)
        if others:
            others += [line for field in fields for line in lines_of_field(field)]
        if not found.is_doubtful:
            page.lines = others or lines
            return page
        other = Found(text, guessed=1.0)  # in doubt: it has to look like a language
        takes_second = bool(others) and better(found, other)
        page.lines = others if takes_second else reading_order(lines)
        seen = replace(found, missing=0)
        if 0 < other.glyphs <= 1.1 * seen.glyphs:
            found = seen  # what seemed to be missing are spaces
        page.is_readable = (other if takes_second else found).is_readable
        return page


def visible_box(page: pypdfium2.PdfPage) -> Bounds | None:
    """Return what a page shows, in points: its crop box within its media box; None for no limit.

    pdfium puts inverted boxes right, and takes the media box where the crop box is void.
    """
    import pypdfium2

    try:
        box = _checked(page.get_bbox()) or _checked(page.get_mediabox())
        if box == _LETTER and not _checked(page.get_mediabox(fallback_ok=False) or _LETTER):
            return None
    except pypdfium2.PdfiumError:
        return None
    return box


def _checked(box: Bounds) -> Bounds | None:
    """Return a box's bounds, left below right and bottom below top; None if it is void."""
    xs, ys = sorted(map(finite, box[::2])), sorted(map(finite, box[1::2]))
    if xs[1] - xs[0] < 1 or ys[1] - ys[0] < 1:
        return None
    return xs[0], ys[0], xs[1], ys[1]


def _side(box: Bounds | None) -> float:
    """Return the longer side of a box in points."""
    left, bottom, right, top = box or _LETTER
    return max(right - left, top - bottom)


def is_right_to_left(lines: list[Line]) -> bool:
    """Return whether over a fifth of a page's characters are Hebrew or Arabic."""
    text = "".join(line.text for line in lines)
    return not text.isascii() and len(_RIGHT_TO_LEFT.findall(text)) > 0.2 * len(text)


def note_lines(notes: Sequence[str], lines: Sequence[Line]) -> list[Line]:
    """Return a page's notes as lines at its end, in small type like footnotes."""
    if not notes:
        return []
    size = 0.8 * median(line.box.size for line in lines) if lines else USUAL_SIZE
    left = min((line.box.left for line in lines), default=0.0)
    lowest = min((line.box.baseline for line in lines), default=0.0)
    return [
        Line(f"{NOTE_MARK} {note}", Box(left, left, lowest - 2 * size * number, size), is_note=True)
        for number, note in enumerate(notes, 1)
    ]


def _without_unseen(lines: list[Line], unseen: str) -> list[Line]:
    """Return the second reader's lines without those that the page does not show."""
    if not unseen:
        return lines
    both = f"{unseen}\n{unseen[::-1]}"
    return [line for line in lines if "".join(line.text.split()) not in both]
