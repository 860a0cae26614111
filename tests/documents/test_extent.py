from __future__ import annotations

from dataclasses import replace

import pytest

from longsum.documents.document import Document, Page
from longsum.documents.extent import MAX_RANGES, Extent, extent_of, kept_characters


def book(pages: int, size: int = 10) -> Document:
    """Return pages of ten letters with a blank between them."""
    text = " ".join("x" * size for _ in range(pages))
    numbered = tuple(Page(n + 1, n * (size + 1), n * (size + 1) + size) for n in range(pages))
    return Document(text, numbered, sha256="0", name="book.pdf", total_pages=pages)


WHOLE = [(0, 10**6)]


def test_middle_left_out_names_the_pages_on_both_sides_and_those_read_in_part():
    extent = extent_of(book(192), [(0, 181), (1930, 192 * 11)])
    assert extent.read == ((1, 17), (176, 192))
    assert extent.left_out == ((18, 175),)
    assert extent.in_part == (17, 176)
    assert extent.count == 34
    assert extent.what_was_read() == "pages 1-17 and 176-192 of 192"
    assert extent.what_is_missing() == "pages 18-175 and parts of pages 17 and 176"


@pytest.mark.parametrize(
    ("kept", "read", "missing"),
    [
        ([(0, 43)], "pages 1-4 of 6", "pages 5-6"),
        ([(0, 44)], "pages 1-4 of 6", "pages 5-6"),
        ([(0, 40)], "pages 1-4 of 6", "pages 5-6 and part of page 4"),
        ([(11, 65)], "pages 2-6 of 6", "page 1"),
        ([(0, 64)], "6 pages", "part of page 6"),
        (WHOLE, "6 pages", ""),
    ],
)
def test_head_and_tail(kept, read, missing):
    extent = extent_of(book(6), kept)
    assert extent.what_is_missing() == missing
    assert extent.what_was_read() == (read if missing != "part of page 6" else "pages 1-6 of 6")


def test_pages_that_were_not_chosen_are_not_missing():
    document = book(30)
    chosen = replace(document, pages=document.pages[4:9] + document.pages[19:20])
    extent = extent_of(chosen, WHOLE)
    assert extent.what_was_read() == "pages 5-9 and 20 of 30"
    assert extent.is_whole
    assert (extent.count, extent.total) == (6, 30)


def test_a_page_without_text_is_not_counted_as_read_nor_as_left_out():
    """Scanned pages counted as read: `9 pages`, of which one was a picture."""
    text = "one two three"
    pages = (Page(1, 0, 3), Page(2, 3, 3), Page(3, 4, 7), Page(4, 8, 13), Page(5, 13, 13))
    document = Document(text, pages, sha256="0", name="scan.pdf", total_pages=5)
    extent = extent_of(document, WHOLE)
    assert (extent.count, extent.without_text) == (3, (2, 5))
    assert extent.what_was_read() == "5 pages, 2 without text"
    cut = extent_of(document, [(0, 3)])
    assert cut.what_was_read() == "pages 1-2 of 5, 2 without text"
    assert cut.what_is_missing() == "pages 3-5"
    assert cut.count == 1


def test_empty_pages_at_the_beginning_go_with_the_first_that_has_text():
    pages = (Page(1, 0, 0), Page(2, 0, 3), Page(3, 4, 7))
    document = Document("one two", pages, sha256="0", name="b.pdf", total_pages=3)
    assert extent_of(document, [(4, 7)]).left_out == ((1, 2),)
    assert extent_of(document, [(0, 3)]).read == ((1, 2),)


def test_text_without_pages_is_counted_in_lines():
    text = "first line\nsecond line\n\nfifth line"
    anchors = ((0, 1), (11, 2), (24, 5))
    document = Document(text, (), sha256="0", name="a.txt", line_anchors=anchors)
    assert extent_of(document, WHOLE).what_was_read() == ""
    extent = extent_of(document, [(0, 16)])
    assert extent.what_was_read() == "lines 1-4 of 5"
    assert extent.what_is_missing() == "line 5 and part of line 2"


def test_many_ranges_are_not_all_named():
    extent = Extent("page", 100, tuple((n, n) for n in range(1, 100, 2)))
    assert extent.what_was_read().endswith(f" and {50 - MAX_RANGES} more ranges of 100")


def test_large_numbers_can_be_read():
    extent = Extent("line", 2950, ((1, 812), (2300, 2950)), left_out=((813, 2299),))
    assert extent.what_was_read() == "lines 1-812 and 2,300-2,950 of 2,950"


def test_kept_tokens_reach_to_the_edges_of_the_text():
    offsets = [(1, 3), (4, 6), (7, 9)]
    assert kept_characters(offsets, [(0, 3)], 12) == [(0, 12)]
    assert kept_characters(offsets, [(0, 1), (2, 3)], 12) == [(0, 3), (7, 12)]
    assert kept_characters(offsets, [(1, 2)], 12) == [(4, 6)]


def test_pages_that_cannot_be_read_are_counted():
    text = "x" * 10
    pages = (Page(1, 0, 10), *(Page(n, 10, 10) for n in (2, 3)), Page(4, 10, 10))
    document = Document(text, pages, sha256="0", name="a.pdf", total_pages=4, unreadable=(2, 4))
    extent = extent_of(document, WHOLE)
    assert extent.what_was_read() == "2 of 4 pages readable, 1 without text"
    assert extent.unreadable == (2, 4)
    assert extent.count == 1
    some = extent_of(replace(document, total_pages=9), WHOLE)
    assert some.what_was_read() == "pages 1-4 of 9, 2 of 4 readable, 1 without text"
