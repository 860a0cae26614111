from __future__ import annotations

from longsum.documents.breaks import Joiner, Placed
from longsum.documents.lines import Box, Line, Link
from longsum.documents.order import reading_order, split_notes
from longsum.documents.paragraphs import flow_pages, flow_text
from longsum.documents.repeats import drop_running


def line(text: str, y: float, *, x: float = 72, size: float = 11, width: float = 300) -> Line:
    """Return a line of `width` points; its letters share it evenly."""
    return Line(text, Box(x, x + width, y, size))


LONG = "these words fill the whole of the line from edge to edge"


def test_a_first_line_indent_begins_a_paragraph() -> None:
    lines = [
        line(LONG, 700),
        line(LONG + ".", 686),
        line(LONG, 672, x=84, width=288),
        line(LONG, 658),
    ]
    assert flow_pages([lines]).text == f"{LONG} {LONG}.\n\n{LONG} {LONG}"


def test_a_hanging_indent_does_not() -> None:
    lines = [line("Held " + LONG, 700), *(line(LONG, y, x=82, width=290) for y in (686, 672))]
    assert "\n" not in flow_pages([lines]).text


def test_pieces_of_one_line_are_put_together() -> None:
    lines = [line("f(x", 700, width=20), line(")", 698, x=92.5, width=4), line(LONG, 670)]
    assert flow_pages([lines]).text.startswith("f(x)")


def test_a_wrapped_heading_in_the_middle_is_one_line() -> None:
    a = line("A LONG HEADING IN THE MIDDLE OF", 700, x=80, width=280)
    b = line("THE PAGE", 686, x=180, width=80)
    body = [line(LONG, y) for y in (660, 646, 632)]
    assert flow_pages([[a, b, *body]]).text.startswith(
        "A LONG HEADING IN THE MIDDLE OF THE PAGE\n\n"
    )


def test_a_numeral_in_the_middle_is_a_heading() -> None:
    lines = [line("II", 700, x=218, width=9), *(line(LONG, y) for y in (686, 672, 658))]
    assert flow_pages([lines]).text.startswith("II\n\n")


def test_text_set_flush_right_is_joined() -> None:
    lines = [line(LONG, 700 - 14 * i, x=72 + 7 * i, width=300 - 7 * i) for i in range(8)]
    assert "\n" not in flow_pages([lines]).text


def test_links_know_columns() -> None:
    placed = [Placed(line(LONG, 100), 0, 1), Placed(line("and so on", 700, x=400), 0, 2)]
    assert Joiner(placed).links() == [Link.JOIN]


def test_blank_pages_are_empty_and_in_place() -> None:
    flow = flow_pages([[], [line("One.", 700)], [], [line("Two.", 700)], []])
    assert flow.text == "One.\n\nTwo."
    assert flow.bounds == ((0, 0), (0, 4), (4, 4), (6, 10), (10, 10))
    assert flow_pages([]).bounds == ()
    assert flow_text([]).text == ""


def test_notes_do_not_interrupt_sentences_that_continue() -> None:
    body = [line("It was so. The rest of this sentence is found further on, after a", 700)]
    notes = [line("1 See the book.", 600, size=8, width=80)]
    flow = flow_pages([[*body, *notes], [line("page has been turned.", 700, width=120)]])
    assert flow.text.endswith(
        "The rest of this sentence is found further on, after a page has been turned."
    )
    assert flow.text.index("1 See the book.") < flow.bounds[0][1]


def test_notes_of_two_columns_leave_the_text_whole() -> None:
    left = [line(LONG, y, width=200) for y in (700, 686, 672)]
    note = [line("1 A note.", 650, size=8, width=60)]
    right = [line(LONG, y, x=320, width=200) for y in (700, 686)]
    body, notes = split_notes([*left, *note, *right], unfinished=False)
    assert notes == note
    assert body == [*left, *right]


def test_the_order_of_the_file_is_kept_where_the_layout_agrees() -> None:
    lines = [line(LONG, y) for y in (700, 686, 672)]
    assert reading_order(lines) == lines


def test_running_rows_are_distinguished_from_captions_and_first_lines() -> None:
    pages = [
        [
            line(f"{n} THE RIVER", 750),
            line(f"Table {n}", 720),
            line("abcdef"[n - 1] + LONG, 700),
            line("x", 20),
        ]
        for n in range(1, 7)
    ]
    kept = drop_running(pages)
    assert [[row.text for row in page] for page in kept] == [
        [f"Table {n}", "abcdef"[n - 1] + LONG] for n in range(1, 7)
    ]


def test_a_single_page_has_no_running_rows() -> None:
    page = [line("THE RIVER", 750), line(LONG, 700)]
    assert drop_running([page]) == [page]


def test_a_reader_that_knows_its_paragraphs_is_not_judged() -> None:
    box = Box(0, 20, 0, 1)
    lines = [
        Line("The clerk reads", box, 1, link=Link.JOIN, place="00:00:01"),
        Line("the report.", box, 2, link=Link.PARAGRAPH, place="00:00:04"),
        Line("An item", box, 3, link=Link.NEWLINE, place="00:00:09"),
        Line("and another", box, 4, place="00:00:09"),
    ]
    text = "The clerk reads the report.\n\nAn item\nand another"
    places = ((0, "00:00:01"), (16, "00:00:04"), (29, "00:00:09"))
    flow = flow_text(lines)
    assert (flow.text, flow.places) == (text, places)
    assert flow_pages([lines], keep_shapes=True).text == text


def test_entries_of_a_table_of_contents_are_lines_and_end_with_the_page() -> None:
    entries = ["Market research 98", "Evaluating bids 106", "Verbal questions for bidders 136"]
    first = [line(text, 700 - 14 * i) for i, text in enumerate(entries)]
    second = [line("Only 13 percent of the boats " + LONG, 700), line(LONG + ".", 686)]
    text = flow_pages([first, second]).text
    assert text.splitlines()[:3] == entries
    assert "136\n\nOnly 13 percent" in text


def test_lines_of_prose_that_end_with_numbers_are_joined() -> None:
    lines = [line("The first meeting of the board of the harbour was held on May 3", 700),
             line("The second meeting of the board of the harbour was on May 9", 686),
             line("and no other followed.", 672, width=120)]  # fmt: skip
    assert "\n" not in flow_pages([lines]).text
