from __future__ import annotations

import pytest

from longsum.evaluate.holding import holding
from longsum.evaluate.reference_pairs import Pair
from longsum.similarity import words

QUESTION = "Who built the old pier?"


def held(sentence: str, *references: str, question: str = QUESTION) -> bool:
    pair = Pair("d", "p:1", "qa", "", question, references)
    (found,) = holding([frozenset(words(sentence))], pair)
    return found


@pytest.mark.parametrize(
    ("sentence", "reference", "expected"),
    [
        ("Anna Berg of Moor came.", "Anna Berg", True),
        ("Anna came.", "Anna Berg", False),  # 1 of 2 is under 60 %
        ("Anna and Clara Berg came.", "Anna Maria Clara Berg-Holm", True),  # 3 of 5
        ("Anna Berg came.", "Anna Maria Clara Berg-Holm", False),  # 2 of 5
    ],
)
def test_most_words_of_the_answer_have_to_be_in_the_sentence(sentence, reference, expected):
    assert held(sentence, reference) is expected


def test_words_of_the_question_do_not_count():
    assert not held("The old pier burned.", "the old pier of Anna Berg")
    assert held("Anna Berg came.", "the old pier of Anna Berg")


def test_an_answer_of_words_of_the_question_needs_them_all_the_same():
    assert held("The pier is old.", "the old pier")
    assert not held("The mine is deep.", "the old pier")


def test_one_of_several_answers_suffices():
    assert held("Clara came.", "Anna Berg", "Clara")
    assert not held("Nobody came.", "Anna Berg", "Clara")


def test_an_answer_of_function_words_is_looked_for_as_it_is():
    assert held("They met above it.", "above", question="Where?")
    assert not held("They met.", "above", question="Where?")
