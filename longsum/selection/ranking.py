"""Rank sentences of a document by plain statistics: LexRank, BM25, shared words.

Pure functions on bags of terms; knows nothing about documents or models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

import numpy as np

from longsum.similarity import content_words, idf_weights, stem

MAX_TERMS = 6000
"""Terms compared by ranking; rarer ones say nothing about centrality."""
DAMPING = 0.15
"""Share of the rank that is spread evenly over all sentences, as in LexRank."""
NEIGHBOUR = 0.3
"""Share of its neighbours' score that a sentence inherits: the answer may be next to the words."""
BM25_K1, BM25_B = 1.2, 0.75
"""The usual constants of BM25."""


def terms_of(text: str) -> list[str]:
    """Return the stems that a sentence is compared by."""
    return [stem(word) for word in content_words(text)]


def tfidf(bags: Sequence[Sequence[str]]) -> np.ndarray:
    """Return each sentence's tf-idf vector over the terms that sentences share.

    Its norm is 1 at most: terms of a single sentence count for the norm, but have no column.

    Args:
        bags: the terms of each sentence.

    Returns:
        (sentences, terms) float32.
    """
    weights = idf_weights(bags)
    frequency = Counter(term for bag in bags for term in dict.fromkeys(bag))
    shared = [t for t, n in frequency.most_common(MAX_TERMS) if n > 1]
    column = {term: i for i, term in enumerate(shared)}
    matrix = np.zeros((len(bags), max(1, len(shared))), dtype=np.float32)
    lengths = np.zeros(len(bags), dtype=np.float32)
    for row, bag in enumerate(bags):
        for term, times in Counter(bag).items():
            value = times * weights[term]
            lengths[row] += value * value
            if term in column:
                matrix[row, column[term]] = value
    matrix /= np.sqrt(np.maximum(lengths, 1e-9))[:, None]
    return matrix


def standardized(scores: np.ndarray) -> np.ndarray:
    """Return scores in standard deviations from their mean; zeros when all are equal."""
    deviation = scores.std() if len(scores) else 0.0
    return (scores - scores.mean()) / deviation if deviation else np.zeros_like(scores)


def lexrank(bags: Sequence[Sequence[str]]) -> np.ndarray:
    """Return how central each sentence is: how often a walk along similarities visits it.

    Continuous LexRank (Erkan and Radev 2004, section 3.3): tf-idf cosines as transition weights.

    Args:
        bags: the terms of each sentence.

    Returns:
        (sentences,).
    """
    return lexrank_of(tfidf(bags))


def lexrank_of(vectors: np.ndarray) -> np.ndarray:
    """Return the LexRank, (sentences,), of tf-idf vectors, (sentences, terms)."""
    if not len(vectors):
        return np.zeros(0)
    similarity = vectors @ vectors.T  # (sentences, sentences)
    np.fill_diagonal(similarity, 1.0)
    walk = similarity / similarity.sum(axis=1, keepdims=True)
    rank = np.full(len(walk), 1 / len(walk))
    for _ in range(50):
        following = DAMPING / len(walk) + (1 - DAMPING) * (rank @ walk)
        if np.abs(following - rank).sum() < 1e-7:
            break
        rank = following
    return rank


def bm25(bags: Sequence[Sequence[str]], query: Sequence[str]) -> np.ndarray:
    """Return how well each sentence matches a query.

    Okapi BM25 (Robertson and Zaragoza 2009, equation 3.15).

    Args:
        bags: the terms of each sentence.
        query: the terms to look for.

    Returns:
        (sentences,).
    """
    weights = idf_weights(bags)
    average = sum(map(len, bags)) / max(1, len(bags))
    scores = np.zeros(len(bags))
    for row, bag in enumerate(bags):
        counts = Counter(bag)
        norm = BM25_K1 * (1 - BM25_B + BM25_B * len(bag) / max(1.0, average))
        scores[row] = sum(
            weights[t] * counts[t] * (BM25_K1 + 1) / (counts[t] + norm)
            for t in dict.fromkeys(query)
            if t in counts
        )
    return scores


def around(scores: np.ndarray) -> np.ndarray:
    """Return scores with a share of their neighbours': the answer may be next to the words."""
    spread = scores.copy()
    spread[1:] += NEIGHBOUR * scores[:-1]
    spread[:-1] += NEIGHBOUR * scores[1:]
    return spread


def coverage(bags: Sequence[Sequence[str]], query: Sequence[str], names: Set[str]) -> float:
    """Return the largest share of a question's terms found in three sentences in a row.

    Names and numbers count twice. Rarity does not count: the document may never use a question's
    verb (`What did the Court hold?`) and answer it all the same.

    Args:
        bags: the terms of each sentence.
        query: the terms of the question.
        names: the terms of the question that are names or numbers.
    """
    asked = {term: 2 if term in names else 1 for term in query}
    best = 0
    for row in range(len(bags)):
        near = {term for bag in bags[max(0, row - 1) : row + 2] for term in bag}
        best = max(best, sum(weight for term, weight in asked.items() if term in near))
    return best / sum(asked.values()) if asked else 0.0


def names_in(question: str) -> set[str]:
    """Return the terms of a question's numbers and names (capitalized, not the first word)."""
    later = question.split()[1:]
    return {
        term
        for word in later
        if word.lstrip("\"'“‘(")[:1].isupper() or any(c.isdigit() for c in word)
        for term in terms_of(word)
    }
