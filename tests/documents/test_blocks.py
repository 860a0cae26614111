from __future__ import annotations

from longsum.documents.blocks import (
    HARD_BREAK,
    MAX_CELL,
    Block,
    Kind,
    clean_blocks,
    lines_of_blocks,
    places_by_heading,
    row_blocks,
    shortened,
)
from longsum.documents.paragraphs import flow_known

HEADING, ITEM, ROW, TEXT = Kind.HEADING, Kind.ITEM, Kind.ROW, Kind.TEXT


def texts(blocks: list[Block]) -> list[str]:
    return [block.text for block in blocks]


def test_white_space_and_control_characters_are_cleaned() -> None:
    assert texts(clean_blocks(" a\t b\n\x1b[31mc\u00ad\u202e ")) == ["a b c"]
    assert clean_blocks(" \n \u00a0") == []


def test_hard_break_stays_where_a_line_is_meant() -> None:
    assert texts(clean_blocks(f"3 Quay Street{HARD_BREAK}Town")) == ["3 Quay Street\nTown"]
    assert texts(clean_blocks(f"The ferry{HARD_BREAK}left.")) == ["The ferry left."]
    assert texts(clean_blocks(f"It left.{HARD_BREAK}{HARD_BREAK}So it did.")) == [
        "It left.",
        "So it did.",
    ]
    assert texts(clean_blocks(f"Fares{HARD_BREAK}And Fees", HEADING)) == ["Fares And Fees"]


def test_marker_goes_before_the_first_paragraph_of_an_item() -> None:
    assert clean_blocks(f"One.{HARD_BREAK}{HARD_BREAK}Two.", ITEM, "•") == [
        Block("• One.", ITEM),
        Block("Two."),
    ]


def test_items_and_rows_follow_one_another_without_an_empty_line() -> None:
    blocks = [Block("• a", ITEM), Block("• b", ITEM), Block("c | d", ROW), Block("e | f", ROW)]
    blocks += [Block("Text.\nIts second line."), Block("More.")]
    text = flow_known([lines_of_blocks(blocks)]).text
    assert text == "• a\n• b\n\nc | d\ne | f\n\nText.\nIts second line.\n\nMore."


def test_short_cells_make_a_row_and_passages_do_not() -> None:
    a, b, empty = [Block("a")], [Block("b")], list[Block]()
    assert row_blocks([a, empty, b]) == [Block("a |  | b", ROW)]
    assert row_blocks([empty, a]) == a
    assert row_blocks([a, [*b, *a]]) == [*a, *b, *a]
    passage = [Block("x" * (MAX_CELL + 1))]
    assert row_blocks([a, passage]) == [*a, *passage]
    assert row_blocks([empty, empty]) == []


def test_places_count_paragraphs_below_a_heading_and_a_table_once() -> None:
    kinds = [TEXT, HEADING, TEXT, ROW, ROW, TEXT, HEADING]
    blocks = [Block(f"b{number}", kind) for number, kind in enumerate(kinds)]
    assert list(places_by_heading(blocks)) == [
        "¶ 1",
        "§ “b1”",
        "§ “b1” ¶ 1",
        "§ “b1” ¶ 2",
        "§ “b1” ¶ 2",
        "§ “b1” ¶ 3",
        "§ “b6”",
    ]


def test_lines_have_the_number_of_the_paragraph_that_places_count() -> None:
    header, note = Block("h", aside="header"), Block("n", aside="note 1")
    blocks = [header, Block("a"), Block("b", ROW), note, Block("c", ROW), Block("d")]
    assert [line.source for line in lines_of_blocks(blocks)] == [1, 1, 2, 2, 2, 3]
    assert list(places_by_heading(blocks)) == [
        "header",
        "¶ 1",
        "¶ 2",
        "¶ 2, note 1",
        "¶ 2",
        "¶ 3",
    ]


def test_long_title_is_cut_after_a_word() -> None:
    assert shortened("Short\ntitle") == "Short title"
    long = shortened("word " * 40)
    assert long.endswith("word…")
    assert len(long) <= 60
    assert shortened("漢" * 300) == "漢" * 59 + "…"
