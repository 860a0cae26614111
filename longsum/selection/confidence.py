"""How sure an answer is: the chance that a sentence holds it, estimated from the scores.

A softmax over a document's sentences, with a temperature chosen on questions whose answer is known
(`fairytaleqa.val` and `xquad_en`, 300 each, shipped head, 2026-11-27): of the answers whose best
sentence has a chance of `SURE` or more, that sentence holds the answer in 82 and 90 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

TEMPERATURE = 2.5
SURE = 0.5
"""Minimum chance of the best sentence for an answer that is shown as one."""
WEAKER = 0.1
"""Chance of a further sentence, relative to the best, below which it is not shown beside a sure
answer. Half of the further sentences are left out, and one answer in twenty is lost."""


class Chance(Protocol):
    """A sentence with the chance that it holds the answer."""

    @property
    def chance(self) -> float:
        """From 0 to 1."""


Sentence = TypeVar("Sentence", bound=Chance)


def chances(scores: np.ndarray, temperature: float = TEMPERATURE) -> np.ndarray:
    """Return the chance of each sentence to hold the answer: (sentences,), with a sum of 1.

    Args:
        scores: (sentences,), from `SelectionHead.rank_answers`.
        temperature: divides the scores.
    """
    if not len(scores):
        return np.zeros(0)
    odds = np.exp((scores - scores.max()) / temperature)
    found: np.ndarray = odds / odds.sum()
    return found


def is_sure(chance: float) -> bool:
    """Return whether an answer whose best sentence has a chance may be shown as one."""
    return chance >= SURE


def worth_showing(ranked: Sequence[Sentence], count: int) -> list[Sentence]:
    """Return the first sentences, without weak ones beside a sure one.

    Args:
        ranked: sentences, best first.
        count: maximum number.
    """
    shown = list(ranked[:count])
    if not shown or not is_sure(shown[0].chance):
        return shown
    return [each for each in shown if each.chance >= WEAKER * shown[0].chance]
