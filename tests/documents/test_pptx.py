from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import word
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from longsum.documents.document import Document, Span
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import read_document
from longsum.errors import (
    CorruptDocument,
    DocumentTooLong,
    EmptyDocument,
    ImageOnlyDocument,
    NoSuchPage,
)

TITLE, CONTENT, TITLE_ONLY, BLANK = 0, 1, 5, 6
"""Layouts of python-pptx's template."""
BOX = (Inches(1), Inches(1), Inches(3), Inches(1))


def saved(deck: Any) -> bytes:
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def read(deck: Any, **options: str | None) -> Document:
    data = deck if isinstance(deck, bytes) else saved(deck)
    return read_document("-", stdin=io.BytesIO(data), **options)


def reference(document: Document, words: str) -> str:
    at = document.text.index(words)
    return document.reference(Span(at, at + len(words)))


def add(deck: Any, layout: int, title: str = "", body: str = "") -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    if title:
        slide.shapes.title.text = title
    if body:
        slide.placeholders[1].text = body
    return slide


@pytest.fixture
def deck() -> Any:
    """Return a presentation of two slides, the second with notes."""
    found = Presentation()
    add(found, TITLE, "The new ferry", "Report to the board")
    fares = add(found, CONTENT, "Fares", "The fare is three crowns.\nPupils pay half.")
    fares.notes_slide.notes_text_frame.text = "The last rise was in 2019.\nPause here."
    return found


def test_slides_are_read_in_order_with_their_notes(deck: Any) -> None:
    document = read(deck)
    assert document.text == (
        "The new ferry\n\nReport to the board\n\nFares\n\n• The fare is three crowns.\n"
        "• Pupils pay half.\n\nNotes: The last rise was in 2019.\n\nPause here."
    )
    assert reference(document, "Report") == "slide 1"
    assert reference(document, "Pupils") == "slide 2"
    assert reference(document, "Pause") == "slide 2, notes"
    assert (document.total_pages, document.unit, document.warnings) == (2, "slide", ())


def test_presentation_is_known_by_its_bytes_not_its_name(deck: Any, tmp_path: Path) -> None:
    path = tmp_path / "deck.docx"
    path.write_bytes(saved(deck))
    assert read_isolated(path).text == read(deck).text


def test_order_is_that_of_the_presentation(deck: Any) -> None:
    slides = deck.slides._sldIdLst
    slides.append(slides[0])
    assert read(deck).text.startswith("Fares")


def test_slides_can_be_selected(deck: Any) -> None:
    document = read(deck, pages="1")
    assert document.text == "The new ferry\n\nReport to the board"
    with pytest.raises(NoSuchPage, match="asks for slide 3; the document has 2 slides"):
        read(deck, pages="3")


def test_hidden_slide_is_counted_and_read_only_if_selected(deck: Any) -> None:
    add(deck, CONTENT, "Secret", "Not shown.")._element.set("show", "0")
    add(deck, CONTENT, "Last", "Shown.")
    document = read(deck)
    assert "Not shown." not in document.text
    assert document.warnings == ("left out of stdin: 1 hidden slide",)
    assert reference(document, "Shown.") == "slide 4"
    assert read(deck, pages="3").text == "Secret\n\nNot shown."
    assert read(deck, pages="3").warnings == ()


def test_tables_groups_and_boxes_are_read(deck: Any) -> None:
    slide = add(deck, TITLE_ONLY, "Berths")
    table = slide.shapes.add_table(2, 3, *BOX).table
    for row, cells in enumerate([("Berth", "Fee", ""), ("A", "3 crowns", "net")]):
        for column, words in enumerate(cells):
            table.cell(row, column).text = words
    table.cell(0, 1).merge(table.cell(0, 2))
    box = slide.shapes.add_group_shape().shapes.add_textbox(*BOX)
    box.text_frame.text = "Fees are\vfrozen."
    assert read(deck, pages="3").text == (
        "Berths\n\nBerth | Fee\nA | 3 crowns | net\n\nFees are frozen."
    )


