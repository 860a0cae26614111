"""Beams over sentence beginnings: which of some sentences a model would write next.

Works on token ids and log-probabilities. Beginnings compete until few sentences are left; those are
compared as a whole, by their mean log-probability a token, so that a long one is not put back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Beginning = tuple[int, ...]
Score = Callable[[Sequence[Beginning]], list[np.ndarray]]
"""From sequences of tokens to the log-probability of each of their tokens."""


def beam_choice(
    sentences: Sequence[Sequence[int]],
    score: Score,
    width: int,
    depth: int,
    weights: Sequence[float] | None = None,
) -> int:
    """Return the number of the sentence that a beam search ends with.

    Args:
        sentences: token ids of each, none the beginning of another.
        score: the model's.
        width: beginnings that are kept at each depth, those with the highest log-probability.
        depth: tokens of a beginning, at most.
        weights: nats a token that speak for each sentence besides; zeros by default.
    """
    kept: dict[Beginning, list[int]] = {(): list(range(len(sentences)))}
    for length in range(1, depth + 1):
        longer: dict[Beginning, list[int]] = {}
        for number in (n for members in kept.values() for n in members):
            longer.setdefault(tuple(sentences[number][:length]), []).append(number)
        beginnings = list(longer)
        if len(beginnings) > width:
            sums = [each.sum() for each in score(beginnings)]
            beginnings = [beginnings[i] for i in np.argsort(-np.array(sums), kind="stable")[:width]]
        kept = {beginning: longer[beginning] for beginning in beginnings}
    reached = [n for members in kept.values() for n in members]
    means = [each.mean() for each in score([tuple(sentences[n]) for n in reached])]
    extra = weights if weights is not None else [0.0] * len(sentences)
    best = max(range(len(reached)), key=lambda i: (means[i] + extra[reached[i]], -reached[i]))
    return reached[best]
