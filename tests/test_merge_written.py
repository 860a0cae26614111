"""What a model writes about a document in parts: answers of each part, a summary of all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from helpers import story
from in_parts import MINI, PAGES, Heard, report_of_parts, tiny_model_of_parts

from longsum import merge
from longsum.answer import Answer, ShortAnswer
from longsum.ask import AskTask
from longsum.config import AskConfig, DecodeConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document, Span
from longsum.grounding.conflicts import Conflict
from longsum.grounding.grounder import (
    Contrary,
    Evidence,
    GroundedSentence,
    Resolved,
    Source,
)
from longsum.grounding.quotations import Quotation
from longsum.opening import ask_document, open_session
from longsum.parts import DocumentPart
from longsum.reading import Reading
from longsum.receipt import Receipt
from longsum.summarize import SummaryTask

FREE = AskConfig(verbatim=False)
QUESTIONS = ("What did the night watchman describe?", "Who paid for the unfinished cathedral?")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return report_of_parts(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> LoadConfig:
    return tiny_model_of_parts(tmp_path_factory.mktemp("tiny"))


def test_verbatim_questions_need_no_parts(document: Document) -> None:
    (plain,) = ask_document(document, QUESTIONS[:1], load=MINI)
    (asked,) = ask_document(document, QUESTIONS[:1], load=MINI, parts=True)
    assert asked.marked == plain.marked
    assert asked.parts == ()


def test_a_session_in_parts_answers_verbatim_questions_from_the_whole(document: Document) -> None:
    with open_session(document, load=MINI, parts=True) as session:
        assert session.in_parts
        answer = session.ask(QUESTIONS[0])
    (plain,) = ask_document(document, QUESTIONS[:1], load=MINI)
    assert answer.marked == plain.marked


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the model write what is in a list, an answer after another."""
    answers: list[str] = []

    def write(self: Reading, suffix: str, *_: Any) -> Iterator[str]:
        yield "Quarks." if "Say in one plain sentence" in suffix else answers.pop(0)

    monkeypatch.setattr(Reading, "write", write)
    return answers


def test_a_question_is_put_to_every_part(
    document: Document, tiny: LoadConfig, written: list[str]
) -> None:
    heard = Heard()
    task = AskTask(FREE, DecodeConfig(max_new_tokens=400), QUESTIONS[:1])
    with open_session(document, [task], tiny, parts=True, listener=heard) as session:
        assert session.in_parts
        sentence = story(PAGES)[-1][0]
        count = int(heard.notices[1].split()[0])
        written += ["Not in the document."] * (count - 1) + [sentence]
        answer = session.ask(QUESTIONS[0], FREE, task.decode)
    assert count == len(answer.parts) > 2
    assert [part.answer.answered for part in answer.parts] == [False] * (count - 1) + [True]
    assert answer.answered
    assert answer.text == sentence
    last = answer.parts[-1].where
    missing = ", ".join(
        f"part {number} ({part.where})" for number, part in enumerate(answer.parts[:-2], 1)
    )
    assert answer.marked == (
        f"Part {count} of {count} ({last})\n\n{sentence} [p. {PAGES}]\n\n"
        f"Nothing found in {missing} and part {count - 1} ({answer.parts[-2].where})."
    )
    assert "".join(heard.pieces) == answer.marked
    assert heard.parts == list(range(1, count + 1))
    assert heard.headings == [f"Part {count} of {count} ({last})"]
    assert heard.sentences == list(answer.parts[-1].answer.sentences)  # with places in the whole
    assert heard.remarks == [answer.marked.rsplit("\n\n", 1)[1]]
    span = answer.sentences[0].evidence[0].span
    assert document.text[span.start : span.end] == sentence
    assert (answer.receipt.sentences, answer.receipt.sentences_supported) == (1, 1)
    assert json.loads(json.dumps(answer.as_dict()))["parts"][0]["answered"] is False


def test_an_answer_found_everywhere_ends_with_the_last_part(
    document: Document, tiny: LoadConfig, written: list[str]
) -> None:
    heard = Heard()
    written += [page[0] for page in story(PAGES)]
    decode = DecodeConfig(max_new_tokens=400)
    (answer,) = ask_document(
        document, QUESTIONS[:1], config=FREE, load=tiny, decode=decode, parts=True, listener=heard
    )
    assert "".join(heard.pieces) == answer.marked
    assert "Nothing found" not in answer.marked
    assert all(part.answer.answered for part in answer.parts)
    first, second = answer.sentences[:2]
    assert answer.text[first.start : first.end] == first.text
    assert answer.text[second.start : second.end] == second.text


