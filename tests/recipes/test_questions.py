from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest

from recipes.mini.questions import CHAPTER, among, brief, elsewhere, questions

FACTS = {
    "moor": "The pier was built in 1871 by Anna Berg. The ticket cost $40. Gulls came every day.",
    "hill": "The mine was closed after a fire. Nobody paid the miners. The shaft was filled later.",
}
FILLER = " ".join(f"Witness number {n} told the court about event {7 * n}." for n in range(20))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        ("moor", "Who built the pier?", "Anna Berg"),
        ("moor", "What did a ticket cost?", "$40"),
        ("hill", "Why was the mine closed?", "there was a fire"),
        ("hill", "Who swam?", "a whale"),
    ]
    folder = tmp_path / "pairs"
    folder.mkdir()
    texts = {name: f"{facts} {FILLER}" for name, facts in FACTS.items()}
    asked = [
        {"id": name, "task": "qa", "doc": texts[name], "query": query, "target": answer}
        for name, query, answer in rows
    ]
    whole = {"id": "w", "task": "summ", "doc": f"{FILLER}\n{texts['moor']}", "target": "s"}
    for file, lines in (("book_qa.train", asked), ("openstax_chapter_summ.train", [whole])):
        with lzma.open(folder / f"{file}.jsonl.xz", "wt", encoding="utf-8") as handle:
            handle.writelines(json.dumps(line) + "\n" for line in lines)
    return tmp_path


def test_sentences_with_the_answer_are_marked_and_questions_without_one_left_out(data):
    ready = list(questions(data, {"book_qa.train": 9}))
    held = {q.query: [q.texts[i] for i in np.flatnonzero(q.holds)] for q in ready}
    assert held == {
        "Who built the pier?": ["The pier was built in 1871 by Anna Berg."],
        "What did a ticket cost?": ["The ticket cost $40."],
        "Why was the mine closed?": ["The mine was closed after a fire."],
    }
    assert len(list(questions(data, {"book_qa.train": 2}))) == 2


def test_questions_of_sections_are_asked_of_their_chapter(data):
    """`the whole chapter` was measured on sections."""
    ready = list(questions(data, {f"book_qa.train{CHAPTER}": 9}))
    assert {q.query for q in ready} == {"Who built the pier?", "What did a ticket cost?"}
    assert all(len(q.texts) == 43 for q in ready)


def test_a_question_is_asked_of_a_document_that_does_not_answer_it(data):
    ready = list(questions(data, {"book_qa.train": 9}))
    for own, other in zip(ready, elsewhere(ready), strict=True):
        assert other.query == own.query
        assert other.document.sha256 != own.document.sha256
        assert not other.holds.any()


def test_a_question_in_brief_has_a_word_of_the_document(data):
    for question in questions(data, {"book_qa.train": 9}):
        short = brief(question)
        assert short.query.split()[0] == question.query.split()[0]
        assert set(short.query.rstrip("?").split()) <= set(question.query.rstrip("?").split())
        said = " ".join(question.texts).casefold()
        assert any(word.casefold() in said for word in short.query.rstrip("?").split()[1:])


def test_a_document_among_others_keeps_its_answer(data):
    ready = list(questions(data, {"book_qa.train": 9}))
    for question in ready:
        padded = among(question, ready, size=230)
        assert question.document.text.strip() in padded.document.text
        assert len(padded.document.text.split()) == 230
        assert padded.query == question.query
        held = [[each.texts[i] for i in np.flatnonzero(each.holds)] for each in (question, padded)]
        assert held[0] == held[1]


def test_a_document_that_is_long_enough_stays_alone(data):
    ready = list(questions(data, {"book_qa.train": 9}))
    assert among(ready[0], ready, size=3).document.text == ready[0].document.text
