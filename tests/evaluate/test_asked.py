from __future__ import annotations

import json

import pytest

from longsum.errors import EmptyDocument, UsageError
from longsum.evaluate.asked import Asked, asked_of_documents, read_questions
from longsum.evaluate.reference_pairs import Pair


def pair(number: int, text: str) -> Pair:
    return Pair(f"q{number}", f"p.jsonl:{number}", "qa", text, f"Question {number}?", ("a",))


PAIRS = [pair(i, f"Document {'abcdef'[i % 6]} of the archive.") for i in range(12)]


def flat(pairs: list[Pair], wrong: int, seed: int = 0) -> list[Asked]:
    return [each for group in asked_of_documents(pairs, wrong, seed) for each in group]


def test_each_document_has_its_own_questions_first_then_those_of_others():
    groups = asked_of_documents(PAIRS, 1, 0)
    assert [group[0].host.text for group in groups] == [each.text for each in PAIRS[:6]]
    for group in groups:
        assert len({each.host.text for each in group}) == 1
        assert [each.wrong for each in group[:2]] == [0, 0]
        assert all(each.wrong == 1 for each in group[2:])
    own = [each.number for group in groups for each in group if not each.wrong]
    assert sorted(own) == list(range(1, 13))


@pytest.mark.parametrize("seed", range(20))
def test_a_question_is_never_put_to_its_own_document_as_a_wrong_one(seed):
    asked = flat(PAIRS, 3, seed)
    for number, each in enumerate(PAIRS, 1):
        wrong = [a.host.text for a in asked if a.number == number and a.wrong]
        assert len(set(wrong)) == 3
        assert each.text not in wrong


def test_copies_and_parts_of_a_document_are_not_wrong_documents():
    copies = [
        pair(0, "The pier was built in 1871."),
        pair(1, "The  PIER was built\nin 1871."),
        pair(2, "Once upon a time. The pier was built in 1871. It burned."),
        pair(3, "The mine was closed."),
    ]
    for seed in range(10):
        wrong = {(a.pair.id, a.host.id) for a in flat(copies, 1, seed) if a.wrong}
        assert {host for asked, host in wrong if asked != "q3"} == {"q3"}


def test_the_seed_decides_which_documents_are_wrong():
    drawn = [[(a.number, a.host.id) for a in flat(PAIRS, 1, s) if a.wrong] for s in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_too_few_documents_are_refused():
    with pytest.raises(UsageError, match="q0 can be put to only 5 other documents") as refused:
        asked_of_documents(PAIRS, 6, 0)
    assert refused.value.hint == "measure more rows, or set wrong_documents=5"
    with pytest.raises(UsageError, match="q0 can be put to no other document$"):
        asked_of_documents(PAIRS[:1], 1, 0)
    alone = asked_of_documents(PAIRS[:1], 0, 0)
    assert [[each.wrong for each in group] for group in alone] == [[0]]


def test_rows_without_a_question_are_left_out_before_the_limit(tmp_path):
    path = tmp_path / "p.jsonl"
    rows = [{"doc": f"D{i}", "query": None if i % 2 else f"Q{i}?", "target": "a"} for i in range(8)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [each.query for each in read_questions([path])] == ["Q0?", "Q2?", "Q4?", "Q6?"]
    assert [each.query for each in read_questions([path], limit=2)] == ["Q2?", "Q6?"]
    path.write_text(json.dumps(rows[1]) + "\n")
    with pytest.raises(EmptyDocument, match="none of the 1 rows .* has a question"):
        read_questions([path])
