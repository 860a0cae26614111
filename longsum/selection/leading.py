"""Which sentences a summary takes first: those that say what the document concludes.

Expected words are shared with what a document is about, and its result is said once. Readers miss
it most: of eight summaries read by hand, five lacked it. Pure; no torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from longsum.selection.alike import Unlike
from longsum.selection.conclusions import MIN_STRENGTH
from longsum.selection.ranking import standardized
from longsum.selection.sentence_features import Sentences

GAIN_WEIGHT = 0.5
"""Weight of a standard deviation of a sentence's gain against its strength as a conclusion."""
DEPENDENT_RANK = 1.0
"""Strength subtracted from a sentence that refers to the one before it."""
MAX_SHARE = 0.5
"""Maximum share of a summary's words for its conclusions; a single one may be longer."""
MAX_ALIKE = 0.5
"""Share of the shorter one's stems from which on two conclusions are the same."""
WORDS_EACH, MAX_LEADING = 60, 6
"""Words of a summary for each conclusion in it, and the most of them."""


def leading(sentences: Sentences, gains: Sequence[float]) -> list[int]:
    """Return the sentences that say what the document concludes, best first; none with a focus.

    Args:
        sentences: the candidates.
        gains: what each sentence adds to an empty summary.
    """
    strengths = sentences.strengths
    found = np.flatnonzero((strengths >= MIN_STRENGTH) & ~sentences.weak)
    if sentences.focus or not len(found):
        return []
    ranks = strengths + GAIN_WEIGHT * standardized(np.array(gains))
    ranks -= DEPENDENT_RANK * sentences.refers
    wanted = min(MAX_LEADING, max(1, round(sentences.length / WORDS_EACH)))
    unlike = Unlike(sentences.terms, MAX_ALIKE)
    taken: list[int] = []
    words = 0
    for sentence in found[np.argsort(-ranks[found], kind="stable")].tolist():
        if len(taken) >= wanted:
            break
        if sentence in taken or not unlike(sentence):
            continue
        limit = (MAX_SHARE if taken else 1.0) * sentences.length
        for group in (_with_what_it_refers_to(sentences, sentence, taken), [sentence]):
            longer = words + int(sentences.lengths[group].sum())
            if longer <= limit:
                taken += group
                unlike.add(sentence)
                words = longer
                break
    return taken


def _with_what_it_refers_to(sentences: Sentences, sentence: int, taken: Sequence[int]) -> list[int]:
    """Return a sentence after the one before it, if it refers to that and can be read with it.

    Args:
        sentences: the candidates.
        sentence: number of a sentence.
        taken: numbers of those that are taken.
    """
    if not (sentences.refers[sentence] and sentences.adjacent[sentence]):
        return [sentence]
    before = sentence - 1
    if sentences.weak[before] or before in taken or sentences.questions[before]:
        return [sentence]
    return [before, sentence]
