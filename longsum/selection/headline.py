"""Which sentence of a summary says what the document concludes: the headline of an executive one.

The most central of the chosen sentences, and before it one that states a finding, a holding or a
recommendation in the words that English documents use for these. Pure; no torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from longsum.selection.conclusions import names_purpose, stated
from longsum.selection.ranking import standardized, terms_of, tfidf
from longsum.selection.references import is_dependent

CONCLUDES_BONUS, PURPOSE_BONUS, DEPENDENT_PENALTY = 4.0, 3.0, 6.0
"""Standard deviations of centrality added to sentences that conclude, or state the purpose, and
subtracted from those that refer to the sentence before."""


def headline(texts: Sequence[str]) -> int:
    """Return the index of the sentence that stands best for all.

    Args:
        texts: the sentences of a summary, at least one.
    """
    vectors = tfidf([terms_of(text) for text in texts])
    likeness = vectors @ vectors.T
    scores = standardized(likeness.sum(axis=1) - likeness.diagonal())
    strengths = np.array([stated(text) for text in texts])
    scores = scores + CONCLUDES_BONUS * (strengths > 0) + strengths
    scores = scores + PURPOSE_BONUS * np.array([names_purpose(text) for text in texts])
    dependent = np.array([is_dependent(text) for text in texts])
    return int(np.argmax(scores - DEPENDENT_PENALTY * dependent))


def with_headline_first(texts: Sequence[str]) -> list[int]:
    """Return the order of an executive summary: the headline, then the others as they were."""
    first = headline(texts)
    return [first, *(number for number in range(len(texts)) if number != first)]
