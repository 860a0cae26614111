"""Each character of a document's text is the page's character that its run says it is."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable

import pdf_faults as faults
import pdfs
import pypdf
import pypdfium2
import pypdfium2.raw as raw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import stringWidth

from longsum.documents.clean import BROKEN, clean_line, cleaned_character
from longsum.documents.document import Document
from longsum.documents.letters import joined_cjk
from longsum.documents.lines import Box, Line
from longsum.documents.page_text import paired
from longsum.documents.read import parse_document
from longsum.documents.runs import Run, glyphs_of, runs_of

HYPHENATED = [
    "The committee met in the morning and heard the infor-",
    "mation on the river, which had risen by four feet since the be-",
    "ginning of the spring, and on the lower bridge.",
]


def hyphenated() -> bytes:
    return pdfs.text_pages([*HYPHENATED, "", *pdfs.wrapped(pdfs.WORDS)])


def rotated(angle: int) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdfs.text_pages(pdfs.wrapped(pdfs.WORDS))))
    writer.pages[0].rotate(angle)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def spaced_heading() -> bytes:
    paper, out = pdfs.canvas()
    pdfs.draw(paper, pdfs.wrapped(pdfs.WORDS), y=650)
    paper.setFont("Times-Roman", 16)
    x = 72.0
    for word in ("THE", "HUMAN", "SIDE"):
        for letter in word:
            paper.drawString(x, pdfs.TOP, letter)
            x += 5 + stringWidth(letter, "Times-Roman", 16)
        x += 12
    paper.save()
    return out.getvalue()


def accented() -> bytes:
    """Return a page with an accent that is drawn apart, before its letter."""
    paper, out = pdfs.canvas()
    paper.setFont("Times-Roman", 11)
    before, letter, accent = (
        stringWidth(text, "Times-Roman", 11) for text in ("The universit", "e", "´")
    )
    paper.drawString(72, 700, "The universit")
    paper.drawString(72 + before + (letter - accent) / 2, 700, "´")
    paper.drawString(72 + before, 700, "e")
    paper.drawString(72 + before + letter, 700, " of the town is old.")
    paper.save()
    return out.getvalue()


def numbered() -> bytes:
    """Return a page with a number before each line."""
    paper, out = pdfs.canvas()
    lines = pdfs.wrapped(" ".join([pdfs.WORDS] * 3))
    pdfs.draw(paper, lines)
    pdfs.draw(paper, [str(n) for n in range(1, len(lines) + 1)], x=40)
    paper.save()
    return out.getvalue()


def ligatures() -> bytes:
    table = {"x": "\ufb01", "y": "\U0001d465", "z": "\u00a0"}
    return faults.with_characters(f"The xrst xnding is y and y.zIt is xnal. {pdfs.WORDS}", table)


WHOLE: dict[str, Callable[[], bytes]] = {
    "prose": lambda: pdfs.text_pages(pdfs.wrapped(pdfs.WORDS)),
    "hyphens": hyphenated,
    "footnote in a sentence": pdfs.with_footnote,
    "columns": pdfs.two_columns,
    "running heads": pdfs.with_running_heads,
    "line numbers": numbered,
    "turned by 90 degrees": lambda: rotated(90),
    "turned by 180 degrees": lambda: rotated(180),
    "cropped": faults.spread,
    "hidden": lambda: faults.hidden("white"),
    "beyond the edge": lambda: faults.hidden("outside"),
    "ligatures and halves": ligatures,
    "spaced heading": spaced_heading,
    "accents apart": accented,
}


def drawn(data: bytes, document: Document) -> dict[int, str]:
    """Return what pdfium has for each character of a document that is in a run, clean."""
    pdf = pypdfium2.PdfDocument(data)
    found: dict[int, str] = {}
    for start, end, number, first in document.runs:
        page = pdf[number - 1]
        textpage = page.get_textpage()
        for place in range(start, end):
            at = first + place - start
            found[place] = chr(raw.FPDFText_GetUnicode(textpage, at))
            if "\ud800" <= found[place] <= "\udbff":
                half = chr(raw.FPDFText_GetUnicode(textpage, at + 1))
                found[place] = paired(found[place] + half)
        textpage.close()
        page.close()
    pdf.close()
    return found


def is_same(char: str, glyph: str) -> bool:
    if glyph in "\x02\ufffe":
        return char == "-"
    base = unicodedata.normalize("NFD", char)[0]
    return char in cleaned_character(glyph) or base == glyph


@pytest.mark.parametrize("name", WHOLE)
def test_every_character_is_the_page_s(name: str) -> None:
    data = WHOLE[name]()
    document = parse_document(data, "a.pdf")
    found = drawn(data, document)
    wrong = [(document.text[at], glyph) for at, glyph in found.items()]
    assert not [pair for pair in wrong if not is_same(*pair)]
    missing = [at for at, char in enumerate(document.text) if char.strip() and at not in found]
    assert not missing, document.text[missing[0] :][:40]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hyphens", "the information on the river"),
        ("spaced heading", "THE HUMAN SIDE"),
        ("accents apart", "The université of the town"),
        ("ligatures and halves", "The first finding is 𝑥 and 𝑥. It is final."),
        ("line numbers", pdfs.WORDS),
    ],
)
def test_the_pages_show_what_they_are_named_for(name: str, said: str) -> None:
    assert said in " ".join(parse_document(WHOLE[name](), "a.pdf").text.split())


@pytest.mark.parametrize("name", WHOLE)
def test_runs_are_on_their_pages(name: str) -> None:
    document = parse_document(WHOLE[name](), "a.pdf")
    bounds = {page.number: (page.start, page.end) for page in document.pages}
    for run in document.runs:
        start, end = bounds[run.page]
        assert start <= run.start < run.end <= end
    ends = [0, *(run.end for run in document.runs)]
    assert all(end <= run.start for end, run in zip(ends, document.runs, strict=False))


def test_pages_are_numbered_as_in_the_file() -> None:
    document = parse_document(pdfs.with_running_heads(), "a.pdf", pages="3,5")
    assert {run.page for run in document.runs} == {3, 5}


def test_a_letter_drawn_twice_is_taken_from_its_own_place() -> None:
    """Two words that are the same are two places, never one by its looks."""
    document = parse_document(pdfs.text_pages(["again and again and again, they said."]), "a.pdf")
    (run,) = document.runs
    assert run == Run(0, len(document.text), 1, 0)


def test_values_of_fields_and_notes_are_not_the_page_s() -> None:
    for data, values in (
        (faults.form(), ("Ada Quill", "4 May 2026", "[x]", "Sweden")),
        (faults.noted(), ("Repay by October.", "[Note]")),
    ):
        document = parse_document(data, "a.pdf")
        found = drawn(data, document)
        assert all(is_same(document.text[at], glyph) for at, glyph in found.items())
        own = set()
        for value in values:
            start = document.text.index(value)
            own |= set(range(start, start + len(value)))
        assert not own & set(found)
    text = parse_document(faults.form(), "a.pdf").text
    for label in ("Name:", "Date:", "Married", "Single", "Country:"):
        start = text.index(label)
        assert set(range(start, start + len(label))) <= set(
            drawn(faults.form(), parse_document(faults.form(), "a.pdf"))
        )


def test_text_within_a_field_s_line_keeps_its_place() -> None:
    """A field in the middle of a line divides it."""
    paper, out = pdfs.canvas()
    pdfs.draw(paper, ["I, the undersigned, ____________ of this town, agree to it."])
    paper.acroForm.textfield(name="n", x=175, y=698, width=60, height=14, value="Ada Quill")
    paper.save()
    document = parse_document(out.getvalue(), "a.pdf")
    found = drawn(out.getvalue(), document)
    assert "Ada Quill" in document.text
    start = document.text.index("Ada Quill")
    value = set(range(start, start + len("Ada Quill")))
    rest = {at for at, char in enumerate(document.text) if char.strip()} - value
    assert not value & set(found)
    assert rest <= set(found)
    assert all(is_same(document.text[at], glyph) for at, glyph in found.items())


def test_text_of_the_second_reader_has_no_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longsum.documents.readable.Found.is_doubtful", True)
    monkeypatch.setattr("longsum.documents.pdf_pages.better", lambda found, other: True)
    document = parse_document(hyphenated(), "a.pdf")
    assert document.text
    assert not document.runs


def test_a_text_has_no_runs() -> None:
    assert parse_document(b"A text without pages.", "a.txt").runs == ()


ROWS = st.lists(
    st.tuples(
        st.lists(
            st.sampled_from([*pdfs.WORDS.split()[:30], "well-", "A", "B", "C", "1", "§", "é", "–"]),
            min_size=1,
            max_size=8,
        ),
        st.sampled_from([60, 72, 330]),
        st.integers(3, 39),  # a page that is turned is 612 points high
        st.sampled_from([7, 11, 11, 18]),
    ),
    min_size=1,
    max_size=20,
)


def test_a_space_is_not_the_character_cut_off_by_the_page_s_edge() -> None:
    """A last `e` beyond the edge was what the space after `committe` was said to be."""
    rows = [(["The"] * 7, 60, 3, 7), (["The"] * 4 + ["committee"] * 3, 330, 3, 18)]
    data = drawn_rows(rows, 180)
    document = parse_document(data, "a.pdf")
    assert "committe The" in document.text
    assert document.text.index("committe The") + len("committe") not in drawn(data, document)


def drawn_rows(rows: list[tuple[list[str], int, int, int]], angle: int) -> bytes:
    """Return a page with rows of words: their place, the number of the row, the size."""
    paper, out = pdfs.canvas()
    paper.setPageRotation(angle)
    for words, x, row, size in rows:
        paper.setFont("Times-Roman", size)
        paper.drawString(x, 15 * row, " ".join(words))
    paper.save()
    return out.getvalue()


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([0, 90, 180, 270]))
def test_whatever_is_drawn_keeps_its_characters(
    rows: list[tuple[list[str], int, int, int]], angle: int
) -> None:
    data = drawn_rows(rows, angle)
    document = parse_document(data, "a.pdf")
    found = drawn(data, document)
    assert all(is_same(document.text[at], glyph) for at, glyph in found.items())
    assert {at for at, char in enumerate(document.text) if char.strip()} <= set(found)


# --- one line -------------------------------------------------------------------------------------

RAW = st.text(
    st.sampled_from("ab c-\t\u00a0\u2003\ufb01\ufb03\x02\ufffe\u00ad\u200b\ud835\udc65\uf0b7关。")
    | st.characters(),
    max_size=30,
)


@given(RAW, st.integers(0, 5))
def test_a_line_s_characters_are_those_it_was_made_of(line: str, first: int) -> None:
    text = joined_cjk(clean_line(paired(line)))
    glyphs = glyphs_of(text, line, range(first, first + len(line)))
    assert len(glyphs) == len(text)
    last = first - 1
    for char, glyph in zip(text, glyphs, strict=True):
        if glyph == -1:
            assert char == " "
            continue
        assert glyph >= last
        last = glyph
        drawn = line[glyph - first :]
        if char == BROKEN:
            assert drawn[0] in "\x02\ufffe\u00ad"
        elif char == " ":
            assert cleaned_character(drawn[0]).isspace()
        else:
            assert char in cleaned_character(drawn[0]) or paired(drawn[:2]) == char


@given(st.lists(st.integers(-1, 6), max_size=12), st.integers(0, 9))
def test_runs_are_the_numbers_of_a_line(glyphs: list[int], at: int) -> None:
    found = list(runs_of(glyphs, at, 4))
    places = {
        place: run.first + place - run.start for run in found for place in range(run.start, run.end)
    }
    assert places == {at + place: glyph for place, glyph in enumerate(glyphs) if glyph >= 0}
    assert all(run.page == 4 for run in found)


def test_what_is_not_made_of_a_line_has_no_numbers() -> None:
    assert glyphs_of("other words", "some words", range(10)) == ()
    assert glyphs_of("some", "some words", range(10)) == ()
    assert glyphs_of("some words", "words some", range(10)) == ()


def test_a_part_of_a_line_keeps_its_numbers_and_another_text_has_none() -> None:
    line = Line("One. Two.", Box(0, 10, 0, 10), glyphs=range(20, 29))
    assert list(line.part(4, 9).glyphs) == [25, 26, 27, 28]
    assert line.part(4, 9).text == "Two."
    assert line.with_text("Six. Two.").glyphs == ()
