"""Detect a free answer that goes round in circles, even with slight changes. Pure.

The engine ends an answer that repeats the same tokens (`engine/decode.py`). A small model may also
write one paragraph again and again with a word changed, which is detected here by words.
"""

from __future__ import annotations

from longsum.similarity import is_number, words

MIN_OVERLAP = 0.75
"""Minimum overlap (Jaccard) of the words of two sentences that count as repeated."""
MAX_REPEATS = 3
"""Repeated sentences in a row that end the answer; two can be rhetoric."""
RECENT_WORDS = 100
"""Newest words checked for having been written before."""
MAX_KNOWN = 0.75
"""Share of their triples, known from earlier in the answer, that ends it."""
_CHECK_EVERY = 160
"""Characters between two checks of the words."""
_MIN_BAG = 3
"""Minimum distinct words of a sentence to be compared."""


class Repetition:
    """Detects repetition in an answer while it is written."""

    def __init__(self) -> None:
        self._bags: list[frozenset[str]] = []
        self._in_a_row = 0
        self._checked = 0

    def takes(self, sentence: str) -> bool:
        """Take the next sentence, and return whether the answer goes round in circles."""
        bag = frozenset(words(sentence))
        if len(bag) < _MIN_BAG:
            return False
        repeated = any(_share_most(bag, earlier) for earlier in self._bags)
        self._in_a_row = self._in_a_row + 1 if repeated else 0
        self._bags.append(bag)
        return self._in_a_row >= MAX_REPEATS

    def goes_round(self, text: str) -> bool:
        """Return whether nearly all of the newest words of the answer so far occurred before."""
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
        return known >= MAX_KNOWN * RECENT_WORDS


def are_alike(one: str, other: str) -> bool:
    """Return whether two sentences share most words and all numbers."""
    bags = frozenset(words(one)), frozenset(words(other))
    return min(map(len, bags)) >= _MIN_BAG and _share_most(*bags)


def _share_most(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two sentences, as sets of words, share most of them and all numbers."""
    shared = len(one & other)
    if shared < MIN_OVERLAP * (len(one) + len(other) - shared):
        return False
    return {w for w in one if is_number(w)} == {w for w in other if is_number(w)}
