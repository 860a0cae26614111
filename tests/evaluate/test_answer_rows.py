from __future__ import annotations

from typing import Any

import pytest

from longsum.bytesize import MIB
from longsum.evaluate.answer_rows import (
    AnsweringSystem,
    answer_notes,
    answer_rows,
    answers_line,
    system_rows,
)
from longsum.evaluate.asked import Asked
from longsum.evaluate.config import AnswersConfig
from longsum.evaluate.reference_pairs import Pair

PAIRS = [Pair(f"q{i}", f"p:{i}", "qa", f"D{i}", "Who?", ("a",)) for i in range(1, 4)]
ASKED = [
    *(Asked(i, pair, pair) for i, pair in enumerate(PAIRS, 1)),
    *(Asked(i, pair, PAIRS[i % 3], 1) for i, pair in enumerate(PAIRS, 1)),
]


def outcome(**more: Any) -> dict[str, Any]:
    plain = {
        "answered": True,
        "empty": False,
        "sure": False,
        "evidence_1": False,
        "evidence_3": False,
        "text": "a",
        "pointed": False,
        "f1": 0.0,
        "exact": False,
        "claims": 1,
        "supported": 1,
        "contrary": 0,
        "misquoted": 0,
        "findable": True,
        "seconds": 0.5,
        "read_s": 0.0,
        "peak_bytes": MIB,
    }
    return plain | more


RIGHT = [
    outcome(evidence_1=True, evidence_3=True, f1=1.0, exact=True, sure=True, seconds=0.1),
    outcome(
        evidence_3=True,
        f1=0.5,
        pointed=True,
        sure=True,
        seconds=0.2,
        claims=3,
        supported=1,
        contrary=2,
    ),
    outcome(answered=False, claims=0, supported=0, findable=False, seconds=0.6),
]
WRONG = [outcome(evidence_3=True, peak_bytes=5 * MIB), outcome(sure=True), outcome(answered=False)]


def system(name: str, outcomes: list[dict[str, Any]]) -> AnsweringSystem:
    return AnsweringSystem(name, ASKED, outcomes)


def table(rows: list[dict[str, Any]]) -> dict[str, tuple[int, Any, Any]]:
    return {row["key"]: (row["n"], row["value"], row["se"]) for row in rows}


def test_each_measure_has_its_own_count_and_error():
    found = table(system_rows(system("m", [*RIGHT, *WRONG])))
    third = pytest.approx(100 / 3)
    # one of three: variance 1/3, error √(1/9)
    assert found["evidence_1"] == (3, third, third)
    assert found["evidence_3"] == (3, pytest.approx(200 / 3), third)
    # 1, 1/2 and 0: mean 1/2, variance 1/4, error √(1/12)
    assert found["f1"] == (3, 50.0, pytest.approx(100 / 12**0.5))
    assert found["exact"] == (3, third, third)
    assert found["short"] == (3, third, third)
    assert found["short_f1"] == (1, 50.0, None)
    assert found["answered"] == (3, pytest.approx(200 / 3), third)
    assert found["sure"] == (3, pytest.approx(200 / 3), third)
    # of two that are sure, one is right
    assert found["sure_right"] == (2, 50.0, 50.0)
    assert found["wrong_answered"] == (3, pytest.approx(200 / 3), third)
    assert found["wrong_sure"] == (3, third, third)


def test_support_is_a_share_of_sentences_with_an_error_over_answers():
    found = table(system_rows(system("m", [*RIGHT, *WRONG])))
    # 1 of 1 and 1 of 3: share 1/2; deviations 1/2 and -1/2, error √(2 · 1/2) / 4
    assert found["supported"] == (4, 50.0, pytest.approx(25.0))
    assert found["contrary"] == (4, 50.0, pytest.approx(25.0))
    assert found["misquoted"] == (4, 0.0, 0.0)