def test_several_questions_read_each_part_once(
    document: Document, tiny: LoadConfig, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    read = merge.open_reading

    def reading(*arguments: Any, **options: Any) -> Reading:
        opened.append(1)
        return read(*arguments, **options)

    monkeypatch.setattr(merge, "open_reading", reading)
    heard = Heard()
    pages = story(PAGES)
    written += [pages[0][0], "Not in the document."] + ["Not in the document."] * 20
    decode = DecodeConfig(max_new_tokens=400)
    first, second = ask_document(
        document, QUESTIONS, config=FREE, load=tiny, decode=decode, parts=True, listener=heard
    )
    assert len(opened) == len(first.parts) == len(second.parts)
    assert first.answered
    assert not second.answered
    assert second.text == "Not in the document."
    assert second.marked == f"Nothing found in any of the {len(opened)} parts."
    assert second.receipt.sentences == 0
    shown = "".join(heard.pieces)
    heading = f"Part 1 of {len(opened)} ({first.parts[0].where})"
    assert shown.startswith(f"{heading}\n\n{QUESTIONS[0]}\n{pages[0][0]} [p. 1]\n\n")
    assert f"{QUESTIONS[1]}\nNothing found in any" in shown


def test_a_written_summary_of_all_is_grounded_in_the_whole_document(
    document: Document, tiny: LoadConfig, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    prompts = SummaryTask.prompts

    def spy(self: SummaryTask, document: Document, *rest: Any) -> Any:
        asked.append(document.text)
        return prompts(self, document, *rest)

    monkeypatch.setattr(SummaryTask, "prompts", spy)
    pages = story(PAGES)
    last = pages[-1][0]
    written += [page[0] for page in pages[::4]]
    heard = Heard()
    task = SummaryTask(SummaryConfig(words=40))
    with open_session(document, [task], tiny, parts=True, listener=heard) as session:
        count = int(heard.notices[1].split()[0])
        written[:] = [page[1] for page in pages[:count]] + [f"{last} Nobody ever saw a quark."]
        answer = session.summarize(task.config)
    assert answer.marked.endswith(f"All parts\n\n{last} [p. {PAGES}] Nobody ever saw a quark. "
                                  "[no support found]")  # fmt: skip
    span = answer.sentences[0].evidence[0].span
    assert document.text[span.start : span.end] == last
    assert asked[-1].startswith(f"Part 1, {answer.parts[0].where}:\n{pages[0][1]}\n\nPart 2, ")
    assert answer.receipt.sentences == count + 2


def test_what_each_part_leaves_out_is_listed_with_its_place_in_the_whole(
    document: Document, tiny: LoadConfig, written: list[str]
) -> None:
    page = story(PAGES)[-1]
    kept, words = page[0], page[1].split()
    denied = f"{' '.join(words[:3])} never {' '.join(words[3:])}"
    strict = AskConfig(verbatim=False, strict=True)
    task = AskTask(strict, DecodeConfig(max_new_tokens=400), QUESTIONS[:1])
    with open_session(document, [task], tiny, parts=True, listener=(heard := Heard())) as session:
        count = int(heard.notices[1].split()[0])
        written += ["Not in the document."] * (count - 1) + [f"{kept} {denied}"]
        answer = session.ask(QUESTIONS[0], strict, task.decode)
    assert answer.text == kept
    found = json.loads(json.dumps(answer.as_dict()))["parts"]
    assert [len(part.get("left_out", ())) for part in found] == [0] * (count - 1) + [1]
    (left,) = found[-1]["left_out"]
    assert left["text"] == denied
    (span,) = left["contrary"]["spans"]
    assert document.text[span["start"] : span["end"]] == page[1]


def test_every_place_of_a_parts_answer_is_moved_into_the_whole(document: Document) -> None:
    said = GroundedSentence(
        "He left.",
        0,
        8,
        evidence=(Evidence(Span(5, 9), 1.0),),
        contrary=Contrary(Conflict("name", "a", "b"), (Evidence(Span(1, 3), 1.0),), (1,), "p. 1"),
        sources=(Source("He left.", Span(5, 9), "p. 1"),),
        quotations=(Quotation("left", True, Span(6, 8), "p. 1"),),
        resolved=(Resolved("He", "Tom Lund", Span(0, 4), "p. 1"),),
    )
    (own,) = ask_document(document, QUESTIONS[:1], load=MINI, parts=True)
    short = ShortAnswer("left", Span(6, 8), "p. 1", 0.5)
    answer = Answer("", "", (said,), own.receipt, short=short, left_out=(said,), nearest=(said,))
    part = DocumentPart(document, 100)
    moved, before = spans_in(merge.in_whole(answer, part)), spans_in(answer)
    assert len(before) == 16
    assert moved == [Span(each.start + 100, each.end + 100) for each in before]


def spans_in(value: Any) -> list[Span]:
    """Return every span in an answer, however deep, but for its receipt."""
    if isinstance(value, Span):
        return [value]
    if isinstance(value, tuple):
        return [span for each in value for span in spans_in(each)]
    if is_dataclass(value) and not isinstance(value, Receipt):
        return [span for field in fields(value) for span in spans_in(getattr(value, field.name))]
    return []
