from __future__ import annotations

import numpy as np
import pytest

from longsum.ranking import bm25, standardized, terms_of
from longsum.selection.answers import answer_features

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
    match = standardized(bm25([terms_of(text) for text in TEXTS], terms_of(question)))
    assert answer_features(TEXTS, question)[:, 0] == pytest.approx(match / 3, abs=1e-6)


def test_kinds_of_questions_are_told_apart():
    assert changed_columns("Who sold the ferries?", "Why sold the ferries?") > 2
    assert changed_columns("Who sold the ferries?", "WHO sold the ferries?") == 0


def test_a_document_without_sentences_gives_no_rows():
    assert len(answer_features([], "Who?")) == 0
