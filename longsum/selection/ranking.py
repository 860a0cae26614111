"""Which sentences of a document matter, by plain statistics: LexRank, BM25, shared words.

Pure functions on bags of terms; knows nothing about documents or models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

import numpy as np

from longsum.similarity import content_words, idf_weights, stem

MOST_TERMS = 6000
"""Words of the vocabulary that ranking compares; rarer ones tell nothing about centrality."""
DAMPING = 0.15
"""Share of the rank that every sentence gets alike, as in LexRank."""
NEIGHBOUR = 0.3
"""Share of its neighbours' score a sentence inherits: an answer may stand beside the words."""
BM25_K1, BM25_B = 1.2, 0.75
"""The usual constants of BM25."""


def terms_of(text: str) -> list[str]:
    """Return the stems a sentence is compared by."""
    return [stem(word) for word in content_words(text)]


def tfidf(bags: Sequence[Sequence[str]]) -> np.ndarray:
    """Return each sentence's tf-idf vector over the terms that sentences share.

    Its length is 1 at most: terms of one sentence alone count for it, but have no column.

    Args:
        bags: the terms of each sentence.

    Returns:
        (sentences, terms) float32.
    """
    weights = idf_weights(bags)
    frequency = Counter(term for bag in bags for term in dict.fromkeys(bag))
    shared = [t for t, n in frequency.most_common(MOST_TERMS) if n > 1]
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
    """Return scores in standard deviations from their mean."""
    deviation = scores.std() if len(scores) else 0.0
    return (scores - scores.mean()) / deviation if deviation else np.zeros_like(scores)


def lexrank(bags: Sequence[Sequence[str]]) -> np.ndarray:
    """Return how central each sentence is: where a walk along similarities spends its time.

    Continuous LexRank (Erkan and Radev 2004, section 3.3): tf-idf cosines as transition weights.

    Args:
        bags: the terms of each sentence.
    """
    return lexrank_of(tfidf(bags))


def lexrank_of(vectors: np.ndarray) -> np.ndarray:
    """Return the LexRank of sentences whose tf-idf vectors are known: (n, terms) to (n,)."""
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
        query: the terms looked for.
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
    """Return scores with a share of their neighbours': an answer may stand beside the words."""
    spread = scores.copy()
    spread[1:] += NEIGHBOUR * scores[:-1]
    spread[:-1] += NEIGHBOUR * scores[1:]
    return spread


def coverage(bags: Sequence[Sequence[str]], query: Sequence[str], names: Set[str]) -> float:
    """Return the largest share of a question's terms found in three sentences in a row.

    Names and numbers count twice. The words' rarity has no say: a question's verb is often one the
    document never uses (`What did the Court hold?`), which does not make it a question about
    something else.

    Args:
        bags: the terms of each sentence.
        query: the terms of the question.
        names: those of its terms that are names or numbers.
    """
    asked = {term: 2 if term in names else 1 for term in query}
    best = 0
    for row in range(len(bags)):
        near = {term for bag in bags[max(0, row - 1) : row + 2] for term in bag}
        best = max(best, sum(weight for term, weight in asked.items() if term in near))
    return best / sum(asked.values()) if asked else 0.0


def names_in(question: str) -> set[str]:
    """Return the terms of a question's names and numbers: capitalised behind its first word."""
    later = question.split()[1:]
    return {
        term
        for word in later
        if word.lstrip("\"'“‘(")[:1].isupper() or any(c.isdigit() for c in word)
        for term in terms_of(word)
    }
