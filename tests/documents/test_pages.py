from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.documents.pages import format_pages, parse_pages, refuse_pages
from longsum.errors import NoSuchPage, UsageError


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        ("3", (3,)),
        ("3-5,9", (3, 4, 5, 9)),
        ("8-", (8, 9, 10)),
        ("-2", (1, 2)),
        (" 2 , 1-3 ", (1, 2, 3)),
        ("10-10", (10,)),
    ],
)
def test_selections(selection: str, numbers: tuple[int, ...]) -> None:
    assert parse_pages(selection, 10) == numbers


@pytest.mark.parametrize(
    "selection", ["", ",", "a", "1,,2", "3-1", "1-2-3", "-", "1.5", "--2", "²", "1;2", "x\x1b[2J"]
)
def test_bad_syntax_is_a_usage_error(selection: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pages(selection, 10)
    assert "\x1b" not in caught.value.message
    assert "3-20,25" in (caught.value.hint or "")


@pytest.mark.parametrize("selection", ["0", "11", "5-11", "11-", "0-3", "999999999"])
def test_pages_outside_name_the_count(selection: str) -> None:
    with pytest.raises(NoSuchPage, match="the document has 10 pages") as caught:
        parse_pages(selection, 10)
    assert caught.value.facts["pages"] == 10
    assert caught.value.facts["page"] in (0, 11, 999999999)


def test_format_pages_is_compact() -> None:
    assert format_pages((1, 2, 3, 7)) == "1-3, 7"
    assert format_pages(()) == ""
    assert format_pages((9, 8, 8)) == "8-9"


@given(st.sets(st.integers(1, 60), min_size=1))
def test_what_is_formatted_parses_back(numbers: set[int]) -> None:
    assert parse_pages(format_pages(numbers), 60) == tuple(sorted(numbers))


def test_refusals_name_what_the_document_has() -> None:
    with pytest.raises(NoSuchPage, match=r"asks for slide 9; the document has 7 slides"):
        parse_pages("9", 7, "slide")
    with pytest.raises(UsageError, match=r"has cues, which cannot be selected"):
        refuse_pages("1", "cue")
    refuse_pages(None, "cue")
