from __future__ import annotations

import io

import pdfs
import pytest

from longsum.documents.document import Document, Span
from longsum.documents.read import read_document
from longsum.documents.sentences import split_sentences
from longsum.errors import NoSuchPage


def read(text: str | bytes, **options: str | None) -> Document:
    data = text.encode() if isinstance(text, str) else text
    return read_document("-", stdin=io.BytesIO(data), **options)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings(encoding: str) -> None:
    assert read("Größe — 漢字 naïve.".encode(encoding)).text == "Größe — 漢字 naïve."


def test_legacy_encodings_are_guessed() -> None:
    text = "Der Fluß trat über die Ufer, und die Mühle stand unter Wasser. " * 20
    assert "Fluß trat über" in read(text.encode("cp1252")).text


def test_hard_wrapped_lines_become_paragraphs() -> None:
    wrapped = "\n".join(pdfs.wrapped(pdfs.WORDS))
    assert read(f"{wrapped}\n\n{wrapped}\n").text == f"{pdfs.WORDS}\n\n{pdfs.WORDS}"
    assert read(wrapped.replace("\n", "\r\n")).text == pdfs.WORDS


def test_unwrapped_lines_stay_apart() -> None:
    text = f"{pdfs.WORDS}\n{pdfs.WORDS}"
    assert read(text).text.replace("\n\n", "\n") == text


def test_paragraphs_of_one_line_each_stay_paragraphs() -> None:
    text = "\n\n".join(f"{pdfs.WORDS[: 60 + 37 * i]}." for i in range(8))
    assert read(text).text == text
    short = "\n\n".join(f"The river rose by {i} feet in the night." for i in range(8))
    assert read(short).text == short


def test_verse_keeps_its_lines() -> None:
    verse = "Tyger Tyger, burning bright,\nIn the forests of the night;\nWhat immortal hand or eye,"
    assert read(verse).text == verse


def test_code_keeps_its_lines_and_indents() -> None:
    code = "```python\ndef river(feet):\n    if feet > 4:\n        return 'high'\n```"
    assert read(f"Some words first.\n\n{code}\n\nAnd after.").text.split("\n\n")[1] == code


def test_markdown_keeps_headings_items_and_tables() -> None:
    text = "# Title\nWords below it.\n\n- one thing\n- another\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    assert read(text).text == text


def test_lines_are_referred_to_by_their_source_number() -> None:
    wrapped = pdfs.wrapped(pdfs.WORDS)
    document = read("Title\n\n" + "\n".join(wrapped) + "\n\nThe end of it.")
    at = document.text.index("The engineers")
    line = next(i for i, w in enumerate(wrapped) if "The engineers" in w or w.endswith("The"))
    assert document.reference(Span(at, at + 5)) == f"line {line + 3}"
    last = document.text.index("The end of it.")
    assert document.reference(Span(last, last + 5)) == f"line {len(wrapped) + 4}"
    assert document.pages == ()


def test_text_repeated_on_each_page_is_read_if_there_is_no_other() -> None:
    """Two pages with the same line held no text: both lines were taken for running heads."""
    document = read("The same.\fThe same.")
    assert document.text == "The same.\n\nThe same."
    assert len(document.pages) == 2


def test_form_feeds_are_page_breaks() -> None:
    document = read("First page here.\n\fSecond page here.\n\fThird page here.\n\f")
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert document.total_pages == 3
    at = document.text.index("Second")
    assert document.reference(Span(at, at + 4)) == "p. 2"
    assert read("One.\fTwo.\fThree.", pages="2").text == "Two."
    with pytest.raises(NoSuchPage):
        read("One.\fTwo.", pages="3")


def test_escape_sequences_do_not_survive() -> None:
    assert "\x1b" not in read("Some \x1b[31mred\x1b[0m words and \u202eothers.").text


@pytest.mark.parametrize("unit", [".", "a ", '."', "(a ", "A. B. ", "§1 ", "。", "x\n\n", " "])
def test_much_of_anything_is_read_whole(unit: str) -> None:
    """Every step is linear: a quadratic one would run into the suite's time limit here."""
    text = "Start. " + unit * (300_000 // len(unit))
    document = read(text)
    covered = "".join(document.text[start:end] for start, end in split_sentences(document.text))
    assert "".join(covered.split()) == "".join(text.split())


ITEMS = """\
The committee found the following, which is told here in the order in which it was found by them:

- one item that is long and goes over the end of the line because it has a lot of words in it and so
  it is continued here with a hanging indent, and even on a third line, as there is so much to say
  about it.
- third
- another item that is long and goes over the end of the line because it has many words in it and so
  it is continued as well.

The end.
"""


def test_items_with_a_hanging_indent_are_whole_paragraphs_of_their_own() -> None:
    """A continuation was taken for the first line of a paragraph, and the next item ran into it."""
    lines = read(ITEMS).text.split("\n")
    assert lines[2].startswith("- one item")
    assert lines[2].endswith("so much to say about it.")
    assert lines[3] == "- third"
    assert lines[4].endswith("it is continued as well.")
    assert lines[5:] == ["", "The end."]


def test_an_indent_after_a_numbered_heading_begins_a_paragraph() -> None:
    text = (
        "1. Introduction\n   This paragraph begins with an indent and goes on over the end of its "
        "line, so that\nthe next line returns to the margin, as in a book that is set with indents "
        "at the\nbeginnings of its paragraphs.\n"
    )
    assert read(text).text.startswith("1. Introduction\n")
