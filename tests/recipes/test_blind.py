"""The content-blind row that the bundled model is compared with."""

from __future__ import annotations

import numpy as np

from longsum.documents.sentences import split_sentences
from longsum.selection.sentence_features import Sentences
from recipes.mini.blind import FEATURES, choose, inputs

TEXT = (
    "The port of Westhaven was founded by fishermen. "
    "Fishermen founded the port of Westhaven. "
    "The storm of that winter sank nine boats. "
    "Nobody paid for the moorings."
)


def sentences(length: int) -> Sentences:
    return Sentences(TEXT, split_sentences(TEXT), length)


def test_fourteen_features_of_each_sentence_and_no_words() -> None:
    assert inputs(sentences(10)).shape == (4, len(FEATURES)) == (4, 14)
    assert not [name for name in FEATURES if "focus" in name or "common" in name]


def test_what_is_said_already_is_put_back() -> None:
    scores = np.array([1.0, 0.9, 0.8, 0.0])
    assert choose(sentences(16), scores) == [0, 2]


def test_the_best_score_comes_first() -> None:
    assert choose(sentences(5), np.array([0.0, 0.0, 0.0, 1.0])) == [3]
