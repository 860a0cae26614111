from __future__ import annotations

import textwrap

import pytest

from longsum.documents.line_numbers import without_line_numbers
from longsum.documents.read import parse_document

PROSE = " ".join(
    "The harbour board met on Monday to decide about the new ferry. Its members had read the "
    "report of the surveyor, and most of them doubted it. The vote was put off till spring."
    for _ in range(12)
)
LINES = textwrap.wrap(PROSE, 60)


def numbered(form: str, *, first: int = 1, step: int = 1, per_page: int = 10_000) -> str:
    lines = []
    for at, line in enumerate(LINES):
        number = at % per_page + first
        feed = "\f" if at and at % per_page == 0 else ""
        shown = str(number) if number % step == 0 else ""
        lines.append(feed + form.format(number=shown, text=line).rstrip())
    return "\n".join(lines)


FORMS = {
    "one space": "{number} {text}",
    "right-aligned": "{number:>4}  {text}",
    "tab": "{number}\t{text}",
    "colon": "{number}: {text}",
    "right": "{text:<64}{number}",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("first", [1, 97])
def test_numbers_of_each_line_are_left_out_with_a_warning(form: str, first: int) -> None:
    document = parse_document(numbered(form, first=first).encode(), "a.txt")
    assert document.text == PROSE
    (warning,) = document.warnings
    last = first + len(LINES) - 1
    assert f"line numbers ({first}-{last}) at the edge of {len(LINES)} lines" in warning


@pytest.mark.parametrize("form", ["{number:>4}  {text}", "{text:<64}{number}"])
def test_numbers_of_each_fifth_line_are_left_out(form: str) -> None:
    assert parse_document(numbered(form, step=5).encode(), "a.txt").text == PROSE


def test_numbers_may_begin_again_on_each_page() -> None:
    document = parse_document(numbered("{number:>3} {text}", per_page=6).encode(), "a.txt")
    assert document.total_pages == (len(LINES) + 5) // 6
    assert document.text.split() == PROSE.split()


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{n} Item number {n}" for n in range(1, 30)),
        "\n".join(f"{n}. The board met, and then\n   it went home." for n in range(1, 30)),
        "\n".join(f"{n * n} crowns were paid for the ferry" for n in range(1, 30)),
        "\n".join(str(n) for n in range(1, 30)),
        "\n".join(LINES),
        "\n".join(["1 and only", "2 are not enough", "3 to be sure"]),
        "\n".join(f"{year} the board met" for year in (1990, 1991, 1993, 1994, 1998, 2001, 2004)),
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert without_line_numbers(text) == (text, None)
