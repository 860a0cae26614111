from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.documents.clean import BROKEN, clean_characters, clean_line, glue, vocabulary
from longsum.terminal import escape_for_terminal

NONE: Counter[str] = Counter()


def met(before: str, after: str, words: Counter[str] = NONE) -> str:
    return "".join(glue(before, after, words)) + after


def test_pdfium_marks_become_one_mark_for_broken_words() -> None:
    assert clean_line("infor\u0002") == clean_line("infor\ufffe ") == "infor" + BROKEN
    assert clean_line("in\u00adfor mation") == "infor mation"


def test_ligatures_are_folded_but_formulas_are_not() -> None:
    assert clean_characters("ef\ufb01cient \ufb02ow, o\ufb03ce") == "efficient flow, office"
    assert clean_characters("x² ≤ ½ ℝ ﬁ") == "x² ≤ ½ ℝ fi"


def test_control_characters_go() -> None:
    dirty = "a\x00b\x1b[31mc\x7f\x9b31md\u202ee\u2066f\u200bg\ufeffh\ti\nj"
    assert clean_characters(dirty) == "abcdefgh\ti\nj"
    assert clean_characters("a\r\nb\rc\u2028d\x85e\u00a0f") == "a\nb\nc\nd\ne f"


def test_joiners_that_scripts_need_stay() -> None:
    assert clean_characters("می\u200cخواهم") == "می\u200cخواهم"


def test_bullets_of_symbol_fonts_become_bullets() -> None:
    assert clean_line("\uf0b7 first") == "• first"


def test_escape_for_terminal_shows_what_it_disarms() -> None:
    assert escape_for_terminal("a\x1b[2Jb\u202ec\x9b\r\ud800") == (
        "a\\x1b[2Jb\\u202ec\\x9b\\x0d\\ud800"
    )
    assert escape_for_terminal("é\n\t漢字 ok") == "é\n\t漢字 ok"


@given(st.text())
def test_nothing_alive_gets_through(text: str) -> None:
    for safe in (escape_for_terminal(text), clean_characters(text)):
        assert not any((ord(c) < 0x20 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 for c in safe)
        assert not set(safe) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ("regula" + BROKEN, "tions were", "regulations were"),
        ("regula-", "tions were", "regulations were"),
        ("plain", "words", "plain words"),
        ("self" + BROKEN, "insurance", "self-insurance"),
        ("pp. 1198-", "1205", "pp. 1198-1205"),
        ("737–", "9 airplanes", "737–9 airplanes"),
        ("a dash -", "so", "a dash - so"),
        ("Smith-", "Jones", "Smith-Jones"),
        ("DEPART-", "MENT", "DEPARTMENT"),
        ("https://", "example.org", "https://example.org"),
        ("me@", "example.org", "me@example.org"),
        ("word—", "another", "word—another"),
        ("我们在", "这里", "我们在这里"),
    ],
)
def test_how_lines_meet(before: str, after: str, result: str) -> None:
    assert met(before, after) == result


def test_the_documents_own_spelling_decides() -> None:
    words = vocabulary(["the harmless-error rule", "a reelection, a claimant"])
    assert met("harmless-", "error", words) == "harmless-error"
    assert met("re-", "election", words) == "reelection"
    words = vocabulary(["word by word"])
    assert met("word-by-", "word", words) == "word-by-word"


def test_halves_of_broken_words_are_not_words() -> None:
    words = vocabulary(["the adjudica" + BROKEN, "tion was fair"])
    assert words["adjudica"] == words["tion"] == 0
    assert words["fair"] == 1


def test_terminal_sequences_go_whole() -> None:
    colours = "a\x1b[31mred\x1b[0m b\x9b1;4mc\x9b0m d\x1b]0;title\x07e\x1b]8;;http://x\x1b\\f"
    assert clean_characters(colours) == "ared bc def"
    assert clean_characters("open\x1b]0;never closed\nnext") == "open\nnext"
