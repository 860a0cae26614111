"""What is known of each pair of neighbouring words of a document: one row of numbers each.

It is to tell how often a summary would use the pair, which is what ROUGE-2 counts. Pure; no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from longsum.selection.sentence_features import Sentences
from longsum.selection.vocabulary import Vocabulary, occurrences_of, vocabulary_of
from longsum.similarity import FUNCTION_WORDS

Pair = tuple[str, str]
LEAST = 1e-4
"""Uses below this are not told apart."""


def pairs_of(sentences: Sequence[Sequence[str]]) -> Vocabulary[Pair]:
    """Return the pairs of neighbouring words within sentences."""
    return vocabulary_of([list(pairwise(each)) for each in sentences])


def pair_features(
    s: Sentences,
    vocabulary: Vocabulary[str],
    expected: np.ndarray,
    pairs: Vocabulary[Pair],
    scores: np.ndarray,
) -> np.ndarray:
    """Return what is known of each pair.

    Args:
        s: the sentences.
        vocabulary: of their words.
        expected: uses of each word in the summary: (words,).
        pairs: of their words.
        scores: of the sentences, in standard deviations: (sentences,).

    Returns:
        (pairs, features) float32.
    """
    number = {word: i for i, word in enumerate(vocabulary.terms)}
    ends = np.array([[number[a], number[b]] for a, b in pairs.terms], dtype=np.int64)
    first, second = ends.reshape(-1, 2).T
    times = np.bincount(vocabulary.term, vocabulary.count, minlength=len(number))
    size, count, n = times.sum(), len(pairs.terms), len(s.spans)
    of_function = np.array([word in FUNCTION_WORDS for word in vocabulary.terms], dtype=bool)
    uses, rate = np.log(expected + LEAST), np.log(expected / times + LEAST)
    o = occurrences_of(s, pairs, scores)
    columns = [
        uses[first],
        uses[second],
        rate[first],
        rate[second],
        np.log(o.times) + np.minimum(rate[first], rate[second]),
        np.log(times[first]),
        np.log(times[second]),
        np.log(o.times),
        np.log(o.held),
        o.times / times[first],
        o.times / times[second],
        np.log(o.times * size / (times[first] * times[second])),  # pointwise mutual information
        np.log(o.times * s.length / size),
        o.mean_score,
        o.best_score,
        o.mean_lexrank,
        np.log1p(o.first),
        o.first / n,
        np.log1p(o.early),
        o.early / o.held,
        o.late / o.held,
        np.log1p(o.in_best),
        of_function[first],
        of_function[second],
        of_function[first] & of_function[second],
        np.full(count, np.log(s.length)),
        np.full(count, np.log(size)),
    ]
    return np.stack(columns, axis=1).astype(np.float32)
