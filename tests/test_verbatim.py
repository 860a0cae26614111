from __future__ import annotations

from longsum.documents.document import Span
from longsum.selection.candidates import Candidate
from longsum.verbatim import MOST_PASSED_OVER, best_of_groups, fill


def candidates(*lengths: int) -> list[Candidate]:
    return [Candidate(Span(i, i + 1), "word " * n, 0.0, i) for i, n in enumerate(lengths)]


def lengths(taken: list[Candidate]) -> list[int]:
    return [len(c.text.split()) for c in taken]


def test_sentences_are_taken_until_the_length_is_reached():
    assert lengths(fill(candidates(10, 10, 10, 10), 20)) == [10, 10]
    assert lengths(fill(candidates(10, 9, 10), 20)) == [10, 9]


def test_sentence_that_overshoots_is_passed_over_for_a_shorter_one():
    assert lengths(fill(candidates(10, 50, 10), 20)) == [10, 10]


def test_filling_is_given_up_in_time():
    taken = iter(candidates(10, *[50] * MOST_PASSED_OVER, 10))
    assert lengths(fill(taken, 20)) == [10]
    assert lengths(list(taken)) == [10]


def test_first_sentence_is_taken_however_long():
    assert lengths(fill(candidates(50, 10), 20)) == [50]


def test_of_sentences_that_say_the_same_the_best_is_kept():
    found = [
        Candidate(Span(i, i + 1), str(i), weight, group)
        for i, (weight, group) in enumerate([(0.1, 0), (2.0, 1), (0.5, 0), (1.0, 3)])
    ]
    assert [c.text for c in best_of_groups(found)] == ["1", "3", "2"]
