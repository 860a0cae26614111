from __future__ import annotations

import numpy as np
import pytest

from longsum.selection.answer_features import answer_columns, answer_features, question_features
from longsum.selection.literals import answer_terms
from longsum.selection.ranking import bm25, standardized

TEXTS = (
    "The port was founded in 1921 by the town council.",
    "Ferries left it twice a day.",
    "Anna Berg sold the ferries because the storm had broken them.",
    "Nobody paid for the moorings.",
)


def changed_columns(first: str, second: str) -> int:
    one, two = answer_features(TEXTS, first), answer_features(TEXTS, second)
    return int((one != two).any(axis=0).sum())


def test_features_are_one_finite_row_a_sentence_whatever_is_asked():
    widths = set()
    for question in ("Who sold the ferries?", "?", "Почему?", "When was the port founded?"):
        features = answer_features(TEXTS, question)
        assert features.shape[0] == len(TEXTS)
        assert np.isfinite(features).all()
        widths.add(features.shape[1])
    assert len(widths) == 1


def test_the_first_feature_is_bm25_in_standard_deviations():
    question = "Who sold the ferries?"
    match = standardized(bm25([answer_terms(text) for text in TEXTS], answer_terms(question)))
    assert answer_features(TEXTS, question)[:, 0] == pytest.approx(match / 3, abs=1e-6)


def test_kinds_of_questions_are_distinguished():
    assert changed_columns("Who sold the ferries?", "Why sold the ferries?") > 2
    assert changed_columns("Who sold the ferries?", "WHO sold the ferries?") == 0


def test_a_document_without_sentences_gives_no_rows():
    assert len(answer_features([], "Who?")) == 0


def column(name: str, question: str, *texts: str) -> list[float]:
    return answer_columns(texts or TEXTS, question)[name].round(3).tolist()


def test_names_numbers_and_quotations_mark_the_sentences_that_have_them():
    assert column("names", "What did Anna Berg do?") == [0, 0, 1, 0]
    assert column("numbers", "What happened in 1921?") == [1, 0, 0, 0]
    assert column("quoted", 'Who wrote "twice a day"?') == [0, 1, 0, 0]
    assert column("all_names", "Where is Anna Berg?") == [0, 0, 1, 0]


def test_a_name_carries_to_the_sentences_after_it():
    """`He` and `the general` refer to a person named before."""
    texts = ("Lee rode out.", "He surrendered.", "It rained.")
    assert column("names_before", "When did Lee surrender?", *texts) == [0, 1, 1]


def test_what_the_question_asks_for_marks_sentences():
    texts = ("The ticket cost $40.", "Decided April 21, 2009", "About 13% succeed.", "Chair: Ruth.")
    assert column("money_money", "What did it cost?", *texts) == [1, 0, 0, 0]
    assert column("when_date", "When was it decided?", *texts) == [0, 1, 0, 0]
    assert column("number_percent", "What percentage succeeds?", *texts) == [0, 0, 1, 0]
    assert column("label", "Who leads?", *texts) == [0, 0, 0, 1]


def test_what_follows_which_is_sought_as_a_word_and_in_a_name():
    texts = ("He sued the University of Texas.", "A university is old.", "It rained.")
    assert column("sought", "Which university was sued?", *texts) == [1, 1, 0]
    assert column("sought_name", "Which university was sued?", *texts) == [1, 0, 0]


def test_features_of_a_question_differ_between_its_document_and_another():
    question = "When did Anna Berg sell the ferries?"
    own = question_features(answer_columns(TEXTS, question))
    other = answer_columns(("Oxygen is a gas.", "It burns."), question)
    elsewhere = question_features(other)
    assert own.shape == elsewhere.shape
    assert np.isfinite(own).all()
    assert own[0, 0] > elsewhere[0, 0]  # how much of the question a sentence holds


def test_asking_again_does_not_change_what_is_known_of_the_document():
    first = answer_features(TEXTS, "Who sold the ferries?")
    answer_features(TEXTS, "Why?")
    np.testing.assert_array_equal(answer_features(TEXTS, "Who sold the ferries?"), first)
