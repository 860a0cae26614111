from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from longsum.documents.sentences import split_sentences
from longsum.selection.sentence_features import Sentences
from longsum.selection.vocabulary import BEST, MIN_MARGIN, occurrences_of, vocabulary_of
from longsum.selection.word_pairs import pairs_of

TEXT = " ".join(["Rain fell on the port.", *["Nobody saw it."] * 8, "The port slept, the port."])


def test_a_vocabulary_holds_every_term_of_every_sentence_with_its_count():
    sentences = [["a", "b", "a"], [], ["b", "c"]]
    vocabulary = vocabulary_of(sentences)
    assert vocabulary.terms == ("a", "b", "c")
    found: list[Counter[str]] = [Counter() for _ in sentences]
    for word, sentence, count in zip(
        vocabulary.term, vocabulary.sentence, vocabulary.count, strict=True
    ):
        found[sentence][vocabulary.terms[word]] = int(count)
    assert found == [Counter(sentence) for sentence in sentences]


def test_a_vocabulary_of_pairs_holds_neighbours_and_none_across_sentences():
    pairs = pairs_of([["a", "b", "a"], ["c"], [], ["b", "a"]])
    assert pairs.terms == (("a", "b"), ("b", "a"))
    assert pairs.sentence.tolist() == [0, 0, 3]


def test_occurrences_are_counted_by_sentence_and_place():
    s = Sentences(TEXT, split_sentences(TEXT), 10)
    scores = np.linspace(1, -1, len(s.spans))
    vocabulary = vocabulary_of(s.words)
    found = occurrences_of(s, vocabulary, scores)
    port = vocabulary.terms.index("port")
    assert found.times[port] == 3
    assert found.held[port] == 2
    assert (found.first[port], found.last[port]) == (0, 9)
    assert (found.early[port], found.late[port]) == (1, 1)
    assert found.best_sentences == max(MIN_MARGIN, int(BEST * 10)) == 3
    assert found.in_best[port] == 1
    assert found.best_score[port] == pytest.approx(1)
    assert found.mean_score[port] == pytest.approx(0)
    assert found.mean_lexrank[port] == pytest.approx((s.lexrank[0] + s.lexrank[9]) / 2)
