"""Choose the sentences that are expected to share most words with a summary of the same length.

A summary is judged by the words it shares with one that a person wrote: the sum over words of
min(uses here, uses there), which is ROUGE-1 (Lin 2004). The uses in the other are unknown, but a
network predicts their mean λ; under a Poisson distribution, the k-th use of a word here is shared
with probability P(C ≥ k), which falls with k. The sum of these is submodular, so that the greedy
choice by gain per word is near the optimum (Lin and Bilmes 2011), and repetition gains little.
Pairs of neighbouring words count in the same way, which is ROUGE-2, and a sentence's own score
covers what words do not. Pure; no torch.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Generic

import numpy as np

from longsum.selection.vocabulary import Term, Vocabulary

MAX_USES = 40
"""Uses of a term that count; further ones add nothing."""


def shared_probabilities(expected: np.ndarray) -> np.ndarray:
    """Return the probability that a summary uses a term at least k times, k = 1 to `MAX_USES`.

    Args:
        expected: λ, the mean number of uses: (terms,).

    Returns:
        (terms, MAX_USES).
    """
    exactly = np.exp(-expected)
    at_most = exactly.copy()
    found = np.zeros((len(expected), MAX_USES))
    for k in range(1, MAX_USES + 1):
        found[:, k - 1] = 1 - at_most
        exactly = exactly * expected / k
        at_most = at_most + exactly
    return found.clip(0.0, 1.0)


class Shared(Generic[Term]):
    """The terms that chosen sentences are expected to share with a summary.

    Args:
        vocabulary: the sentences' terms.
        expected: mean uses of each term in the summary: (terms,).
        sentences: the number of sentences.
    """

    def __init__(self, vocabulary: Vocabulary[Term], expected: np.ndarray, sentences: int) -> None:
        self._cumulated = np.pad(
            shared_probabilities(expected).cumsum(axis=1), ((0, 0), (1, 0))
        )  # (terms, uses from 0)
        self._used = np.zeros(len(expected), dtype=np.int64)
        ends = np.searchsorted(vocabulary.sentence, np.arange(sentences + 1))
        self._terms = [vocabulary.term[a:b] for a, b in pairwise(ends)]
        self._counts = [vocabulary.count[a:b] for a, b in pairwise(ends)]

    def gain(self, sentence: int) -> float:
        """Return how many further uses a sentence is expected to share."""
        found, before = self._terms[sentence], self._used[self._terms[sentence]]
        after = np.minimum(before + self._counts[sentence], MAX_USES)
        shared = self._cumulated[found, after] - self._cumulated[found, before]
        return float(shared.sum())

    def add(self, sentence: int) -> None:
        """Choose a sentence."""
        found = self._terms[sentence]
        self._used[found] = np.minimum(self._used[found] + self._counts[sentence], MAX_USES)


class Cover:
    """The gain of each further sentence over those chosen so far.

    Args:
        shared: kinds of terms, each with its weight.
        scores: each sentence's own score per word: (sentences,).
        sizes: words of each sentence: (sentences,).
        penalties: per-word penalty of a sentence whose predecessor is not chosen: (sentences,).
        bonuses: per-word bonus of a sentence and its predecessor once the other one is chosen:
            (sentences,).
        parts: number of the part of the document that each sentence is in: (sentences,); None
            for a document of one part.
        spread: per-word bonus of sentences in parts of which none is chosen yet.
    """

    def __init__(
        self,
        shared: Sequence[tuple[Shared[Any], float]],
        scores: np.ndarray,
        sizes: np.ndarray,
        penalties: np.ndarray,
        bonuses: np.ndarray,
        parts: np.ndarray | None = None,
        spread: float = 0.0,
    ) -> None:
        self._shared = shared
        self._sizes, self._bonuses = sizes, bonuses
        self._scores = scores.astype(np.float64)  # copies
        self._penalties = penalties.astype(np.float64)
        self._parts = np.zeros(len(sizes), dtype=np.int64) if parts is None else parts
        self._spread = spread
        self._parts_taken: set[int] = set()

    def gain(self, sentence: int) -> float:
        """Return the gain of a sentence per word."""
        terms = sum(weight * kind.gain(sentence) for kind, weight in self._shared)
        added = terms / self._sizes[sentence] + self._scores[sentence]
        if int(self._parts[sentence]) not in self._parts_taken:
            added += self._spread
        return float(added - self._penalties[sentence])

    def add(self, sentence: int) -> None:
        """Choose a sentence."""
        for kind, _ in self._shared:
            kind.add(sentence)
        self._parts_taken.add(int(self._parts[sentence]))
        if sentence + 1 < len(self._penalties):
            self._penalties[sentence + 1] = 0.0
            self._scores[sentence + 1] += self._bonuses[sentence + 1]
        if sentence > 0:
            self._scores[sentence - 1] += self._bonuses[sentence]

    def best_first(self) -> Iterator[int]:
        """Yield sentences, each once and the best addition to those added so far.

        A sentence that is yielded and not added is passed over. Gains only fall, so a sentence
        whose old gain is not the largest need not be computed again (Minoux 1978, "lazy" greedy).
        Only the gains of an added sentence's neighbours may rise: they are queued again.
        """
        queue = [(-self.gain(i), i) for i in range(len(self._sizes))]
        heapq.heapify(queue)
        waiting = set(range(len(queue)))
        while queue:
            _, sentence = heapq.heappop(queue)
            if sentence not in waiting:
                continue
            gain = self.gain(sentence)
            if queue and -gain > queue[0][0]:
                heapq.heappush(queue, (-gain, sentence))
                continue
            waiting.remove(sentence)
            yield sentence
            for beside in (sentence - 1, sentence + 1):
                if beside in waiting:
                    heapq.heappush(queue, (-self.gain(beside), beside))
