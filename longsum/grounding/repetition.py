"""Tell when a free answer goes round in circles, also where no two rounds are quite alike. Pure.

The engine ends an answer that repeats the same tokens (`engine/decode.py`). A small model also
writes one paragraph again and again with a word changed; that is seen here, in words.
"""

from __future__ import annotations

from longsum.similarity import is_number, words

ALIKE = 0.75
"""Least overlap (Jaccard) of two sentences' words that say the same."""
REPEATS = 3
"""Sentences in a row that only repeat earlier ones; two can be rhetoric."""
RECENT_WORDS = 100
"""Words looked at for runs that were written before."""
KNOWN = 0.75
"""Share of their groups of three that have come earlier in the answer."""
_CHECK_EVERY = 160
"""Characters between two looks at the words."""
_MIN_BAG = 3
"""Words of a sentence that can be told from others."""


class Repetition:
    """Watches an answer grow."""

    def __init__(self) -> None:
        self._bags: list[frozenset[str]] = []
        self._in_a_row = 0
        self._checked = 0

    def takes(self, sentence: str) -> bool:
        """Take the next sentence; tell whether the answer goes round in circles."""
        bag = frozenset(words(sentence))
        if len(bag) < _MIN_BAG:
            return False
        repeated = any(_are_alike(bag, earlier) for earlier in self._bags)
        self._in_a_row = self._in_a_row + 1 if repeated else 0
        self._bags.append(bag)
        return self._in_a_row >= REPEATS

    def goes_round(self, text: str) -> bool:
        """Tell whether the newest words of the whole answer so far have nearly all come before."""
        if len(text) - self._checked < _CHECK_EVERY:
            return False
        self._checked = len(text)
        spoken = words(text)
        triples = [tuple(spoken[i : i + 3]) for i in range(len(spoken) - 2)]
        if len(triples) < 2 * RECENT_WORDS:
            return False
        seen = set(triples[:-RECENT_WORDS])
        known = 0
        for triple in triples[-RECENT_WORDS:]:
            known += triple in seen
            seen.add(triple)
        return known >= KNOWN * RECENT_WORDS


def _are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two sentences share most words and all numbers."""
    shared = len(one & other)
    if shared < ALIKE * (len(one) + len(other) - shared):
        return False
    return {w for w in one if is_number(w)} == {w for w in other if is_number(w)}
