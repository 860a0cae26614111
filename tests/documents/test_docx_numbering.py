from __future__ import annotations

import pytest
import word

from longsum.documents.docx_numbering import Numbering, written_number

LEVEL = (
    '<w:lvl w:ilvl="{at}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>{style}'
    '<w:lvlText w:val="{text}"/></w:lvl>'
)


def level(at: int, form: str, text: str, start: int = 1, style: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return LEVEL.format(at=at, form=form, text=text, start=start, style=named)


def numbering(levels: str, lists: str = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'):
    shared = f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
    return Numbering(word.xml(f"<w:numbering>{shared}{lists}</w:numbering>"))


def test_levels_are_counted_within_one_another() -> None:
    lists = numbering(level(0, "decimal", "%1.") + level(1, "lowerLetter", "%1.%2)"))
    places = [0, 1, 1, 0, 1]
    assert [lists.label("1", at) for at in places] == ["1.", "1.a)", "1.b)", "2.", "2.a)"]


def test_list_begins_where_it_is_told() -> None:
    assert numbering(level(0, "upperRoman", "§ %1", start=4)).label("1", 0) == "§ IV"


def test_lists_of_one_definition_go_on_unless_one_restarts() -> None:
    number = '<w:num w:numId="{}"><w:abstractNumId w:val="0"/>{}</w:num>'
    restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    lists = numbering(
        level(0, "decimal", "%1."),
        number.format(1, "") + number.format(2, "") + number.format(3, restart),
    )
    assert [lists.label(each, 0) for each in "1123"] == ["1.", "2.", "3.", "1."]


def test_bullets_are_written_as_one_and_no_number_as_none() -> None:
    lists = numbering(level(0, "bullet", "\uf0b7") + level(1, "none", ""))
    assert (lists.label("1", 0), lists.label("1", 1)) == ("•", "")


def test_level_is_found_by_the_style_it_numbers() -> None:
    lists = numbering(
        level(0, "decimal", "%1", style="Heading1") + level(1, "decimal", "%1.%2", style="H2")
    )
    assert (lists.level_of("1", "H2"), lists.level_of("1", "other")) == (1, 0)


def test_unknown_list_has_bullets() -> None:
    assert Numbering(None).label("7", 3) == "•"
    assert Numbering(None).label("7", 99999) == "•"


@pytest.mark.parametrize(
    ("count", "form", "expected"),
    [
        (4, "decimal", "4"),
        (4, "decimalZero", "04"),
        (28, "lowerLetter", "bb"),
        (3, "upperLetter", "C"),
        (1994, "upperRoman", "MCMXCIV"),
        (4, "lowerRoman", "iv"),
        (99999, "upperRoman", "99999"),
        (99999, "lowerLetter", "99999"),
        (3, "none", ""),
    ],
)
def test_number_is_written_in_its_form(count: int, form: str, expected: str) -> None:
    assert written_number(count, form) == expected
