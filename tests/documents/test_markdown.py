from __future__ import annotations

import time

import pytest

from longsum.documents.markdown import plain_markdown
from longsum.documents.read import parse_document


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("The [ferry](https://example.org/a_(b)?x=1&y) runs.", "The ferry runs."),
        ('The [old ferry](<a b.html> "its page") runs.', "The old ferry runs."),
        ("The [ferry][1] and [the pier][] are old.", "The ferry and the pier are old."),
        ("See [[Ferry|the ferry]] and [[Pier]].", "See the ferry and Pier."),
        ("The **harbour board** met ***on Monday***.", "The harbour board met on Monday."),
        ("**A bold\nlead** and __more__, _so_ *it is*.", "A bold\nlead and more, so it is."),
        ("**Note:** It is ~~not~~ ==so==.", "Note: It is not so."),
        ("The report[^1] is **old** [^note].", "The report is old."),
        ("**a** [^1]: no note", "a: no note"),
        ("# Report\n[^1]: By the surveyor.", "# Report\n- By the surveyor."),
        ("One. <!-- TODO: ask\nthe clerk --> Two.", "One. \n Two."),
        ("![plan of the pier](pier.png) **x**", "plan of the pier x"),
        ("[![build](a.svg)](https://example.org) passes", "build passes"),
        ("- [ ] print tickets\n- [x] tell them", "- print tickets\n- tell them"),
        ("It is <b>so</b>.<br>And <sup>2</sup> **x**", "It is so. And 2 x"),
        (r"Not \*so\* but **so**", "Not *so* but so"),
    ],
)
def test_marks_are_not_read(written: str, read: str) -> None:
    assert plain_markdown(written) == (read, 0)


@pytest.mark.parametrize(
    "text",
    [
        "Python has __init__ and *args.",
        "2 * 3 * 4 is 24, and a_b_c is a name.",
        "He said [sic] that [1] it is (so).",
        "A list:\n* one\n* two\n",
        "# Title\n2*3*4 and snake_case_name and a * b * c\n",
        "# Title\n```\n**kept** [a](b) <!-- kept -->\n```\n",
        "# Title\nThe call `f(**x)` and `[a](b)` stay.",
        "# Title\n| a | b |\n|---|---|\n",
        "# Title\nAn unclosed <!-- comment stays, and ** so does this.",
    ],
)
def test_other_texts_and_code_stay_as_they_are(text: str) -> None:
    assert plain_markdown(text) == (text, 0)


def test_lines_keep_their_numbers() -> None:
    text = "# Notes\n\n<!-- one\ntwo\nthree -->\n\nThe [board](a) met **on\nMonday**.\n"
    assert plain_markdown(text)[0].count("\n") == text.count("\n")
    document = parse_document(text.encode(), "note.md")
    assert document.text.replace("on\n", "on ") == "# Notes\n\nThe board met on Monday."
    assert document.line_at(document.text.index("The board")) == 7


def test_a_picture_in_the_text_is_reported() -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgo" * 500
    text = f"The board met.\n\n![plan]({picture})\n\n[two]: {picture}\n\nIt was late."
    document = parse_document(text.encode(), "note.md")
    assert len(document.text) < 100
    assert document.warnings == ("2 pictures written into note.md as text cannot be read",)


@pytest.mark.parametrize("piece", ["**a ", "[a](", "<!--", "![", "_a ", "[[", "\\*", "~~a", "`"])
def test_hostile_text_takes_no_time(piece: str) -> None:
    start = time.monotonic()
    plain_markdown("# T\n" + piece * 20_000)
    assert time.monotonic() - start < 5


def test_code_in_links_and_between_marks_stays_code():
    text = "See [`cli.md`](cli.md), **the `x_y_z` option** and `[a](b)`.\n\n# A heading\n"
    assert plain_markdown(text)[0].startswith("See `cli.md`, the `x_y_z` option and `[a](b)`.\n")


def test_characters_that_stand_for_code_cannot_be_smuggled_in():
    text = "# A heading\n\nNo \ue0000\ue001 code, `one` code.\n"
    assert plain_markdown(text)[0] == "# A heading\n\nNo 0 code, `one` code.\n"
