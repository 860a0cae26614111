from __future__ import annotations

import io

import pdf_faults as faults
import pytest

from longsum.documents.annotations import MARK, Field
from longsum.documents.document import Document
from longsum.documents.field_lines import with_fields
from longsum.documents.lines import Box, Line
from longsum.documents.read import read_document


def read(data: bytes) -> Document:
    return read_document("-", stdin=io.BytesIO(data))


def test_values_follow_their_labels() -> None:
    """All values were missing: `What is the yearly income?` was `Not in the document.`"""
    text = read(faults.form()).text
    assert "Name: Ada Quill Date: 4 May 2026" in text
    assert f"Married {MARK} Single Widowed" in text
    assert "Country: Sweden" in text
    assert "secret" not in text
    assert text.endswith("The office reads the form within ten days.")


def test_notes_follow_their_page_and_do_not_break_a_paragraph() -> None:
    document = read(faults.noted())
    first, second = document.pages
    for note in ("[Note] Repay by October.", "[Note] This figure is wrong"):
        assert note in document.text[first.start : first.end].split("\n\n")
    assert "Not shown" not in document.text
    whole = " ".join(part for part in document.text.split("\n\n") if not part.startswith("[Note]"))
    assert whole == faults.WORDS
    assert faults.WORDS.endswith(document.text[second.start : second.end])


def line(text: str, left: float, right: float, baseline: float) -> Line:
    return Line(text, Box(left, right, baseline, 10.0))


def nothing(number: int, at: float) -> str:
    raise AssertionError("no line is divided")


@pytest.mark.parametrize(
    ("field", "texts"),
    [
        (Field("Ada", (120, 95, 200, 110)), ["Name: Ada", "End."]),
        (Field("Ada", (60, 70, 200, 85)), ["Name:", "Ada", "End."]),
        (Field("one\ntwo", (60, 50, 200, 85)), ["Name:", "one", "two", "End."]),
        (Field("Ada", (60, 120, 200, 135)), ["Ada", "Name:", "End."]),
        (Field(MARK, (40, 98, 50, 108)), ["[x] Name:", "End."]),
        (Field("Name:", (60, 95, 120, 112)), ["Name:", "End."]),
    ],
    ids=["beside", "below", "two lines", "above", "box before its label", "drawn already"],
)
def test_fields_are_put_where_the_page_shows_them(field: Field, texts: list[str]) -> None:
    lines = [line("Name:", 60, 90, 100), line("End.", 60, 90, 40)]
    assert [each.text for each in with_fields(lines, [field], nothing)] == texts


def test_page_of_fields_alone_is_read() -> None:
    field = Field("Ada", (60, 95, 200, 110))
    assert [each.text for each in with_fields([], [field], nothing)] == ["Ada"]
