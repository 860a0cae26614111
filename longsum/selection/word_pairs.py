"""What is known of each pair of neighbouring words of a document: one row of numbers each.

It is to tell how often a summary would use the pair, which is what ROUGE-2 counts. Pure; no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from longsum.selection.sentence_features import Columns, Sentences, stacked
from longsum.selection.vocabulary import Vocabulary, occurrences_of, vocabulary_of
from longsum.similarity import FUNCTION_WORDS

WordPair = tuple[str, str]
LEAST = 1e-4
"""Uses below this are not told apart."""


def pairs_of(sentences: Sequence[Sequence[str]]) -> Vocabulary[WordPair]:
    """Return the pairs of neighbouring words within sentences."""
    return vocabulary_of([list(pairwise(each)) for each in sentences])


def pair_features(
    s: Sentences,
    vocabulary: Vocabulary[str],
    expected: np.ndarray,
    pairs: Vocabulary[WordPair],
    scores: np.ndarray,
) -> np.ndarray:
    """Return the same as `pair_columns` as one matrix: (pairs, features) float32."""
    return stacked(pair_columns(s, vocabulary, expected, pairs, scores))


def pair_columns(
    s: Sentences,
    vocabulary: Vocabulary[str],
    expected: np.ndarray,
    pairs: Vocabulary[WordPair],
    scores: np.ndarray,
) -> Columns:
    """Return what is known of each pair, by name, each (pairs,).

    Args:
        s: the sentences.
        vocabulary: of their words.
        expected: uses of each word in the summary: (words,).
        pairs: of their words.
        scores: of the sentences, in standard deviations: (sentences,).
    """
    number = {word: i for i, word in enumerate(vocabulary.terms)}
    ends = np.array([[number[a], number[b]] for a, b in pairs.terms], dtype=np.int64)
    first, second = ends.reshape(-1, 2).T
    times = np.bincount(vocabulary.term, vocabulary.count, minlength=len(number))
    size, count, n = times.sum(), len(pairs.terms), len(s.spans)
    of_function = np.array([word in FUNCTION_WORDS for word in vocabulary.terms], dtype=bool)
    uses, rate = np.log(expected + LEAST), np.log(expected / times + LEAST)
    o = occurrences_of(s, pairs, scores)
    return {
        "log_uses_first": uses[first],
        "log_uses_second": uses[second],
        "log_rate_first": rate[first],
        "log_rate_second": rate[second],
        "log_expected": np.log(o.times) + np.minimum(rate[first], rate[second]),
        "log_times_first": np.log(times[first]),
        "log_times_second": np.log(times[second]),
        "log_times": np.log(o.times),
        "log_sentences": np.log(o.held),
        "share_of_first": o.times / times[first],
        "share_of_second": o.times / times[second],
        "mutual_information": np.log(
            o.times * size / (times[first] * times[second])
        ),  # pointwise mutual information
        "log_even": np.log(o.times * s.length / size),
        "mean_score": o.mean_score,
        "best_score": o.best_score,
        "mean_lexrank": o.mean_lexrank,
        "log_first": np.log1p(o.first),
        "first": o.first / n,
        "log_early": np.log1p(o.early),
        "early_share": o.early / o.held,
        "late_share": o.late / o.held,
        "log_in_best": np.log1p(o.in_best),
        "function_first": of_function[first],
        "function_second": of_function[second],
        "function_both": of_function[first] & of_function[second],
        "answer": np.full(count, np.log(s.length)),
        "words": np.full(count, np.log(size)),
    }
