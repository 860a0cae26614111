from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from longsum.documents.sentences import split_sentences
from longsum.selection.sentence_features import Sentences
from longsum.selection.vocabulary import vocabulary_of
from longsum.selection.words import word_features

TEXT = "The port of Westhaven was sold. A storm, a storm of rain. Nobody saw Westhaven again."
TIMES, FIRST = 0, 4
"""Columns: the logarithm of a word's count, of its first sentence plus one."""


def encode(texts: Sequence[str]) -> list[list[int]]:
    return [[len(text)] for text in texts]


def features_of(focus: str | None = None) -> tuple[tuple[str, ...], np.ndarray]:
    s = Sentences(TEXT, split_sentences(TEXT), 10, focus)
    vocabulary = vocabulary_of(s.words)
    return vocabulary.terms, word_features(s, vocabulary, np.array([1.0, -0.5, 0.2]), encode)


def test_features_are_one_finite_row_a_word():
    words, features = features_of()
    assert features.shape[0] == len(words)
    assert np.isfinite(features).all()


def test_counts_and_first_places():
    words, features = features_of()
    by_word = dict(zip(words, features, strict=True))
    np.testing.assert_allclose(np.exp(by_word["storm"][TIMES]), 2, rtol=1e-6)
    np.testing.assert_allclose(np.exp(by_word["westhaven"][TIMES]), 2, rtol=1e-6)
    np.testing.assert_allclose(np.expm1(by_word["westhaven"][FIRST]), 0, atol=1e-6)
    np.testing.assert_allclose(np.expm1(by_word["nobody"][FIRST]), 2, rtol=1e-6)


def test_words_of_the_focus_are_marked_and_nothing_else_changes():
    words, plain = features_of()
    _, asked = features_of("What of the storm?")
    changed = np.nonzero((plain != asked).any(axis=1))[0]
    assert {words[i] for i in changed} == {"the", "of", "storm"}
