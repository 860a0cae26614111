from __future__ import annotations

import pdfs
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth

from longsum.documents.letters import Glyph, closed_up, joined_cjk, may_be_spaced, with_accents
from longsum.documents.read import parse_document

PIECES = [
    "L'Universit",
    "´e",
    " de la R",
    "´e",
    "gion, l",
    "`a",
    " o",
    "ˆu",
    " la ville p",
    "¨o",
    "se.",
]


def spaced(text: str, pitch: float, word: float) -> list[Glyph]:
    """Return letters 8 points wide, `pitch` apart, their words `word` apart."""
    glyphs: list[Glyph] = []
    left = 0.0
    for part in text.split():
        for letter in part:
            glyphs += [Glyph(letter, left, left + 8), Glyph(" ", left + 8, left + 8 + pitch)]
            left += 8 + pitch
        left += word - pitch
    return glyphs[:-1]


@pytest.mark.parametrize("order", ["before", "after", "at the end"])
def test_accents_drawn_beside_their_letters_are_put_on_them(order: str) -> None:
    """LaTeX draws an accent and its letter apart: `Universit´e`."""
    paper, out = pdfs.canvas()
    paper.setFont("Times-Roman", pdfs.SIZE)
    x = float(pdfs.LEFT)
    later: list[tuple[float, str]] = []
    for piece in PIECES:
        accent = piece[0] if piece[0] in "´`ˆ¨" else ""
        rest = piece[len(accent) :]
        width = stringWidth(rest, "Times-Roman", pdfs.SIZE)
        where = x + (width - stringWidth(accent, "Times-Roman", pdfs.SIZE)) / 2
        if order == "before" and accent:
            paper.drawString(where, pdfs.TOP, accent)
        paper.drawString(x, pdfs.TOP, rest)
        if order == "after" and accent:
            paper.drawString(where, pdfs.TOP, accent)
        later.append((where, accent))
        x += width
    if order == "at the end":
        for where, accent in later:
            paper.drawString(where, pdfs.TOP, accent)
    paper.save()
    text = parse_document(out.getvalue(), "a.pdf").text
    assert text == "L'Université de la Région, là oû la ville pöse."


def test_a_space_for_an_accent_goes_and_one_between_words_stays() -> None:
    near = [Glyph("t", 0, 4), Glyph(" ", 4, 4, False), Glyph("´", 4.5, 7), Glyph("e", 4, 9)]
    assert "".join(g.char for g in with_accents(near)) == "té"
    far = [Glyph("u", 0, 5), Glyph(" ", 7, 7, False), Glyph("¸", 8, 10), Glyph("S", 7.5, 12)]
    assert "".join(g.char for g in with_accents(far)) == "u Ş"


def test_accents_that_are_characters_stay() -> None:
    code = [Glyph("`", 0, 3), Glyph("a", 3, 8), Glyph("`", 8, 11)]
    assert with_accents(code) == code


def test_spaced_headings_are_words_and_keep_their_gaps() -> None:
    assert closed_up(spaced("THE HUMAN SIDE", 4, 14), 16) == "THE HUMAN SIDE"
    assert may_be_spaced("T H E H U M A N")
    assert not may_be_spaced("B = { Br(x) | r ∈ Q }")
    assert not may_be_spaced("Plan A or B")


def test_alphabets_and_columns_are_not_words() -> None:
    assert closed_up(spaced("ABCDEFGH", 4, 14), 16) is None
    assert closed_up(spaced("TABLES", 40, 40), 16) is None
    assert closed_up(spaced("àÀâÂäÄçÇéÉ", 4, 14), 16) is None


def test_chinese_characters_set_apart_are_joined() -> None:
    assert joined_cjk("关 于 红 军 作 战 的 原 则") == "关于红军作战的原则"
    assert joined_cjk("东北电气 2018 年 第一季度报告") == "东北电气 2018 年 第一季度报告"
    assert joined_cjk("no such characters") == "no such characters"
