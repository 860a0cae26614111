from __future__ import annotations

from collections.abc import Sequence

import pdfs
import pytest

from longsum.documents.read import parse_document

LINES = pdfs.wrapped(" ".join([pdfs.WORDS] * 4))


def read(drawn: Sequence[tuple[float, float, str]]) -> tuple[str, tuple[str, ...]]:
    paper, out = pdfs.canvas()
    paper.setFont("Times-Roman", pdfs.SIZE)
    for left, height, text in drawn:
        paper.drawString(left, height, text)
    paper.save()
    document = parse_document(out.getvalue(), "a.pdf")
    return " ".join(document.text.split()), document.notes


def at(index: int) -> float:
    return 720 - 22.0 * index


@pytest.mark.parametrize(("first", "step"), [(1, 1), (101, 1), (5, 5)])
@pytest.mark.parametrize("left", [40, 520])
def test_numbers_beside_lines_are_removed(first: int, step: int, left: float) -> None:
    """`Its members 102 had read the report`: numbers were within the cited sentences."""
    drawn = [(72.0, at(i), line) for i, line in enumerate(LINES)]
    for i in range(len(LINES)):
        if (i + 1) % step == 0:
            drawn.append((left, at(i), str(first + i if step == 1 else i + 1)))
    text, notes = read(drawn)
    assert text == " ".join([pdfs.WORDS] * 4)
    assert notes == ("left out line numbers on page 1",)


def test_a_column_of_numbers_drawn_first_is_removed() -> None:
    numbers = [(40.0, 720 - 24.0 * i, str(i + 1)) for i in range(28)]
    text, _ = read([*numbers, *((90.0, 720 - 24.0 * i, line) for i, line in enumerate(LINES))])
    assert text == " ".join([pdfs.WORDS] * 4)


def test_a_numbered_list_stays() -> None:
    items = [
        f"{i} The clerk shall keep book number {i} of the harbour in good order."
        for i in range(1, 16)
    ]
    text, notes = read([(72, at(i), item) for i, item in enumerate(items)])
    assert all(item in text for item in items)
    assert not notes


def test_a_table_with_numbered_rows_stays() -> None:
    rows = [f"{i} rope of hemp, ninety metres {i}5.00" for i in range(1, 16)]
    text, _ = read([(72, at(i), row) for i, row in enumerate(rows)])
    assert all(row in text for row in rows)


def test_a_list_whose_items_are_wrapped_keeps_its_numbers() -> None:
    lines = [f"{1 + i // 3} {line}" if i % 3 == 0 else line for i, line in enumerate(LINES)]
    text, notes = read([(72, at(i), line) for i, line in enumerate(lines)])
    assert f"{1 + (len(LINES) - 1) // 3} " in text
    assert not notes
