from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.documents.document import Document, Page
from longsum.documents.read import parse_text
from longsum.window.reading_view import ReadingView

TEXT = "First page, with a hyphen-\nated word.\n\nSecond paragraph.\n\nThe second page: ﬁnal."
DOCUMENT = Document(
    TEXT, (Page(1, 0, 57), Page(2, 57, len(TEXT))), sha256="0" * 64, name="x.pdf", total_pages=2
)


def test_paragraphs_come_with_their_offsets_and_pages():
    found = ReadingView(DOCUMENT).parts(0, 10_000)
    assert found["next"] is None
    assert found["length"] == len(TEXT)
    assert [TEXT[p["start"] : p["end"]] == p["text"] for p in found["parts"]] == [True] * 3
    assert [p["page"] for p in found["parts"]] == [1, 1, 2]


def test_the_rest_is_asked_for_where_the_last_answer_ends():
    view = ReadingView(DOCUMENT)
    parts, at = [], 0
    while at is not None:
        found = view.parts(at, at + 20)
        parts += [part["text"] for part in found["parts"]]
        at = found["next"]
    assert parts == [part["text"] for part in view.parts(0, 10_000)["parts"]]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("hyphenated", "hyphen-\nated"),
        ("HYPHEN-ated  word", "hyphen-\nated word"),
        ("final", "ﬁnal"),
        ("page", "page"),
        ("second paragraph.", "Second paragraph."),
    ],
)
def test_words_are_found_across_hyphens_ligatures_lines_and_case(asked, said):
    found, more = ReadingView(DOCUMENT).find(asked)
    assert found[0]["text"] == " ".join(said.split())
    assert TEXT[found[0]["start"] : found[0]["end"]] == said
    assert not more


def test_each_place_found_has_its_page_and_what_is_around():
    found, _ = ReadingView(DOCUMENT).find("second")
    assert [(each["page"], each["reference"]) for each in found] == [(1, "p. 1"), (2, "p. 2")]
    assert found[1]["before"].endswith("The ")
    assert found[1]["after"].startswith(" page")


def test_nothing_is_found_for_nothing():
    assert ReadingView(DOCUMENT).find("   ") == ([], False)
    assert ReadingView(DOCUMENT).find("absent words") == ([], False)


def test_that_there_are_more_places_is_said(monkeypatch):
    monkeypatch.setattr("longsum.window.reading_view.MAX_FOUND", 2)
    found, more = ReadingView(parse_text("a b a b a b", "x.txt")).find("a")
    assert (len(found), more) == (2, True)


@given(st.text("aAbİß -\n\u00ad\ufb01", max_size=60), st.text("abİß ", min_size=1, max_size=3))
def test_offsets_of_places_found_are_within_the_text(text, asked):
    document = Document(text, (), sha256="0" * 64, name="x")
    for each in ReadingView(document).find(asked)[0]:
        assert 0 <= each["start"] < each["end"] <= len(text)
