from __future__ import annotations

import io

import pdf_faults as faults
import pdfs
import pytest

from longsum.documents.document import Document
from longsum.documents.read import read_document


def read(data: bytes) -> Document:
    return read_document("-", stdin=io.BytesIO(data))


def of_page(document: Document, number: int) -> str:
    page = document.pages[number - 1]
    return document.text[page.start : page.end]


def test_each_half_of_a_spread_has_its_own_text() -> None:
    """Both pages had the text of both: a sentence of page 2 was cited as page 1's."""
    document = read(faults.spread())
    assert [line.split()[0] for line in of_page(document, 1).split("\n") if line] == ["Left"]
    assert "Right row 3" in of_page(document, 2)
    assert "Left" not in of_page(document, 2)
    assert "Right" not in of_page(document, 1)
    assert document.warnings == ()


@pytest.mark.parametrize(
    ("box", "is_seen"),
    [
        (b"/MediaBox[0 0 612 792]/CropBox[0 500 612 792]", False),
        (b"/MediaBox[612 792 0 500]", False),
        (b"/MediaBox[0 0 612 792]/CropBox[0 0 0 0]", True),
        (b"/MediaBox[0 0 612 792]/CropBox[700 0 900 700]", True),
        (b"/MediaBox[0 0 612 792]/CropBox[-50 -50 900 900]", True),
        (b"/MediaBox[0 0 612 792]/Rotate 90", True),
        (b"/MediaBox[0 0 0 0]", True),
        (b"/MediaBox[nan 0 612 1e99]", True),
        (b"", True),
    ],
)
def test_only_what_the_visible_box_holds_is_read(box: bytes, is_seen: bool) -> None:
    content = faults.text_at(faults.SEEN, 72, 700) + faults.text_at(faults.UNSEEN, 72, 400)
    text = read(faults.pages(content, boxes=(box,))).text
    assert faults.SEEN in text
    assert (faults.UNSEEN in text) == is_seen


def test_glyph_across_the_edge_belongs_where_its_middle_is() -> None:
    line = faults.text_at("WWWW", 72, 400, 20) + faults.text_at(faults.SEEN, 72, 700)
    width = 0.944 * 20  # of W in Helvetica
    for cut, seen in ((2.4, "WW"), (2.6, "WWW")):
        box = b"/MediaBox[0 0 612 792]/CropBox[0 0 %g 792]" % (72 + cut * width)
        assert f"\n{seen}" in f"\n{read(faults.pages(line, boxes=(box,))).text}".replace(" ", "\n")


def test_line_across_the_lower_edge_is_not_cut_into_letters() -> None:
    line = faults.text_at("Sphinx of quartz, judge my vow.", 72, -2)
    text = read(faults.pages(line + faults.text_at(faults.SEEN, 72, 700))).text
    assert "Sphinx of quartz, judge my vow." in text


def test_page_whose_glyphs_are_lost_is_read_by_the_second_reader() -> None:
    """pdfium returns none of these glyphs; the other line hid that, and one of four was read."""
    document = read(faults.lost_glyphs())
    assert "决定是否购买新渡轮" in document.text.replace(" ", "")
    assert document.warnings == ()


def test_empty_password_opens_without_asking() -> None:
    assert read(pdfs.encrypted(user="")).text == pdfs.WORDS
