"""Choose the sentences that are expected to share most words with a summary of that length.

A summary is judged by the words it shares with one that a person wrote: the sum over words of
min(times here, times there), which is what ROUGE-1 counts (Lin 2004). How often a person would use
a word is not known, but its expectation λ can be told; with a Poisson distribution around it, the
k-th use of a word here is shared with probability P(C ≥ k), which falls with k. The sum of these is
submodular, so that greedy choice by gain a word is near the best (Lin and Bilmes 2011); repetition
costs of itself. Pairs of neighbouring words count in the same way, which is ROUGE-2, and a
sentence's own score is added for what words do not tell. Pure; no torch.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Generic

import numpy as np

from longsum.selection.vocabulary import Term, Vocabulary

MOST_USES = 40
"""Uses of a term that are told apart."""


def shared_probabilities(expected: np.ndarray) -> np.ndarray:
    """Return the probability that a summary uses a term at least k times, k = 1 to `MOST_USES`.

    Args:
        expected: λ, the mean number of uses: (terms,).

    Returns:
        (terms, MOST_USES).
    """
    exactly = np.exp(-expected)
    at_most = exactly.copy()
    found = np.zeros((len(expected), MOST_USES))
    for k in range(1, MOST_USES + 1):
        found[:, k - 1] = 1 - at_most
        exactly = exactly * expected / k
        at_most = at_most + exactly
    return found.clip(0.0, 1.0)


class Shared(Generic[Term]):
    """The terms that chosen sentences are expected to share with a summary.

    Args:
        vocabulary: the sentences' terms.
        expected: uses of each term in the summary: (terms,).
        sentences: how many there are.
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
        """Return how many more a sentence would share."""
        found, before = self._terms[sentence], self._used[self._terms[sentence]]
        after = np.minimum(before + self._counts[sentence], MOST_USES)
        shared = self._cumulated[found, after] - self._cumulated[found, before]
        return float(shared.sum())

    def add(self, sentence: int) -> None:
        """Choose a sentence."""
        found = self._terms[sentence]
        self._used[found] = np.minimum(self._used[found] + self._counts[sentence], MOST_USES)


class Cover:
    """What each further sentence would add to those chosen so far.

    Args:
        shared: kinds of terms, and what each of them counts.
        scores: what a word of each sentence adds besides: (sentences,).
        sizes: words of each sentence: (sentences,).
        alone: what a word of each sentence loses as long as the one before it is not chosen, as
            its reader is left asking: (sentences,).
        together: what a word of each sentence, and of the one before it, gains once the other is
            chosen, as they are read as one: (sentences,).
    """

    def __init__(
        self,
        shared: Sequence[tuple[Shared[Any], float]],
        scores: np.ndarray,
        sizes: np.ndarray,
        alone: np.ndarray,
        together: np.ndarray,
    ) -> None:
        self._shared = shared
        self._sizes, self._together = sizes, together
        self._scores = scores.astype(np.float64)  # copies
        self._alone = alone.astype(np.float64)

    def gain(self, sentence: int) -> float:
        """Return what a sentence would add, a word."""
        terms = sum(weight * kind.gain(sentence) for kind, weight in self._shared)
        added = terms / self._sizes[sentence] + self._scores[sentence]
        return float(added - self._alone[sentence])

    def add(self, sentence: int) -> None:
        """Choose a sentence."""
        for kind, _ in self._shared:
            kind.add(sentence)
        if sentence + 1 < len(self._alone):
            self._alone[sentence + 1] = 0.0
            self._scores[sentence + 1] += self._together[sentence + 1]
        if sentence > 0:
            self._scores[sentence - 1] += self._together[sentence]

    def best_first(self) -> Iterator[int]:
        """Yield sentences, each the best addition to those that were added; never one twice.

        A sentence that is yielded and not added is passed over. Gains only fall, so one whose old
        gain is not the largest need not be computed anew (Minoux 1978, "lazy" greedy); but for
        those of the neighbours of one that was added, so that they come into the queue once more.
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
