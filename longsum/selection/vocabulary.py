"""The distinct terms of a document (words or pairs of neighbours), and where they occur.

Pure; no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from longsum.selection.sentence_features import Sentences

Term = TypeVar("Term", bound=Hashable)
"""A word, or a pair of words."""

MARGIN = 0.1
"""Share of the sentences that counts as the document's beginning, and as its end."""
BEST = 0.1
"""Share of the sentences that counts as the best scored."""
MIN_MARGIN = 3
"""Minimum sentences of the beginning, of the end and of the best."""


@dataclass(frozen=True)
class Vocabulary(Generic[Term]):
    """The distinct terms of sentences, with one occurrence per term and sentence."""

    terms: tuple[Term, ...]
    term: np.ndarray
    """Index of each occurrence's term: (occurrences,)."""
    sentence: np.ndarray
    """Index of each occurrence's sentence, rising: (occurrences,)."""
    count: np.ndarray
    """Times that the term occurs in that sentence: (occurrences,)."""


def vocabulary_of(sentences: Sequence[Sequence[Term]]) -> Vocabulary[Term]:
    """Return the vocabulary of sentences, with terms in the order of their first occurrence."""
    number: dict[Term, int] = {}
    found: list[tuple[int, int, int]] = []
    for sentence, each in enumerate(sentences):
        for term, count in Counter(each).items():
            found.append((number.setdefault(term, len(number)), sentence, count))
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    return Vocabulary(tuple(number), table[:, 0], table[:, 1], table[:, 2])


@dataclass(frozen=True)
class Occurrences:
    """Counts of where each term occurs; each field except the last is (terms,)."""

    times: np.ndarray
    """Occurrences in the document."""
    held: np.ndarray
    """Sentences that hold the term."""
    first: np.ndarray
    """Index of the first such sentence."""
    last: np.ndarray
    """Index of the last one."""
    early: np.ndarray
    """Such sentences in the document's beginning."""
    late: np.ndarray
    """Such sentences in its end."""
    in_best: np.ndarray
    """Such sentences among the best scored."""
    best_score: np.ndarray
    """Highest score of such a sentence."""
    mean_score: np.ndarray
    mean_lexrank: np.ndarray
    best_sentences: int
    """Number of sentences that count as the best scored."""


def occurrences_of(
    sentences: Sentences, vocabulary: Vocabulary[Term], scores: np.ndarray
) -> Occurrences:
    """Return the counts of where terms occur.

    Args:
        sentences: the document's sentences.
        vocabulary: their terms.
        scores: of the sentences, in standard deviations: (sentences,).
    """
    terms, count = len(vocabulary.terms), len(sentences.spans)
    term, sentence = vocabulary.term, vocabulary.sentence

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(term, weights=values, minlength=terms)

    held = total(np.ones(len(term)))
    first, last = np.full(terms, count), np.zeros(terms, dtype=np.int64)
    best = np.full(terms, -np.inf)
    np.minimum.at(first, term, sentence)
    np.maximum.at(last, term, sentence)
    np.maximum.at(best, term, scores[sentence])
    margin = max(MIN_MARGIN, MARGIN * count)
    leading = np.zeros(count, dtype=bool)
    leading[np.argsort(-scores, kind="stable")[: max(MIN_MARGIN, int(BEST * count))]] = True
    return Occurrences(
        times=total(vocabulary.count),
        held=held,
        first=first,
        last=last,
        early=total(1.0 * (sentence < margin)),
        late=total(1.0 * (sentence >= count - margin)),
        in_best=total(1.0 * leading[sentence]),
        best_score=best,
        mean_score=total(scores[sentence]) / held,
        mean_lexrank=total(sentences.lexrank[sentence]) / held,
        best_sentences=int(leading.sum()),
    )
