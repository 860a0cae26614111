from __future__ import annotations

import io
from collections.abc import Iterator

import pdf_faults as faults
import pdfs
import pypdfium2
import pytest
from mutations import example_pages

from longsum.documents import page_text as module
from longsum.documents.page_text import one_by_one, page_text, paired
from longsum.documents.read import read_document

FILES = {
    "letters": pdfs.text_pages(pdfs.wrapped(pdfs.WORDS)),
    "broken words": pdfs.text_pages([*pdfs.wrapped(pdfs.WORDS), "and the remain-", "der."]),
    "example": example_pages(0, 4),
    "control codes": faults.with_characters("the river rose", {"e": "\x05", "r": "\x02"}),
    "half a character": faults.with_characters("the river rose", {"e": "\U0001d465"}),
    "Chinese": faults.lost_glyphs(),
}


def handles(data: bytes) -> Iterator[tuple[object, int]]:
    with pypdfium2.PdfDocument(data) as pdf:
        for page in pdf:
            textpage = page.get_textpage()
            yield textpage.raw, textpage.count_chars()
            textpage.close()


@pytest.mark.parametrize("name", FILES)
def test_one_call_gives_what_one_call_per_character_gives(name: str) -> None:
    pages = 0
    for handle, count in handles(FILES[name]):
        assert page_text(handle, count) == one_by_one(handle, count)
        assert len(page_text(handle, count)) == count
        pages += 1
    assert pages


def test_letters_beyond_the_first_plane_are_kept() -> None:
    """They were dropped: `let x and y satisfy x > y` became `let and satisfy >`."""
    assert paired("a\ud835\udc65b") == "a\U0001d465b"
    assert paired("a\ud835b") == "ab"
    data = faults.with_characters("let x be odd", {"x": "\U0001d465"})
    assert read_document("-", stdin=io.BytesIO(data)).text == "let \U0001d465 be odd"


@pytest.mark.parametrize(
    ("code", "char"),
    [
        (0x41, "A"),
        (0x110000, "\ufffd"),
        (0xFFFFFFFF, "\ufffd"),
        (-1, "\ufffd"),
        (0xF0A8A780, "\U000289c0"),  # its UTF-8 bytes, as some fonts' tables have them
        (0xE38182, "あ"),
    ],
)
def test_numbers_that_are_no_characters_do_not_end_the_program(code: int, char: str) -> None:
    """`chr` raised a ValueError or an OverflowError for two real files."""
    assert module._character(code) == char
