from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.documents.statements import (
    MAX_PIECE,
    is_statement,
    sentence_spans,
    statement_spans,
)

PROSE = "The cells of the second week were larger than those of the first."
CAPTION = "Cells by week. The bars show the standard error of three measurements."


def stated(text: str) -> list[str]:
    return [text[start:end] for start, end in statement_spans(text)]


@pytest.mark.parametrize(
    "text",
    [
        "The committee met in the morning and heard the report.",
        "“We will not go,” the mayor said to them.",
        "In 2010, Congress enacted the Act (124 Stat. 119) to cover more people.",
        "38 U. S. C. §5103(a) requires the Secretary to notify every claimant.",
        "The Court in Smith v. Jones, 5 U. S. 1 (1803), held that the tax was void.",
        "Table 1 shows a sample of the structure in which we are interested.",
        "1. The framework conflicts with the requirement of the statute.",
        "The President fired the director on the ninth of May.42",
        "我们在今天的会议上讨论了这条河的问题。",
    ],
)
def test_statements(text: str) -> None:
    assert is_statement(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I",
        "Held:",
        "He came.",
        "and so they went on to the river.",
        "The committee met in the morning and heard the report",
        "SUPREME COURT OF THE UNITED STATES OF AMERICA.",
        "The Origins And Growth Of River Law.",
        "6.1 Overview . . . . . . . . . . . . . . . . . . . . 8.",
        "Public Statements that he had No Connection to Russia . . . 58 4.",
        "President Trump has Dinner with FBI Director Comey . . . .",
        "Figure 3: The river at the bridge in the spring of that year.",
        "Table 2. The height of the water in feet by month.",
        "(B) Size of the cells in the first and in the second week.",
        "(C, D) Cells of the first and of the second week, side by side.",
        "Scale bars: 100 µm in all of the upper panels, 20 µm below.",
        "[12] A. Smith and B. Jones. The law of rivers. Journal of Water, 1999.",
        "Smith, J. R. (2004). The law of rivers and lakes. River Press.",
        "See United States v. Detroit Timber & Lumber Co., 200 U. S. 321, 337.",
        "Brown v. Board of Education, 347 U. S. 483 (1954).",
        "38 U. S. C. §5103(a); 38 CFR §3.159(b) (2008).",
        "Brief for United States 50 and see also id., at 7.",
        "6 In an attempt to recast the mandate, the dissent suggests otherwise.",
        "146Yates told the lawyers about it in the afternoon.",
        "12 + 34 = 46, 56 / 7 = 8, 9 * 9 = 81, and 3 - 2 = 1.",
        "One line of the text\nand another line of it.",
        "Word " * 130 + "end.",
        "你好。",
    ],
)
def test_no_statements(text: str) -> None:
    assert not is_statement(text)


@pytest.mark.parametrize(
    "line",
    [
        f"Figure 3. {CAPTION}",
        f"Fig. S2: {CAPTION}",
        f"TABLE 1.2 | {CAPTION}",
        f"Supplementary Video 1: {CAPTION}",
        f"Figure 3. ({CAPTION})",
    ],
)
def test_all_sentences_of_a_caption_are_left_out(line: str) -> None:
    assert stated(f"{PROSE}\n{line}\n{PROSE}") == [PROSE, PROSE]


def test_a_sentence_that_begins_with_a_figure_is_not_a_caption() -> None:
    text = f"Figure 1A shows the cells of every week that was measured. {PROSE}"
    assert len(stated(text)) == 2


def test_a_sentence_before_a_glued_caption_is_whole_and_the_caption_is_left_out() -> None:
    """In open-access papers, `… first.10.7554/eLife.001Figure 2.Cells` came as one sentence."""
    label = "10.7554/eLife.00013.006Figure 2—figure supplement 1."
    tail = ".DOI: http://dx.doi.org/10.7554/eLife.00013.006"
    line = f"{PROSE} {PROSE}{label}{CAPTION[:-1]}{tail}{label}{CAPTION}"
    assert stated(f"{line}\n{PROSE}") == [PROSE] * 3


def test_text_continues_after_a_glued_identifier() -> None:
    assert stated(f"{PROSE}DOI: http://dx.doi.org/10.7554/eLife.00013.006 {PROSE}") == [PROSE] * 2


def test_an_identifier_with_a_space_before_it_is_left_in_its_sentence() -> None:
    text = "The data were put at https://doi.org/10.7554/eLife.00013 by the authors."
    assert stated(text) == [text]


def test_the_number_of_a_list_item_is_left_out() -> None:
    assert stated(f"1. {PROSE}\n• {PROSE}\n(a) {PROSE}") == [PROSE] * 3


@given(st.text(alphabet="aA1 .:?!\n“”()。Figure10/doi"))
def test_statements_rise_and_stay_within_lines(text: str) -> None:
    spans = list(statement_spans(text))
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
    assert all("\n" not in text[a:b] for a, b in spans)


# ---- what a question may be about


def asked(text: str) -> list[str]:
    return [text[a:b] for a, b in sentence_spans(text)]


@pytest.mark.parametrize(
    "line",
    [
        "Marie Curie won the Nobel Prize in Physics in Stockholm.",
        "The ticket cost $40.",
        "Chair: Ruth Feld.",
        "Decided April 21, 2009",
        "Report of the Commission",
        "Figure 2: The port of Westhaven.",
        "See Kotteakos v. United States, 328 U. S. 750, 760.",
        "and then nothing came",
    ],
)
def test_every_line_with_words_may_answer_a_question(line: str) -> None:
    """Sentences dense in names, and short ones, were thrown away before anyone looked."""
    assert asked(f"{PROSE}\n{line}\n{PROSE}") == [PROSE, line, PROSE]


def test_lines_without_a_letter_say_nothing() -> None:
    assert asked("12\n* * *\n3.5 7.1 9.0") == []


def test_a_long_line_that_is_not_prose_is_cut_between_words() -> None:
    table = " ".join(f"Row{n} {n}" for n in range(400))
    pieces = asked(table)
    assert max(map(len, pieces)) <= MAX_PIECE
    assert " ".join(pieces) == table
    prose = "The committee met " + "and met again " * 30 + "in the old town hall."
    assert asked(prose) == [prose]


@given(st.text(alphabet="aA1 .:?!\n“”()。Figure10/doi"))
def test_sentences_rise_and_stay_within_lines(text: str) -> None:
    spans = list(sentence_spans(text))
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
    assert all("\n" not in text[a:b] for a, b in spans)


@pytest.mark.parametrize("note", ["7", "12", "103"])
def test_number_of_a_note_is_left_out_of_a_statement(note: str) -> None:
    text = f"The media raised questions about the harbour wall.{note} The board did not reply."
    assert stated(text)[0] == "The media raised questions about the harbour wall."
    assert stated("It said “the wall of the harbour is too low.”9")[0].endswith("low.”")


def test_number_that_belongs_to_a_statement_stays() -> None:
    text = "The new wall of the harbour is as high as 3.5 feet."
    assert stated(text) == [text]


def test_note_that_begins_with_an_article_is_no_statement() -> None:
    assert not is_statement("10 A control law generates commands for the rudder of the ship.")
