"""Features of each pair of neighbouring words of a document, one row per pair.

They predict how often a summary would use the pair, which ROUGE-2 counts. Pure; no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from longsum.selection.sentence_features import Columns, Sentences, stacked
from longsum.selection.vocabulary import Vocabulary, occurrences_of, vocabulary_of
from longsum.similarity import FUNCTION_WORDS

WordPair = tuple[str, str]
MIN_USES = 1e-4
"""Expected uses below this are not distinguished."""


def pairs_of(sentences: Sequence[Sequence[str]]) -> Vocabulary[WordPair]:
    """Return the pairs of neighbouring words within sentences."""
    return vocabulary_of([list(pairwise(each)) for each in sentences])


def pair_features(
    sentences: Sentences,
    vocabulary: Vocabulary[str],
    expected: np.ndarray,
    pairs: Vocabulary[WordPair],
    scores: np.ndarray,
) -> np.ndarray:
    """Return the features of `pair_columns` as a matrix.

    Args:
        sentences: the document's sentences.
        vocabulary: their words.
        expected: uses of each word in the summary: (words,).
        pairs: pairs of neighbouring words.
        scores: of the sentences, in standard deviations: (sentences,).

    Returns:
        (pairs, features) float32.
    """
    return stacked(pair_columns(sentences, vocabulary, expected, pairs, scores))


def pair_columns(
    sentences: Sentences,
    vocabulary: Vocabulary[str],
    expected: np.ndarray,
    pairs: Vocabulary[WordPair],
    scores: np.ndarray,
) -> Columns:
    """Return the features of pairs by name, each (pairs,).

    Args:
        sentences: the document's sentences.
        vocabulary: their words.
        expected: uses of each word in the summary: (words,).
        pairs: pairs of neighbouring words.
        scores: of the sentences, in standard deviations: (sentences,).
    """
    number = {word: i for i, word in enumerate(vocabulary.terms)}
    ends = np.array([[number[a], number[b]] for a, b in pairs.terms], dtype=np.int64)
    first, second = ends.reshape(-1, 2).T
    times = np.bincount(vocabulary.term, vocabulary.count, minlength=len(number))
    size, count = times.sum(), len(sentences.spans)
    of_function = np.array([word in FUNCTION_WORDS for word in vocabulary.terms], dtype=bool)
    uses, rate = np.log(expected + MIN_USES), np.log(expected / times + MIN_USES)
    occurrences = occurrences_of(sentences, pairs, scores)
    return {
        "log_uses_first": uses[first],
        "log_uses_second": uses[second],
        "log_rate_first": rate[first],
        "log_rate_second": rate[second],
        "log_expected": np.log(occurrences.times) + np.minimum(rate[first], rate[second]),
        "log_times_first": np.log(times[first]),
        "log_times_second": np.log(times[second]),
        "log_times": np.log(occurrences.times),
        "log_sentences": np.log(occurrences.held),
        "share_of_first": occurrences.times / times[first],
        "share_of_second": occurrences.times / times[second],
        "mutual_information": np.log(
            occurrences.times * size / (times[first] * times[second])
        ),  # pointwise
        "log_even": np.log(occurrences.times * sentences.length / size),
        "mean_score": occurrences.mean_score,
        "best_score": occurrences.best_score,
        "mean_lexrank": occurrences.mean_lexrank,
        "log_first": np.log1p(occurrences.first),
        "first": occurrences.first / count,
        "log_early": np.log1p(occurrences.early),
        "early_share": occurrences.early / occurrences.held,
        "late_share": occurrences.late / occurrences.held,
        "log_in_best": np.log1p(occurrences.in_best),
        "function_first": of_function[first],
        "function_second": of_function[second],
        "function_both": of_function[first] & of_function[second],
        "answer": np.full(len(pairs.terms), np.log(sentences.length)),
        "words": np.full(len(pairs.terms), np.log(size)),
    }
