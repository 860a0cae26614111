"""What is printed breaks between words on a terminal, and is plain in a pipe."""

from __future__ import annotations

import pytest
from helpers import report_pdf, run
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from terminal import on_terminal

from longsum.cli.wrapping import WordWrap

TEXT = (
    "The window of a model is thus not a hard limit, Position Interpolation stretches it. [p. 3] "
    "A second sentence follows here. [no support found]"
)


def wrapped(text: str, width: int, pieces: int = 1) -> str:
    wrap = WordWrap(width)
    size = max(1, -(-len(text) // pieces))
    out = [wrap.push(text[i : i + size]) for i in range(0, len(text), size)]
    return "".join(out) + wrap.finish()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("pieces", [1, 7, 50, 200])
def test_lines_break_between_words_however_the_text_comes(width, pieces):
    shown = wrapped(TEXT, width, pieces)
    assert all(cell_len(line) <= width for line in shown.splitlines())
    assert " ".join(shown.split()) == TEXT
    assert shown == wrapped(TEXT, width)


def test_a_reference_is_not_broken():
    for width in range(20, 90):
        shown = wrapped(TEXT, width)
        assert "[p. 3]" in shown
        assert "[no support found]" in shown


def test_last_column_is_used():
    assert wrapped("aaaa bbbb c", 9) == "aaaa bbbb\nc"
    assert wrapped("aaaa bbbb", 9) == "aaaa bbbb"
    assert wrapped("aaaa bbbbb", 9) == "aaaa\nbbbbb"


def test_items_of_a_list_hang():
    text = "- one two three four\n- five six seven"
    assert wrapped(text, 12) == "- one two\n  three four\n- five six\n  seven"


def test_scripts_without_spaces_break_anywhere():
    shown = wrapped("漢字" * 20, 20)
    assert [cell_len(line) for line in shown.splitlines()] == [20] * 4


def test_a_word_longer_than_the_line_is_left_whole():
    assert wrapped("a " + "x" * 50 + " b", 20) == "a\n" + "x" * 50 + "\nb"


def test_spelled_out_escape_sequences_are_words_like_others():
    shown = wrapped("It \\x1b[2J rained \\u202efor days on end.", 20)
    assert shown == "It \\x1b[2J rained\n\\u202efor days on\nend."


@given(st.text("ab [].\n漢-", max_size=80), st.integers(20, 40))
def test_nothing_is_lost_but_spaces_at_breaks(text, width):
    assert "".join(wrapped(text, width).split()) == "".join(text.split())


# ---- the commands


@pytest.fixture(scope="module")
def pdf(tmp_path_factory):
    return report_pdf(tmp_path_factory.mktemp("report") / "report.pdf")


@pytest.mark.parametrize("columns", [40, 80])
def test_answer_and_receipt_wrap_at_words(pdf, columns):
    """Words were cut in two at the last column: `thus n` / `ot a hard limit`."""
    piped = run("summarize", pdf, "--no-cache")
    screen = on_terminal("summarize", pdf, "--no-cache", columns=columns)
    assert screen.exit_code == 0
    lines = [line.split("\r")[-1] for line in screen.text.splitlines()]
    assert max(map(len, lines)) <= columns
    shown = " ".join(" ".join(lines).split())
    assert " ".join(piped.stdout.split()) in shown
    assert "read 701 of 701 tokens (3 pages)" in shown
    assert len(piped.stdout.splitlines()) == 1  # plain in a pipe


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("arguments", [("models", "list"), ("plan",), ("cache", "list")])
def test_other_commands_wrap_at_words(arguments, columns):
    screen = on_terminal(*arguments, columns=columns)
    assert screen.exit_code == 0
    assert max(map(len, screen.text.splitlines())) <= columns


def test_hints_wrap_at_words(pdf):
    screen = on_terminal("summarize", pdf, "--context", "256", columns=40)
    assert max(map(len, screen.text.splitlines())) <= 40
    assert "--context 32768 holds all of it" in " ".join(screen.text.split())


def test_source_under_a_statement_keeps_its_indentation():
    wrap = WordWrap(20)
    shown = wrap.push("    p. 3: one two three four five\nnext\n") + wrap.finish()
    assert shown == "    p. 3: one two\n    three four five\nnext\n"
