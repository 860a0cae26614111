"""Spans of a document's text, and the rectangles around them on the pages."""

from __future__ import annotations

import io
from itertools import pairwise

import pdfs
import pypdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked import words_in

from longsum.documents.document import Document, Page, Span
from longsum.documents.lines import Bounds
from longsum.documents.page_boxes import PageBoxes
from longsum.documents.places import (
    PageMarks,
    Part,
    Places,
    Rect,
    parts_of,
    places_from,
    rows_of,
)
from longsum.documents.read import parse_document
from longsum.documents.runs import Run
from longsum.documents.sentences import split_sentences
from longsum.errors import UsageError

CROP = (60.0, 600.0, 330.0, 720.0)


def turned(data: bytes, angle: int, crop: Bounds | None = None) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    for page in writer.pages:
        page.rotate(angle)
        if crop:
            page.cropbox = pypdf.generic.RectangleObject(crop)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def rectangles(data: bytes, parts: list[Part]) -> list[list[Rect]]:
    """Return the rectangles of parts, asked of pdfium in this process."""
    pdf = pypdfium2.PdfDocument(data)
    found = []
    for number, pieces, text in parts:
        boxes = PageBoxes(pdf[number - 1], number)
        found.append(boxes.rectangles(pieces) if pieces else boxes.search(text))
        boxes.close()
    pdf.close()
    return found


def test_rectangles_hold_exactly_a_sentence_s_words() -> None:
    data = pdfs.text_pages(pdfs.wrapped(pdfs.WORDS))
    document = parse_document(data, "a.pdf")
    sentences = split_sentences(document.text)
    assert len(sentences) == 4
    for span in sentences:
        (rects,) = rectangles(data, parts_of(document, span))
        assert words_in(data, 1, rects) == document.text[span.start : span.end]


def test_a_part_of_a_word_is_marked_alone() -> None:
    data = pdfs.text_pages(pdfs.wrapped(pdfs.WORDS))
    document = parse_document(data, "a.pdf")
    start = document.text.index("bridge")
    ((rect,),) = rectangles(data, parts_of(document, Span(start, start + 6)))
    assert words_in(data, 1, [rect]) == "bridge"
    ((half,),) = rectangles(data, parts_of(document, Span(start, start + 3)))
    assert half[0] == rect[0]
    assert half[2] < 0.7 * rect[2]


def test_rows_of_a_paragraph_have_even_edges_and_do_not_cover_one_another() -> None:
    data = pdfs.text_pages(pdfs.wrapped(pdfs.WORDS))
    document = parse_document(data, "a.pdf")
    (rects,) = rectangles(data, parts_of(document, Span(0, len(document.text))))
    assert len(rects) == len(pdfs.wrapped(pdfs.WORDS))
    assert len({rect[0] for rect in rects}) == 1
    for (_, y, _, h), (_, below, _, _) in pairwise(rects):
        assert y + h <= below + 2e-5


def test_a_sentence_over_two_pages_is_marked_on_both() -> None:
    data = pdfs.with_footnote()
    document = parse_document(data, "a.pdf")
    span = next(s for s in split_sentences(document.text) if len(document.pages_of(s)) == 2)
    parts = parts_of(document, span)
    places = places_from(parts, rectangles(data, parts))
    assert [mark.page for mark in places.marks] == [1, 2]
    assert places.exact
    said = [words_in(data, mark.page, list(mark.rects)) for mark in places.marks]
    assert " ".join(said) == document.text[span.start : span.end]


def test_hyphens_at_line_ends_belong_to_their_words() -> None:
    lines = ["The committee heard the infor-", "mation on the river and on the bridge."]
    data = pdfs.text_pages(lines)
    document = parse_document(data, "a.pdf")
    start = document.text.index("information")
    (rects,) = rectangles(data, parts_of(document, Span(start, start + len("information"))))
    assert words_in(data, 1, rects) == "infor- mation"


