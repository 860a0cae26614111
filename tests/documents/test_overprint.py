from __future__ import annotations

import pdfs

from longsum.documents.lines import Box, Line
from longsum.documents.overprint import drawn_once
from longsum.documents.read import parse_document


def line(text: str, left: float, height: float, *, size: float = 10) -> Line:
    return Line(text, Box(left, left + 0.5 * size * len(text), height, size))


def test_a_block_drawn_again_as_its_shadow_is_read_once() -> None:
    """A whole block drawn after itself came twice, so that a summary had its sentences twice."""
    paper, out = pdfs.canvas()
    lines = pdfs.wrapped(pdfs.WORDS)
    for offset in (0.0, 0.7):
        pdfs.draw(paper, lines, x=pdfs.LEFT + offset, y=pdfs.TOP - offset)
    paper.save()
    assert parse_document(out.getvalue(), "a.pdf").text == pdfs.WORDS


def test_recognized_text_over_real_text_is_read_once() -> None:
    real = [line("The harbour board met on Monday", 72, 700), line("to decide.", 72, 686)]
    recognized = [line("The harhour board rnet on Monday", 71, 698, size=9.5)]
    assert drawn_once([*real, *recognized]) == real


def test_pieces_over_their_whole_line_go() -> None:
    whole = line("The harbour board met on Monday", 72, 700)
    pieces = [line("The harbour", 72, 700.5), line("board met on Monday", 132, 700)]
    assert drawn_once([whole, *pieces]) == [whole]
    assert drawn_once([*pieces[1:], whole]) == [whole]


def test_the_same_words_elsewhere_stay() -> None:
    lines = [line("Paid by transfer", 72, 700), line("Paid by transfer", 300, 700)]
    lines += [line("Paid by transfer", 72, 686)]
    assert drawn_once(lines) == lines


def test_parts_of_a_formula_stay() -> None:
    lines = [line("det(Aij)", 72, 700), line("det A", 74, 697), line("n", 72, 703, size=6)]
    lines += [line(".", 90, 700), line(".", 90, 697)]
    assert drawn_once(lines) == lines
