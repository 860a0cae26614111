"""The distinct words of a document, or its pairs of neighbouring words, and where they occur.

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
"""Share of the sentences that is the document's beginning, and its end."""
BEST = 0.1
"""Share of the sentences, the best scored, whose terms are counted apart."""
LEAST_MARGIN = 3
"""Sentences of each of these at least."""


@dataclass(frozen=True)
class Vocabulary(Generic[Term]):
    """The distinct terms of sentences, and where they occur."""

    terms: tuple[Term, ...]
    term: np.ndarray
    """Number of the term of each occurrence: (occurrences,); a term counts once a sentence."""
    sentence: np.ndarray
    """Number of the sentence of each occurrence: (occurrences,)."""
    count: np.ndarray
    """How often the term stands in that sentence: (occurrences,)."""


def vocabulary_of(sentences: Sequence[Sequence[Term]]) -> Vocabulary[Term]:
    """Return the vocabulary of sentences, terms in the order in which they first occur."""
    number: dict[Term, int] = {}
    found: list[tuple[int, int, int]] = []
    for sentence, each in enumerate(sentences):
        for term, count in Counter(each).items():
            found.append((number.setdefault(term, len(number)), sentence, count))
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    return Vocabulary(tuple(number), table[:, 0], table[:, 1], table[:, 2])


@dataclass(frozen=True)
class Occurrences:
    """Where each term occurs, in numbers; each field but the last is (terms,)."""

    times: np.ndarray
    held: np.ndarray
    """Sentences that have it."""
    first: np.ndarray
    """The first of them, by number."""
    last: np.ndarray
    early: np.ndarray
    """Of them, in the document's beginning."""
    late: np.ndarray
    """Of them, in its end."""
    in_best: np.ndarray
    """Of them, among the best scored."""
    best_score: np.ndarray
    mean_score: np.ndarray
    mean_lexrank: np.ndarray
    best_sentences: int
    """How many the best scored are."""


def occurrences_of(s: Sentences, vocabulary: Vocabulary[Term], scores: np.ndarray) -> Occurrences:
    """Count where terms occur.

    Args:
        s: the sentences.
        vocabulary: of their terms.
        scores: of the sentences, in standard deviations: (sentences,).
    """
    terms, n = len(vocabulary.terms), len(s.spans)
    term, sentence = vocabulary.term, vocabulary.sentence

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(term, weights=values, minlength=terms)

    held = total(np.ones(len(term)))
    first, last, best = np.full(terms, n), np.zeros(terms, dtype=np.int64), np.full(terms, -np.inf)
    np.minimum.at(first, term, sentence)
    np.maximum.at(last, term, sentence)
    np.maximum.at(best, term, scores[sentence])
    margin = max(LEAST_MARGIN, MARGIN * n)
    leading = np.zeros(n, dtype=bool)
    leading[np.argsort(-scores, kind="stable")[: max(LEAST_MARGIN, int(BEST * n))]] = True
    return Occurrences(
        times=total(vocabulary.count),
        held=held,
        first=first,
        last=last,
        early=total(1.0 * (sentence < margin)),
        late=total(1.0 * (sentence >= n - margin)),
        in_best=total(1.0 * leading[sentence]),
        best_score=best,
        mean_score=total(scores[sentence]) / held,
        mean_lexrank=total(s.lexrank[sentence]) / held,
        best_sentences=int(leading.sum()),
    )
