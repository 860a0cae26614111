from __future__ import annotations

import re
from dataclasses import replace

import pytest
from helpers import Recorder
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal_report import SOURCE

from longsum.documents.document import Span
from longsum.grounding.grounder import REFUSAL, GroundedSentence, Grounder, answer_sentences
from longsum.grounding.quotations import Quotation
from longsum.grounding.sources import Sources
from longsum.marking import MarkedStream, mark

ANSWER = (
    "Findings:\n\n- Dr. Berg, i.e. Anna Berg, chairs the board. The terminal cost 412 million "
    "euros.\n- Rust etc. The cat sat vs. Anna. It paid No. 5 at 3.14 p.m. on Jan. 3.\n"
    "***\n1. He said: “The dredging has killed the fish. Nobody came back.” Then J. R. R. Smith "
    'left.\n2. He called it "a small loss. Really?" And so on… — Etc. Theodore\nNot in the '
    "document.\n资金不足。他说：「大桥将关闭十四个月。费用很高。」结束了。"
)


class Marker(Grounder):
    """Supports everything and says so with a mark that no text holds."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def ground(self, sentence: str, instructions: object = None) -> GroundedSentence:
        self.seen.append(sentence)
        return GroundedSentence(sentence, 0, len(sentence), reference="@", supported=True)


def stream(pieces: list[str], grounder: Grounder | None = None) -> tuple[MarkedStream, Recorder]:
    heard = Recorder()
    marked = MarkedStream(grounder or Marker(), heard)
    for piece in pieces:
        marked.push(piece)
    marked.finish()
    return marked, heard


def cut(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def without_marks(text: str) -> str:
    return text.replace(" [@]", "")


# ---- the marked stream


@pytest.fixture(scope="module")
def whole() -> MarkedStream:
    return stream([ANSWER])[0]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 40])
def test_marks_do_not_depend_on_how_the_text_is_cut(whole, size):
    marked, heard = stream(cut(ANSWER, size))
    assert "".join(heard.pieces) == marked.marked == whole.marked
    assert marked.sentences == whole.sentences


def test_marks_are_at_the_ends_of_sentences_and_nothing_is_lost(whole):
    assert without_marks(whole.marked) == ANSWER
    ends = [m.start() for m in re.finditer(re.escape(" [@]"), whole.marked)]
    offsets = [end - 4 * number for number, end in enumerate(ends)]
    assert offsets == [sentence.end for sentence in whole.sentences]
    for sentence in whole.sentences:
        assert ANSWER[sentence.start : sentence.end] == sentence.text


def test_sentences_of_the_stream_are_those_of_the_whole_answer():
    grounder = Grounder(SOURCE)
    marked, _ = stream(cut(ANSWER, 3), grounder)
    assert marked.sentences == [
        replace(grounder.ground(ANSWER[start:end]), start=start, end=end)
        for start, end in answer_sentences(ANSWER)
    ]


def test_abbreviations_bullets_and_quotations_stay_whole(whole):
    texts = [sentence.text for sentence in whole.sentences]
    assert texts[:3] == [
        "Findings:",
        "Dr. Berg, i.e. Anna Berg, chairs the board.",
        "The terminal cost 412 million euros.",
    ]
    assert "He said: “The dredging has killed the fish. Nobody came back.”" in texts
    assert "Then J. R. R. Smith left." in texts
    assert "他说：「大桥将关闭十四个月。费用很高。」" in texts
    assert not any("***" in text for text in texts)


def test_word_that_grows_into_a_starter_does_not_misplace_the_mark():
    """`etc. T` was shown before `The` showed that a sentence had ended: its mark split the word."""
    marked, _ = stream(cut("Rust etc. The bridge closed.", 1))
    assert marked.marked == "Rust etc. [@] The bridge closed. [@]"


def test_made_up_quotation_of_two_sentences_is_flagged():
    """Each half was checked alone, without its closing mark, so that neither was a quotation."""
    marked, _ = stream(
        cut("Berg said: “The terminal cost 412 million euros. It will never open.” So it is.", 4),
        Grounder(SOURCE),
    )
    assert "open.” [" in marked.marked
    assert marked.marked.count("[quotation not found]") == 1


def test_text_is_passed_on_while_it_is_written():
    heard = Recorder()
    marked = MarkedStream(Marker(), heard)
    for number, piece in enumerate(["One", " two", " three", ".", " Four", " five"]):
        marked.push(piece)
        if number < 3:
            assert "".join(heard.pieces) == "One two three"[: len("".join(heard.pieces))]
            assert heard.pieces[-1].strip() == piece.strip()
    assert "".join(heard.pieces) == "One two three. [@] Four five"


def test_stray_quotation_mark_holds_back_no_more_than_its_line():
    heard = Recorder()
    marked = MarkedStream(Marker(), heard)
    marked.push("He saw a “sign. It fell. Nobody cared.\nThen it rained. And ")
    assert "".join(heard.pieces).startswith("He saw a “sign. [@] It fell. [@] Nobody cared. [@]")


def test_white_space_alone_gives_nothing():
    marked, heard = stream(["", " ", "\n", "\n "])
    assert (marked.marked, marked.sentences, heard.pieces) == ("", [], [])


PIECES = st.sampled_from(
    ["Dr. ", "J. ", "etc. ", "The ", "they", " ", "\n", "- ", "1. ", "a) ", "No. ", "5", ". ",
     "? ", "!", "…", "“", "”", '"', "«", "»", "「", "」", "。", "？", "天", "word ", "Name ", "x",
     ". . . ", "—", "*", "|", "(", ")", "**Bold** ", "a long enough passage "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30), st.integers(1, 7))
def test_any_text_comes_through_whole_however_it_is_cut(parts, size):
    text = "".join(parts)
    once, _ = stream([text])
    marked, heard = stream(cut(text, size))
    assert marked.marked == once.marked == "".join(heard.pieces)
    assert marked.sentences == once.sentences
    assert without_marks(marked.marked) == text.rstrip()


# ---- the marks


def test_mark_says_where_or_that_there_is_nothing():
    plain = GroundedSentence("It rained.", 0, 10)
    assert mark(replace(plain, supported=True, reference="pp. 3-4")) == " [pp. 3-4]"
    assert mark(plain) == " [no support found]"
    assert mark(replace(plain, supported=True, is_refusal=True)) == ""
    assert mark(replace(plain, supported=True, is_heading=True)) == ""
    false = Quotation("never said so", False, None, None)
    true = Quotation("said so", True, Span(0, 3), "p. 1")
    quoted = replace(plain, supported=True, reference="p. 1", quotations=(true, false))
    assert mark(quoted) == " [p. 1] [quotation not found]"


def test_heading_and_refusal_carry_no_mark_in_an_answer():
    """A lead-in was marked `[no support found]`, although it states nothing."""
    marked, _ = stream(["Findings:\n- Anna Berg chairs the board."], Grounder(SOURCE))
    assert marked.marked == "Findings:\n- Anna Berg chairs the board. [p. 1]"
    marked, _ = stream([REFUSAL], Grounder(SOURCE))
    assert marked.marked == REFUSAL


def test_place_that_says_otherwise_is_the_mark():
    sentence = Grounder(SOURCE).ground("The terminal cost 512 million euros.")
    assert mark(sentence) == " [p. 1 says otherwise]"
    contrary = replace(sentence.contrary, reference="pp. 1-2")
    assert mark(replace(sentence, contrary=contrary)) == " [pp. 1-2 say otherwise]"


@pytest.mark.parametrize("size", [1, 3, 7, 400])
@pytest.mark.parametrize("between", [" ", "\n- ", "\n\n"])
def test_sources_are_on_lines_of_their_own_however_the_text_was_cut(size, between):
    answer = f"Anna Berg chairs the board.{between}The terminal cost 512 million euros. So it was."
    heard = Recorder()
    marked = MarkedStream(Grounder(SOURCE), heard, None, Sources(SOURCE))
    for piece in cut(answer, size):
        marked.push(piece)
    marked.finish()
    following = between if between.startswith("\n") else "\n"
    assert marked.marked == (
        "Anna Berg chairs the board. [p. 1]\n"
        "    p. 1: Anna Berg chairs the board."
        f"{following}The terminal cost 512 million euros. [p. 1 says otherwise]\n"
        "    p. 1: The terminal cost 412 million euros.\n"
        "So it was. [no support found]"
    )
