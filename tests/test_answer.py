from __future__ import annotations

import re
from dataclasses import replace

import pytest
from helpers import Recorder
from hypothesis import given, settings
from hypothesis import strategies as st

from longsum.answer import Answer, MarkedStream, laid_out, mark, sentence_as_dict
from longsum.documents.document import Document, Page, Span
from longsum.documents.extent import Extent
from longsum.grounding.grounder import (
    REFUSAL,
    GroundedSentence,
    Grounder,
    answer_sentences,
    ground_verbatim,
)
from longsum.grounding.quotations import Quotation
from longsum.grounding.sources import Sources
from longsum.receipt import Receipt

SOURCE = Document(
    "The terminal cost 412 million euros. Anna Berg chairs the board.\n"
    "Water samples showed 35 percent less oxygen than a decade before.",
    (Page(1, 0, 64), Page(2, 65, 130)),
    "0",
    "report.pdf",
)
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


# ---- marks and layout


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


SENTENCES = ground_verbatim(SOURCE, [Span(0, 36), Span(37, 64), Span(65, 130)])


def printed(sentences, style):
    return "".join(piece + mark for _, piece, mark in laid_out(sentences, style))


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ("paragraph", ["{0} {1} {2}"]),
        ("bullets", ["- {0}", "- {1}", "- {2}"]),
        ("executive", ["{0}", "", "- {1}", "- {2}"]),
    ],
)
def test_layout_of_verbatim_sentences(style, lines):
    marked = [f"{s.text} [{s.reference}]" for s in SENTENCES]
    assert printed(SENTENCES, style) == "\n".join(line.format(*marked) for line in lines)


def test_one_sentence_needs_no_key_points():
    assert printed(SENTENCES[:1], "executive") == f"{SENTENCES[0].text} [p. 1]"


def test_answer_as_json_holds_spans_into_the_document():
    receipt = Receipt(
        document="report.pdf", sha256="0", tokens_read=9, tokens_total=9,
        extent=Extent("page", 2, ((1, 2),)), truncate=None, model="mini", revision=None,
        window=100, rope="PI",
        factor=16.0, quantize="none", dtype="float32", kv_cache="fp32", device="cpu",
        mode="verbatim", prompt_tokens=3, answer_tokens=4, load_s=0.1, prefill_s=0.1,
        from_cache=False, decode_s=0.1,
        prefill_tps=90.0, decode_tps=40.0, peak_memory_bytes=0, finish_reason="words",
    )  # fmt: skip
    answer = Answer(" ".join(s.text for s in SENTENCES), "", tuple(SENTENCES), receipt, "Who?")
    found = answer.as_dict()
    assert list(found) == [*("question", "answered", "text", "sentences", "nearest", "receipt")]
    assert found["answered"] is True
    assert found["text"] == SOURCE.text.replace("\n", " ")
    for sentence in found["sentences"]:
        (span,) = sentence["spans"]
        assert SOURCE.text[span["start"] : span["end"]] == sentence["text"]
    assert [s["pages"] for s in found["sentences"]] == [[1], [1], [2]]
    assert "question" not in replace(answer, question=None).as_dict()


# ---- sentences that the document contradicts, and sources


def test_place_that_says_otherwise_is_the_mark():
    sentence = Grounder(SOURCE).ground("The terminal cost 512 million euros.")
    assert mark(sentence) == " [p. 1 says otherwise]"
    contrary = replace(sentence.contrary, reference="pp. 1-2")
    assert mark(replace(sentence, contrary=contrary)) == " [pp. 1-2 say otherwise]"


def test_json_says_what_differs_and_where():
    found = sentence_as_dict(Grounder(SOURCE).ground("The terminal cost 512 million euros."))
    assert (found["supported"], found["reference"], found["reason"]) == (False, None, "number")
    assert found["contrary"] == {
        "differs": "number",
        "said": "512 million",
        "found": "412 million",
        "reference": "p. 1",
        "pages": [1],
        "spans": [{"start": 0, "end": 36}],
    }
    assert "sources" not in found


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


def test_verbatim_sources_are_on_lines_of_their_own():
    spans = [Span(0, 36), Span(37, 64)]
    sentences = [Sources(SOURCE).added(each) for each in ground_verbatim(SOURCE, spans)]
    shown = "".join(piece + mark for _, piece, mark in laid_out(sentences, "paragraph"))
    assert shown == (
        "The terminal cost 412 million euros. [p. 1]\n"
        "    p. 1: The terminal cost 412 million euros.\n"
        "Anna Berg chairs the board. [p. 1]\n"
        "    p. 1: Anna Berg chairs the board."
    )
    assert sentence_as_dict(sentences[1])["sources"] == [
        {"text": "Anna Berg chairs the board.", "reference": "p. 1", "start": 37, "end": 64}
    ]
