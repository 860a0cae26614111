"""Which sentence of a summary says what the document concludes: the headline of an executive one.

The most central of the chosen sentences, and before it one that states a finding, a holding or a
recommendation in the words that English documents use for these. Pure; no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from longsum.selection.ranking import standardized, terms_of, tfidf
from longsum.selection.sentence_features import is_dependent

CONCLUDES_BONUS, PURPOSE_BONUS, DEPENDENT_PENALTY = 4.0, 3.0, 6.0
"""Standard deviations of centrality added to sentences that conclude, or state the purpose, and
subtracted from those that refer to the sentence before."""
_CONCLUDES = re.compile(
    r"\b(?:we|i|the (?:authors?|court|board|commission|committee|council|panel|report|study|review"
    r"|paper|results?|findings?|evidence|data|analysis|investigation))\s+(?:\w+\s+){0,2}?"
    r"(?:conclude[sd]?|find[s]?|found|h[eo]lds?|held|show(?:s|ed|n)?|recommend(?:s|ed)?|suggests?"
    r"|demonstrate[sd]?|reveal(?:s|ed)?|decide[sd]?|confirm(?:s|ed)?|indicates?)\b"
    r"|\b(?:in conclusion|to conclude|overall|in summary|the main (?:finding|conclusion|result))\b"
    r"|^\W*held\b|\bit is (?:concluded|recommended|ordered)\b|\bis (?:affirmed|reversed)\b",
    re.I,
)
_PURPOSE = re.compile(
    r"\b(?:this|the present|our) (?:paper|report|study|article|book|document|guide|work|review"
    r"|thesis|chapter|proposal|specification)\b",
    re.I,
)


def headline(texts: Sequence[str]) -> int:
    """Return the index of the sentence that stands best for all.

    Args:
        texts: the sentences of a summary, at least one.
    """
    vectors = tfidf([terms_of(text) for text in texts])
    likeness = vectors @ vectors.T
    scores = standardized(likeness.sum(axis=1) - likeness.diagonal())
    for bonus, pattern in ((CONCLUDES_BONUS, _CONCLUDES), (PURPOSE_BONUS, _PURPOSE)):
        scores = scores + bonus * np.array([bool(pattern.search(text)) for text in texts])
    # "This report" does not refer to the sentence before
    dependent = np.array([is_dependent(text) and not _PURPOSE.search(text) for text in texts])
    return int(np.argmax(scores - DEPENDENT_PENALTY * dependent))


def with_headline_first(texts: Sequence[str]) -> list[int]:
    """Return the order of an executive summary: the headline, then the others as they were."""
    first = headline(texts)
    return [first, *(number for number in range(len(texts)) if number != first)]
