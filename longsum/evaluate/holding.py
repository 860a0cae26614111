"""Which sentences hold the reference answer to a question. Pure.

A sentence holds an answer if it has most of its words. Words of the question do not count.
"""

from __future__ import annotations

from collections.abc import Sequence

from longsum.evaluate.reference_pairs import Pair
from longsum.similarity import content_words, words

HELD = 0.6
"""Minimum share of an answer's words in a sentence that holds the answer."""


def holding(bags: Sequence[frozenset[str]], pair: Pair) -> list[bool]:
    """Return whether each sentence holds one of the answers to a question.

    Args:
        bags: distinct words of each sentence, from `similarity.words`.
        pair: the question and its answers.
    """
    asked = set(content_words(pair.query or ""))
    wanted = [_telling(reference, asked) for reference in pair.references]
    return [any(_has(bag, each) for each in wanted) for bag in bags]


def _telling(reference: str, asked: set[str]) -> set[str]:
    """Return the words of an answer that a sentence needs: content words that are not asked."""
    wanted = set(content_words(reference)) or set(words(reference))
    return wanted - asked or wanted


def _has(bag: frozenset[str], wanted: set[str]) -> bool:
    """Return whether a sentence has most of the wanted words."""
    return len(bag & wanted) >= max(1.0, HELD * len(wanted))