def test_time_is_a_median_of_own_questions_and_memory_the_most_of_all():
    found = table(system_rows(system("m", [*RIGHT, *WRONG])))
    assert found["question_ms"] == (3, pytest.approx(200), None)
    assert found["peak_mib"] == (6, 5.0, None)
    assert "read_ms" not in found
    read = [each | {"read_s": 2.0} for each in RIGHT]
    assert table(system_rows(system("m", [*read, *WRONG])))["read_ms"] == (3, 2000.0, None)


def test_measures_without_values_have_no_rows():
    written = [each | {"sure": None} for each in RIGHT]
    asked = ASKED[:3]
    found = table(system_rows(AnsweringSystem("m", asked, written)))
    assert not {"sure", "sure_right", "wrong_answered", "wrong_sure"} & set(found)
    assert found["evidence_1"][0] == 3


def test_differences_are_paired_over_what_both_have():
    failed = [{"error": "is too long"}, *RIGHT[1:]]
    rows = answer_rows([system("a", [*RIGHT, *WRONG]), system("b", [*failed, *WRONG])])
    found = table([row for row in rows if row["kind"] == "difference"])
    # the first question counts for neither
    assert found["evidence_1"] == (2, 0.0, 0.0)
    better = [each | {"f1": 0.75} for each in RIGHT]
    rows = answer_rows([system("a", [*RIGHT, *WRONG]), system("b", [*better, *WRONG])])
    differences = [row for row in rows if row["kind"] == "difference"]
    assert {row["system"] for row in differences} == {"b - a"}
    # -1/4, 1/4, 3/4: mean 1/4, variance 1/4, error √(1/12)
    assert table(differences)["f1"] == (3, 25.0, pytest.approx(100 / 12**0.5))
    assert "sure_right" not in table(differences)
    # 1 and 1/3 of the sentences against all; a refusal states nothing
    supported = [RIGHT[0], RIGHT[1] | {"supported": 3}, RIGHT[2]]
    rows = answer_rows([system("a", [*RIGHT, *WRONG]), system("b", [*supported, *WRONG])])
    found = table([row for row in rows if row["kind"] == "difference"])
    assert found["supported"] == (2, pytest.approx(100 / 3), pytest.approx(100 / 3))


def test_failures_are_rows_by_document_and_count_in_no_mean():
    failed = [{"error": "is too long"}, *RIGHT[1:], WRONG[0], WRONG[1], {"error": "is too long"}]
    rows = answer_rows([system("m", failed)])
    (row,) = [row for row in rows if row["kind"] == "failure"]
    assert (row["document"], row["n"], row["remark"]) == ("q1", 2, "q1: is too long")
    assert table(rows[:-1])["evidence_1"] == (2, 0.0, 0.0)
    notes = answer_notes([system("m", failed)], AnswersConfig())
    assert "m: 2 of 6 questions could not be put" in notes


def test_notes_name_what_the_numbers_hide():
    empty = [RIGHT[0], RIGHT[1], RIGHT[2] | {"empty": True}, *WRONG]
    notes = answer_notes([system("m", empty)], AnswersConfig(seed=7))
    assert any("of the document for 2 of 3 questions" in note for note in notes)
    assert any("(seed 7)" in note for note in notes)
    assert "m: 1 of 2 answers from wrong documents hold the reference answer all the same" in notes
    assert "m: 1 of 6 answers are empty, which is a refusal" in notes
    without = answer_notes([system("m", empty)], AnswersConfig(wrong_documents=0))
    assert not any("(seed" in note for note in without)


def test_result_line_has_the_main_measures():
    assert answers_line(system("m", [*RIGHT, *WRONG])) == (
        "m: evidence@1 33.3, evidence@3 66.7, F1 50.0, answered 66.7, from wrong documents 66.7"
    )
    failed = [{"error": "is too long"}] * 6
    assert answers_line(system("m", failed)) == "m: none of 6 questions could be put"