def picture_box(rect: Rect, page: pypdfium2.PdfPage) -> Bounds:
    """Return a rectangle of a page's picture in the page's own coordinates, by pdfium's matrix."""
    import ctypes

    import pypdfium2.raw as raw

    scale = 100_000
    corners = []
    for x, y in ((rect[0], rect[1]), (rect[0] + rect[2], rect[1] + rect[3])):
        found_x, found_y = ctypes.c_double(), ctypes.c_double()
        raw.FPDF_DeviceToPage(
            page, 0, 0, scale, scale, 0, round(x * scale), round(y * scale), found_x, found_y
        )
        corners.append((found_x.value, found_y.value))
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize("crop", [None, CROP], ids=["whole", "cropped"])
@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_turned_and_cropped_pages_are_marked_where_they_show_it(
    angle: int, crop: Bounds | None
) -> None:
    data = turned(pdfs.text_pages(pdfs.wrapped(pdfs.WORDS)), angle, crop)
    document = parse_document(data, "a.pdf")
    start = document.text.index("heard the report")
    ((rect,),) = rectangles(data, parts_of(document, Span(start, start + 16)))
    page = pypdfium2.PdfDocument(data)[0]
    box = picture_box(rect, page)
    textpage = page.get_textpage()
    assert textpage.get_text_bounded(*box).strip() == "heard the report"
    wide, high = page.get_size()
    x, y, w, h = rect
    is_flat = w * wide > h * high
    assert is_flat == (angle % 180 == 0)
    assert min(x, y) >= 0
    assert max(x + w, y + h) <= 1


def test_what_is_beyond_the_edge_is_not_marked() -> None:
    data = turned(pdfs.text_pages(pdfs.wrapped(pdfs.WORDS)), 0, CROP)
    whole = parse_document(pdfs.text_pages(pdfs.wrapped(pdfs.WORDS)), "a.pdf")
    (rects,) = rectangles(data, parts_of(whole, Span(0, len(whole.text))))
    assert rects
    for x, y, w, h in rects:
        assert 0 <= x < x + w <= 1
        assert 0 <= y < y + h <= 1


def test_text_that_runs_up_the_page_has_one_rectangle_a_line() -> None:
    paper, out = pdfs.canvas()
    paper.rotate(90)
    pdfs.draw(paper, pdfs.wrapped(pdfs.WORDS), x=72, y=-72)
    paper.save()
    document = parse_document(out.getvalue(), "a.pdf")
    (rects,) = rectangles(out.getvalue(), parts_of(document, Span(0, len(document.text))))
    assert len(rects) == len(pdfs.wrapped(pdfs.WORDS))
    assert all(w * pdfs.WIDTH < h * pdfs.HEIGHT for _, _, w, h in rects)


# --- pages without runs ---------------------------------------------------------------------------


def without_runs(data: bytes, text: str) -> Document:
    """Return a document of one page whose text came from elsewhere."""
    return Document(text, (Page(1, 0, len(text)),), "", "a.pdf", 1)


def test_a_part_that_is_there_once_is_found() -> None:
    data = pdfs.text_pages(["The clerk met the infor-", "mation office; the clerk left."])
    text = "the information office"
    parts = parts_of(without_runs(data, text), Span(0, len(text)))
    (rects,) = rectangles(data, parts)
    assert words_in(data, 1, rects) == "the infor- mation office"


@pytest.mark.parametrize(
    "text",
    ["the clerk", "clerks", "mat", "the clerk sang", " ", "-", "lerk left."],
    ids=["twice", "never", "within a word", "half of it", "a space", "a dash", "cut word"],
)
def test_nothing_is_guessed(text: str) -> None:
    data = pdfs.text_pages(["I saw the clerk with the infor-", "mation; the clerk left."])
    document = without_runs(data, text)
    parts = parts_of(document, Span(0, len(text)))
    assert rectangles(data, parts) in ([], [[]])
    assert not places_from(parts, rectangles(data, parts)).exact


def test_a_value_on_a_page_with_runs_is_not_searched() -> None:
    document = Document("Name: Ada", (Page(1, 0, 9),), "", "a.pdf", 1, runs=(Run(0, 5, 1, 0),))
    assert parts_of(document, Span(6, 9)) == [Part(1, ())]
    assert places_from([Part(1, ())], [[]]) == Places((PageMarks(1, ()),), exact=False)


