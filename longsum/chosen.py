"""Sentences chosen from a document, and the noise that draws others at a temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from longsum.answer import ShortAnswer, in_short
from longsum.config import DecodeConfig
from longsum.documents.document import Span
from longsum.grounding.whether import Says
from longsum.reading import AnswerStats


class Chosen(NamedTuple):
    """Chosen sentences of the document, and the time it took."""

    spans: list[Span]
    stats: AnswerStats
    chance: float | None = None
    """Estimated chance that the first holds the answer to a question; None for a summary."""
    short: ShortAnswer | None = None
    says: Says | None = None
    """What the first sentence says to a question for yes or no, if it says it for sure."""
    by_words: Sequence[Span] = ()
    """The best by their words alone, where a model ordered them: one may say yes or no."""
    nearest: Sequence[Span] = ()
    """Where none is likely to answer a question: those that come nearest to it, best first."""

    @property
    def in_short(self) -> str | None:
        """What answers a question in a few words, if anything does."""
        return in_short(self.says, self.short)


def sampling_noise(decode: DecodeConfig, count: int) -> np.ndarray:
    """Return Gumbel noise for scores, scaled by the temperature: (count,).

    The best noisy scores are a sample without replacement from the softmax of score / temperature.
    At temperature 0 the noise is zero.
    """
    drawn = np.random.default_rng(decode.seed).gumbel(size=count)
    return decode.temperature * drawn
