from __future__ import annotations

import io

import pdfs
import pytest
from mutations import TEXT, one_page, stream, with_object_streams

from longsum.documents.pdf_header import has_structure, is_pdf, with_header
from longsum.documents.read import read_document
from longsum.errors import CorruptDocument

WHOLE = pdfs.text_pages(pdfs.wrapped(pdfs.WORDS))
BODY = WHOLE.split(b"\n", 2)[2]  # without the header and the comment after it
COMMENT = WHOLE.split(b"\n", 2)[1] + b"\n"
JUNK = b"A line of a letter that came with the file.\n" * 60


@pytest.mark.parametrize(
    "data",
    [
        JUNK + WHOLE,
        bytes(range(256)) * 10 + WHOLE,
        b"\xef\xbb\xbf" + WHOLE,
        BODY,
        COMMENT + BODY,
        b"%!PS-Adobe-3.0 PDF-1.4\n" + BODY,
        b"%!PS-Adobe-3.0 PDF-1.4\n" + WHOLE,
        WHOLE + b"\nafter\n" * 100,
        BODY + b"\nafter\n" * 100,
    ],
    ids=[
        "late", "late among bytes", "after a mark", "none", "a comment", "PostScript's",
        "both", "before junk", "none, before junk",
    ],
)  # fmt: skip
def test_pdf_is_opened_whatever_its_header(data: bytes) -> None:
    """The source of the PDF was read as text, with exit code 0."""
    assert read_document("-", stdin=io.BytesIO(data)).text == pdfs.WORDS


def test_packed_objects_are_found_without_a_header() -> None:
    data = with_object_streams().split(b"\n", 1)[1]
    assert "The river rose" in read_document("-", stdin=io.BytesIO(data)).text


@pytest.mark.parametrize(
    "text",
    [
        "A PDF begins with %PDF-1.7, has objects such as `1 0 obj` and ends with %%EOF.",
        "trailer\nThe trailer of the film, /Root and startxref are words.\n",
        "1 0 obj is what an object begins with; endobj ends it.\nAnd so on.",
    ],
)
def test_text_about_pdfs_is_text(text: str) -> None:
    assert read_document("-", stdin=io.BytesIO(text.encode())).text.split() == text.split()


def test_source_of_a_damaged_pdf_is_not_read_as_text() -> None:
    data = one_page(stream(TEXT)).replace(b"%PDF-1.7\n", b"").replace(b"/Kids", b"/Kinds")
    assert is_pdf(data)
    assert has_structure(data)
    with pytest.raises(CorruptDocument):
        read_document("-", stdin=io.BytesIO(data.replace(b"/Pages", b"/Pagan")))


def test_places_named_in_the_file_stay_right() -> None:
    assert len(with_header(COMMENT * 3 + BODY)) == len(COMMENT * 3 + BODY)
    assert with_header(WHOLE) is WHOLE
