"""The sentences a verbatim answer may be made of, each with what speaks for it besides the model.

A small model's own likelihood says more about how sentences begin than about which ones matter.
So the trie it decodes from holds the sentences that a plain statistic puts forward, a few times
as many as the answer needs, and the statistic's score is added to the model's: LexRank (Erkan and
Radev 2004) for summaries, BM25 (Robertson and Zaragoza 2009) for questions. No torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from longsum.documents.document import Document, Span
from longsum.documents.sentences import is_statement, split_sentences
from longsum.similarity import content_words, idf_weights, near_duplicates, stem

FEWEST = 24
"""Candidates offered even for the shortest answer."""
PER_SENTENCE = 4
"""Candidates offered for each sentence an answer of that length has."""
WORDS_PER_SENTENCE = 22
"""Average of a printed sentence."""
MOST_RANKED = 4000
"""Sentences that are ranked; more are thinned out evenly, since ranking compares all pairs."""
MOST_TERMS = 6000
"""Words of the vocabulary that ranking compares; rarer ones tell nothing about centrality."""
DAMPING = 0.15
"""Share of the rank that every sentence gets alike, as in LexRank."""
BM25_K1, BM25_B = 1.2, 0.75
"""The usual constants of BM25."""
NEIGHBOUR = 0.3
"""Share of its neighbours' score a sentence inherits: an answer may stand beside the words."""
LEAST_COVERAGE = 0.4
"""Share of a question's words to be found near one sentence, or it has no answer here."""
LIST_MARKER = re.compile(r"(?:\(?(?:\d{1,3}|[a-z])[.)]|[-*•–])\s+")
"""What stands before a list item."""


@dataclass(frozen=True)
class Candidate:
    """A sentence of the document."""

    span: Span
    text: str
    weight: float
    """In standard deviations above the average sentence."""
    group: int
    """Sentences of one group say the same."""


def statements(document: Document) -> list[Span]:
    """Return the sentences that can stand alone: no headings, captions or fragments.

    The number or bullet of a list item is left out: alone it means nothing.
    """
    text = document.text
    spans = []
    for start, end in split_sentences(text):
        marker = LIST_MARKER.match(text, start, end)
        span = Span(marker.end() if marker else start, end)
        if is_statement(text[span.start : span.end]):
            spans.append(span)
    return spans


def terms_of(text: str) -> list[str]:
    """Return the stems a sentence is compared by."""
    return [stem(word) for word in content_words(text)]


def summary_candidates(document: Document, words: int, focus: str | None) -> list[Candidate]:
    """Return the sentences a summary may be made of, in document order.

    Args:
        document: what is summarized.
        words: length asked for.
        focus: what the reader cares about; sentences that share its words rank higher.
    """
    spans = statements(document)
    if len(spans) > MOST_RANKED:
        keep = np.linspace(0, len(spans) - 1, MOST_RANKED).astype(int)
        spans = [spans[i] for i in keep]
    texts = [document.text[s.start : s.end] for s in spans]
    bags = [terms_of(text) for text in texts]
    scores = standardized(lexrank(bags))
    if focus:
        scores = scores + standardized(bm25(bags, terms_of(focus)))
    count = max(FEWEST, PER_SENTENCE * words // WORDS_PER_SENTENCE)
    return _best(spans, texts, scores, count)


def answer_candidates(document: Document, question: str) -> list[Candidate]:
    """Return the sentences that may answer a question; none when its words are not in the document.

    Args:
        document: what is asked.
        question: in the words of the user.
    """
    spans = statements(document)
    texts = [document.text[s.start : s.end] for s in spans]
    bags = [terms_of(text) for text in texts]
    query = terms_of(question)
    if not spans or coverage(bags, query, names_in(question)) < LEAST_COVERAGE:
        return []
    scores = bm25(bags, query)
    around = scores.copy()
    around[1:] += NEIGHBOUR * scores[:-1]
    around[:-1] += NEIGHBOUR * scores[1:]
    return _best(spans, texts, standardized(around), FEWEST)


def _best(
    spans: Sequence[Span], texts: Sequence[str], scores: np.ndarray, count: int
) -> list[Candidate]:
    """Return the `count` best, in document order, near-duplicates grouped."""
    chosen = sorted(np.argsort(-scores, kind="stable")[:count].tolist())
    groups = near_duplicates([texts[i] for i in chosen])
    return [
        Candidate(spans[i], texts[i], float(scores[i]), group)
        for i, group in zip(chosen, groups, strict=True)
    ]


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
    if not bags:
        return np.zeros(0)
    weights = idf_weights(bags)
    frequency = Counter(term for bag in bags for term in set(bag))
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
    similarity = matrix @ matrix.T  # (sentences, sentences)
    np.fill_diagonal(similarity, 1.0)
    walk = similarity / similarity.sum(axis=1, keepdims=True)
    rank = np.full(len(bags), 1 / len(bags))
    for _ in range(50):
        following = DAMPING / len(bags) + (1 - DAMPING) * (rank @ walk)
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
            for t in set(query)
            if t in counts
        )
    return scores


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
