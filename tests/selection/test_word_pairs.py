from __future__ import annotations

import numpy as np

from longsum.documents.sentences import split_sentences
from longsum.selection.sentence_features import Sentences
from longsum.selection.vocabulary import vocabulary_of
from longsum.selection.word_pairs import WordPair, pair_features, pairs_of

TEXT = "The old port was sold. Rain fell on the old port. Nobody saw the sea wall again."
FIRST_USES, SECOND_USES, TIMES, BOTH_FUNCTION = 0, 1, 7, 24
"""Columns: logarithms of the words' expected uses and of the pair's count; two function words."""


def features_of(uses: dict[str, float], text: str = TEXT) -> dict[WordPair, np.ndarray]:
    s = Sentences(text, split_sentences(text), 10)
    vocabulary, pairs = vocabulary_of(s.words), pairs_of(s.words)
    expected = np.array([uses.get(word, 0.1) for word in vocabulary.terms])
    scores = np.linspace(1, -1, len(s.spans))
    found = pair_features(s, vocabulary, expected, pairs, scores)
    return dict(zip(pairs.terms, found, strict=True))


def test_features_are_one_finite_row_a_pair():
    found = features_of({})
    assert len({len(row) for row in found.values()}) == 1
    assert all(np.isfinite(row).all() for row in found.values())


def test_a_pair_knows_what_is_expected_of_its_words():
    found = features_of({"old": 3.0, "port": 2.0})
    row = found["old", "port"]
    np.testing.assert_allclose(np.exp(row[[FIRST_USES, SECOND_USES]]), [3.0, 2.0], rtol=1e-3)
    np.testing.assert_allclose(np.exp(found["port", "was"][FIRST_USES]), 2.0, rtol=1e-3)


def test_a_pair_is_counted_and_distinguished_from_pairs_of_function_words():
    found = features_of({})
    np.testing.assert_allclose(np.exp(found["old", "port"][TIMES]), 2, rtol=1e-6)
    assert found["on", "the"][BOTH_FUNCTION]
    assert not found["the", "old"][BOTH_FUNCTION]


def test_sentences_of_one_word_have_no_pairs():
    assert features_of({}, "Rain. Storm. Calm.") == {}