# --- pure -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [(-1, 3), (0, 100), (5, 4), (10**9, 10**9 + 1)])
def test_spans_beyond_the_text_are_refused(span: tuple[int, int]) -> None:
    document = Document("Some words.", (Page(1, 0, 11),), "", "a.pdf", 1)
    with pytest.raises(UsageError, match=r"no characters .* in a\.pdf"):
        parts_of(document, Span(*span))


def test_a_text_without_pages_has_no_places() -> None:
    document = Document("Some words.", (), "", "a.txt")
    assert parts_of(document, Span(0, 4)) == []
    assert places_from([], []).as_dict() == {"marks": [], "exact": False}


def test_places_are_json() -> None:
    places = Places((PageMarks(2, ((0.1, 0.2, 0.3, 0.4),)),), exact=True)
    assert places.as_dict() == {
        "marks": [{"page": 2, "rects": [[0.1, 0.2, 0.3, 0.4]]}],
        "exact": True,
    }


RUNS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 6), st.integers(0, 50)), max_size=8
).map(
    lambda each: [
        Run(start, start + size, 1, first)
        for (gap, size, first), start in zip(
            each,
            [sum(g + s for g, s, _ in each[:n]) + each[n][0] for n in range(len(each))],
            strict=True,
        )
    ]
)


@given(RUNS, st.integers(0, 80), st.integers(0, 80))
def test_a_span_covers_the_characters_of_its_runs(runs: list[Run], one: int, two: int) -> None:
    size = max([80, *(run.end for run in runs)])
    document = Document("x" * size, (Page(1, 0, size),), "", "a.pdf", 1, runs=tuple(runs))
    span = Span(min(one, two), max(one, two))
    found = [
        first + at
        for part in parts_of(document, span)
        for first, count in part.pieces
        for at in range(count)
    ]
    assert found == [
        run.first + at - run.start
        for run in runs
        for at in range(run.start, run.end)
        if span.start <= at < span.end
    ]


def test_words_far_apart_and_columns_are_rows_of_their_own() -> None:
    near = [(0.0, 0.0, 5.0, 10.0), (12.0, 0.0, 20.0, 10.0)]
    assert rows_of(near) == [(0.0, 0.0, 20.0, 10.0)]
    far = [(0.0, 0.0, 5.0, 10.0), (212.0, 0.0, 220.0, 10.0)]
    assert rows_of(far) == far
    column = [(0.0, 700.0, 50.0, 710.0), (60.0, 0.0, 90.0, 10.0)]
    assert rows_of(column) == column


def test_raised_marks_belong_to_their_row() -> None:
    boxes = [(0.0, 10.0, 5.0, 20.0), (5.0, 9.0, 7.0, 15.0), (8.0, 10.0, 12.0, 20.0)]
    assert rows_of(boxes) == [(0.0, 9.0, 12.0, 20.0)]


def test_boxes_without_area_are_left_out() -> None:
    assert rows_of([(1.0, 1.0, 1.0, 9.0), (3.0, 2.0, 9.0, 2.0)]) == []


@pytest.mark.parametrize("is_upside_down", [False, True])
def test_tight_rows_meet_in_the_middle(is_upside_down: bool) -> None:
    boxes = [(0.0, 0.0, 50.0, 12.0), (0.0, 10.0, 50.0, 22.0)]
    boxes = boxes[::-1] if is_upside_down else boxes
    rows = sorted(rows_of(boxes))
    assert rows == [(0.0, 0.0, 50.0, 11.0), (0.0, 11.0, 50.0, 22.0)]


SIDES = st.floats(0, 600, allow_nan=False)
BOXES = st.lists(st.tuples(SIDES, SIDES, SIDES, SIDES), max_size=30).map(
    lambda boxes: [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes]
)


@given(BOXES, st.booleans())
def test_every_character_s_middle_is_in_a_row(boxes: list[Bounds], is_upright: bool) -> None:
    rows = rows_of(boxes, is_upright=is_upright)
    assert all(left < right and top < bottom for left, top, right, bottom in rows)
    for left, top, right, bottom in boxes:
        if min(right - left, bottom - top) < 0.05:
            continue
        x, y = (left + right) / 2, (top + bottom) / 2
        assert any(a <= x <= c and b <= y <= d for a, b, c, d in rows)