def test_numbers_and_bullets_are_as_the_slide_says(deck: Any) -> None:
    slide = add(deck, CONTENT, "Steps", "plain\nfirst\nsecond\ninner\nthird")
    paragraphs = slide.placeholders[1].text_frame.paragraphs
    marks = ["<a:buNone/>", *['<a:buAutoNum type="arabicPeriod" startAt="3"/>'] * 4]
    marks[3] = '<a:buAutoNum type="alphaLcParenBoth"/>'
    paragraphs[3].level = 1
    for paragraph, mark in zip(paragraphs, marks, strict=True):
        mark = mark.replace(
            "/>", ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"/>'
        )
        paragraph._p.get_or_add_pPr().append(word.xml(mark))
    assert read(deck, pages="3").text == (
        "Steps\n\nplain\n\n3. first\n4. second\n(a) inner\n5. third"
    )


def test_hidden_shape_is_left_out_and_counted(deck: Any) -> None:
    box = deck.slides[0].shapes.add_textbox(*BOX)
    box.text_frame.text = "Not for you."
    box._element.nvSpPr.cNvPr.set("hidden", "1")
    document = read(deck)
    assert "Not for you." not in document.text
    assert document.warnings == ("left out of stdin: 3 words of hidden text",)


def test_footer_is_read_once_and_slide_number_and_date_never(deck: Any) -> None:
    for slide in deck.slides:
        for kind, words in [("ftr", "Harbour board"), ("sldNum", "7"), ("dt", "1 May")]:
            box = slide.shapes.add_textbox(*BOX)
            box.text_frame.text = words
            box._element.nvSpPr.nvPr.append(
                word.xml(
                    f'<p:ph type="{kind}" xmlns:p="http://schemas.openxmlformats.org/'
                    'presentationml/2006/main"/>'
                )
            )
    document = read(deck)
    assert document.text.count("Harbour board") == 1
    assert reference(document, "Harbour board") == "slide 1, footer"
    assert "1 May" not in document.text
    assert "7" not in document.text


def test_chart_is_counted(deck: Any) -> None:
    data = CategoryChartData()
    data.categories = ["2024"]
    data.add_series("Passengers", (1,))
    deck.slides[0].shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data)
    assert read(deck).warnings == ("left out of stdin: 1 chart",)


def test_comments_are_read_as_what_they_are(deck: Any) -> None:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
    relation = f'<Relationship Id="c" Target="../comments/comment1.xml" Type="{kind}"/>'.encode()
    data = word.changed(
        saved(deck),
        {"ppt/comments/comment1.xml": b"<cmLst><cm><text>Too low.</text></cm></cmLst>"},
        lambda name, part: (
            part.replace(b"</Relationships>", relation + b"</Relationships>")
            if name == "ppt/slides/_rels/slide1.xml.rels"
            else part
        ),
    )
    document = read(data)
    assert "Comment: Too low." in document.text
    assert reference(document, "Too low.") == "slide 1, comment"


def test_slide_of_pictures_is_reported(deck: Any) -> None:
    add(deck, BLANK).shapes.add_picture(io.BytesIO(word.PICTURE), 0, 0)
    assert read(deck).warnings == ("slide 3 holds only pictures; it was not read",)
    add(deck, BLANK).shapes.add_picture(io.BytesIO(word.PICTURE), 0, 0)
    assert read(deck).warnings == ("slides 3-4 hold only pictures; they were not read",)


def test_presentation_without_text_is_empty_or_pictures() -> None:
    deck = Presentation()
    with pytest.raises(EmptyDocument, match="^stdin holds no text$"):
        read(deck)
    add(deck, BLANK)
    with pytest.raises(EmptyDocument, match="^stdin holds no text$"):
        read(deck)
    add(deck, BLANK).shapes.add_picture(io.BytesIO(word.PICTURE), 0, 0)
    with pytest.raises(ImageOnlyDocument, match="^stdin holds no text, only pictures"):
        read(deck)


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        (b"<w", CorruptDocument, "not well-formed XML"),
        (b'<!DOCTYPE w [<!ENTITY a "b">]><w/>', CorruptDocument, "it declares XML entities"),
        (b"<w>" + b" " * (1 << 25) + b"</w>", DocumentTooLong, "over 250 times its size"),
    ],
)
def test_hostile_or_damaged_slide_is_refused(
    deck: Any, part: bytes, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(word.changed(saved(deck), {"ppt/slides/slide2.xml": part}))
