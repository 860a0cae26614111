"""Cutting a document into parts: every character once, as few as fit, at the best places."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longsum.documents.document import Document, Page, Span
from longsum.parts import (
    TOLERANCE,
    DocumentPart,
    cut_document,
    cut_inside,
    part_of,
    shown_parts,
)


def lined(text: str) -> Document:
    """Return a text whose lines are its paragraphs, numbered like those of a file."""
    anchors, at = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            anchors.append((at, number))
        at += len(line) + 1
    return Document(text, (), sha256="0", name="book.txt", line_anchors=tuple(anchors))


def paged(*pages: str, unit: str | None = None) -> Document:
    bounds, at = [], 0
    for number, text in enumerate(pages, 1):
        bounds.append(Page(number, at, at + len(text)))
        at += len(text)
    return Document(
        "".join(pages), tuple(bounds), "0", "book.pdf", total_pages=len(pages), unit=unit
    )


def cut(document: Document, capacity: int) -> list[DocumentPart]:
    """Cut a document in which each character is a token."""
    return cut_document(document, range(len(document.text)), capacity)


def lengths(parts: list[DocumentPart]) -> list[int]:
    return [len(part.document.text) for part in parts]


def fewest(sizes: list[int], capacity: int) -> int:
    """Return into how few runs of at most `capacity` whole pieces can be gathered."""
    runs, filled = 1, 0
    for size in sizes:
        if filled + size > capacity:
            runs, filled = runs + 1, 0
        filled += size
    return runs


SENTENCE = st.integers(1, 12).map(lambda n: "Word " * n + "ends.")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=6).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(PARAGRAPH, min_size=1, max_size=40), st.integers(30, 900), st.booleans())
def test_parts_hold_every_character_once_fit_and_are_few(paragraphs, capacity, has_pages):
    pieces = [f"{each}\n\n" for each in paragraphs]
    document = paged(*pieces) if has_pages else lined("".join(pieces))
    parts = cut(document, capacity)
    assert "".join(part.document.text for part in parts) == document.text
    starts = [part.start for part in parts]
    assert starts == [sum(lengths(parts)[:number]) for number in range(len(parts))]
    assert all(0 < length <= capacity for length in lengths(parts))
    if all(len(piece) <= capacity for piece in pieces):
        assert len(parts) == fewest([len(piece) for piece in pieces], capacity)
        assert cut_inside(document, parts) is None
        whole = {sum(map(len, pieces[:number])) for number in range(len(pieces))}
        assert set(starts) <= whole


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=300), st.integers(1, 40))
def test_any_text_is_cut_whatever_it_holds(text, capacity):
    parts = cut(lined(text), capacity)
    assert "".join(part.document.text for part in parts) == text
    assert all(length <= capacity for length in lengths(parts))


def test_a_document_that_fits_is_one_part():
    document = lined("One line.\nAnother line.")
    (part,) = cut(document, 100)
    assert part.document.text == document.text
    assert part.start == 0


def test_parts_are_about_equally_long_rather_than_two_full_and_a_rest():
    document = lined("Ten letters ends.\n\n" * 105)
    sizes = lengths(cut(document, 1000))
    assert fewest([19] * 105, 1000) == 3  # greedily 988, 988 and 19
    assert sizes == [665, 665, 665]


def test_a_chapter_near_is_where_a_part_begins():
    prose = "A sentence of this book that ends.\n\n"
    text = prose * 52 + "CHAPTER II\n\nThe Storm\n\n" + prose * 48
    first, second = cut(lined(text), 2500)
    assert second.document.text.startswith("CHAPTER II\n\n")
    assert first.document.text == prose * 52


def test_a_chapter_far_away_does_not_make_parts_uneven():
    prose = "A sentence of this book that ends.\n\n"
    text = prose * 66 + "CHAPTER II\n\n" + prose * 34
    first, second = cut(lined(text), 2500)
    even = len(text) / 2
    assert abs(len(first.document.text) - even) <= TOLERANCE * even
    assert second.document.text.startswith("A sentence")


@pytest.mark.parametrize("heading", ["Costs of the harbour", "THE STORM.", "IV."])
def test_other_headings_begin_a_part_and_stay_with_their_text(heading):
    prose = "A sentence of this book that ends.\n\n"
    text = prose * 52 + f"{heading}\n\n" + prose * 48
    assert cut(lined(text), 2500)[1].document.text.startswith(f"{heading}\n\n")


def test_a_blank_line_is_a_better_place_than_a_line_of_a_list():
    items = "an item that is listed,\n"
    text = (items * 8 + "\nA paragraph that ends.\n\n") * 12
    for part in cut(lined(text), 1000)[1:]:
        assert text[part.start - 2 : part.start] == "\n\n"


def test_pages_stay_whole_and_keep_their_numbers():
    document = paged(*["x" * 99 + "\n"] * 10)
    parts = cut(document, 450)
    assert [part.where for part in parts] == ["pages 1-3", "pages 4-6", "pages 7-10"]
    assert [page.number for page in parts[1].document.pages] == [4, 5, 6]
    assert [(page.start, page.end) for page in parts[1].document.pages] == [
        (0, 100),
        (100, 200),
        (200, 300),
    ]
    assert parts[1].document.total_pages == 10


def test_a_page_that_a_sentence_crosses_is_not_the_first_choice():
    pages = ["A page that ends.\n"] * 40
    assert cut(paged(*pages), 400)[0].numbers[-1] == 20
    pages[19] = "A page that goes on"
    assert cut(paged(*pages), 400)[0].numbers[-1] in (19, 21)


def test_chosen_pages_are_named_as_they_were_chosen():
    document = paged(*["x" * 99 + "\n"] * 6)
    chosen = tuple(
        Page(number, page.start, page.end)
        for number, page in zip((3, 4, 9, 11, 12, 13), document.pages, strict=True)
    )
    parts = cut(Document(document.text, chosen, "0", "a.pdf", total_pages=20), 300)
    assert [part.where for part in parts] == ["pages 3-4, 9", "pages 11-13"]
    assert shown_parts(parts) == "2 parts: pages 3-4, 9; 11-13"


def test_of_very_many_parts_the_first_and_the_last_are_named():
    parts = cut(paged(*["x" * 99 + "\n"] * 40), 200)
    assert len(parts) == 20
    shown = shown_parts(parts)
    assert shown.startswith("20 parts: pages 1-2, 3-4, 5-6, ")
    assert shown.endswith("21-22, …, 39-40")


def test_blank_pages_are_in_one_part_each():
    document = paged("x" * 99 + "\n", "", "y" * 99 + "\n", "")
    parts = cut(document, 100)
    numbers = [[page.number for page in part.document.pages] for part in parts]
    assert numbers == [[1], [2, 3, 4]]


def test_a_page_longer_than_a_part_is_cut_at_the_ends_of_its_sentences():
    long = "This sentence is on a long page. " * 30
    document = paged("Short page.\n", long, "Last page.\n")
    parts = cut(document, 400)
    for part in parts[1:-1]:
        assert part.document.text.startswith("This sentence")
    assert all(part.document.text.rstrip().endswith(".") for part in parts)
    assert [part.where for part in parts] == ["pages 1-2", "page 2", "pages 2-3"]
    assert cut_inside(document, parts) == (
        "too long for one part, so cut inside, between sentences where possible: p. 2"
    )


def test_a_line_longer_than_a_part_is_cut_and_said():
    document = lined("A line. " * 100)
    parts = cut(document, 300)
    assert cut_inside(document, parts) == (
        "too long for one part, so cut inside, between sentences where possible: line 1"
    )
    assert all(part.document.text.startswith("A line.") for part in parts)


def test_indented_lines_are_cut_before_their_indent():
    document = lined("    A line of a verse that is indented,\n" * 40)
    parts = cut(document, 500)
    assert cut_inside(document, parts) is None
    assert all(part.document.text.startswith("    A line") for part in parts)


def test_lines_are_those_of_the_file():
    text = "First paragraph that ends.\n\n\nSecond one that ends.\n\nThird of them that ends.\n"
    parts = cut(lined(text), 30)
    assert [part.where for part in parts] == ["line 1", "line 4", "line 6"]
    assert shown_parts(parts) == "3 parts: lines 1, 4, 6"
    second = parts[1].document
    assert second.reference(Span(0, 6)) == "line 4"


def test_places_with_names_are_named():
    names = tuple((number * 20, f"00:0{number}:00") for number in range(6))
    text = "A cue of the film.\n\n" * 6
    document = Document(text, (), "0", "film.srt", unit="cue", places=names)
    parts = cut(document, 60)
    assert [part.where for part in parts] == ["00:00:00 to 00:02:00", "00:03:00 to 00:05:00"]
    assert shown_parts(parts) == "2 parts: 00:00:00 to 00:02:00; 00:03:00 to 00:05:00"
    assert parts[1].document.reference(Span(0, 5)) == "00:03:00"


def test_chapters_of_a_book_are_called_so():
    document = paged(*["x" * 99 + "\n"] * 4, unit="chapter")
    parts = cut(document, 200)
    assert shown_parts(parts) == "2 parts: chapters 1-2, 3-4"


OPINION = (
    "JUSTICE ALBRIGHT delivered the opinion of the Court. The ferry may carry passengers.\n\n"
    + "The statute names no hours at all.\n\n" * 9
    + "JUSTICE BELLOWS, dissenting. The noise of the ferry wakes every child.\n\n"
    + "The peace of the night is protected.\n\n" * 12
)


def test_a_part_knows_in_whose_opinion_it_begins():
    middle = OPINION.index("The peace") + 4 * len("The peace of the night is protected.\n\n")
    document = lined(OPINION)
    assert part_of(document, middle, len(OPINION)).continues == "Justice Bellows, dissenting"
    dissent = OPINION.index("JUSTICE BELLOWS")
    assert part_of(document, dissent, len(OPINION)).continues is None  # its own text says it
    assert part_of(document, 0, dissent).continues is None


def test_a_separate_opinion_is_a_good_place_to_cut():
    parts = cut(lined(OPINION), 600)
    assert any(part.document.text.startswith("JUSTICE BELLOWS") for part in parts)


def test_adjacent_parts_share_no_page_that_is_whole():
    document = paged(*[f"Page {number} ends.\n" for number in range(30)])
    for before, after in pairwise(cut(document, 100)):
        assert before.document.pages[-1].number + 1 == after.document.pages[0].number
