"""Evidence: which sentences of a source hold the words of a claim.

The search uses bit masks of the claim's keys (`source_index.py`), so that a claim takes a
millisecond. Works on strings; knows nothing about pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from longsum.grounding.source_index import SourceIndex
from longsum.similarity import is_number

# Calibrated on sentences of reference summaries (encyclopaedia, textbooks, papers, court opinions,
# stories, meetings) against their own source and another one of the same kind, and on sentences
# made from a document's own by rule: `benchmarks/answers`.

SUPPORTED = 0.45
"""Minimum score of a supported claim; `benchmarks/answers/README.md` has what reaches it."""
EXACT = 0.5
"""Part of a word's weight that only the word itself earns, not one of similar meaning."""
CLOSE = 0.75
"""Share of a claim's other words in one sentence from which a name in it may not differ."""
WRONG_NAME = 0.6
"""Factor for each name that is missing from the evidence, or belongs to someone else there, in a
claim that is not close to a sentence; it may be right."""
CLOSE_SHARE = 0.97
"""Share of the closest sentence's weight from which another one may be what the claim says."""
FAR_SHARE = 0.8
"""The same for a claim that is not close to any sentence."""
MAX_RIVALS = 6
"""Maximum such sentences that are compared."""
NAME_DISTANCE = 10
"""Sentences around the evidence that may hold the name of its `she`."""
WINDOW_COST = 0.88
"""Factor per sentence added to a window, so that a sentence adding hardly a word is left out."""
EXTRA_GAIN = 0.15
"""Minimum share of a claim that a further place must add."""
MIN_EXTRA_WORDS = 2
"""Minimum words that a further place must add, plus one if the claim is supported without it: one
or two words are found anywhere, and a page that adds little misleads the reader."""
EXTRA_DISCOUNT = 0.9
"""Factor for words found in further places, which count less than words in one place."""
LEAST_CLOSE = 0.1
"""Share of a claim that a sentence holds at least which is close to it."""
MAX_WINDOW = 3
"""Maximum adjacent sentences of one place."""
MAX_EXTRA = 2
"""Maximum further places of a claim."""


class Claim:
    """A sentence as weighted keys, and which source sentences hold them.

    A set of keys is a bit mask: bit i is key i.

    Args:
        keys: distinct names, numbers and marked stems.
        names: the words of each name.
        source: the text to look in.
    """

    def __init__(self, keys: list[str], names: list[tuple[str, ...]], source: SourceIndex) -> None:
        self._keys, self._names, self._source = keys, names, source
        self._weights = [source.weight(key) for key in keys]
        self._total = sum(self._weights) or 1.0
        self._masks: dict[int, int] = defaultdict(int)
        self._exact: dict[int, int] = defaultdict(int)
        for bit, key in enumerate(keys):
            for index in source.holders(key):
                self._exact[index] |= 1 << bit
                self._masks[index] |= 1 << bit
            for index in source.related_holders(key):
                self._masks[index] |= 1 << bit
        self._cache: dict[int, float] = {}
        self._numbers = self._mask_of(key for key in keys if is_number(key))
        self._named = self._mask_of(word for name in names for word in name)

    def mask(self, window: Iterable[int]) -> int:
        """Return the keys that a window holds."""
        mask = 0
        for index in window:
            mask |= self._masks.get(index, 0)
        return mask

    def share(self, window: Iterable[int]) -> float:
        """Return the share of the claim that a window holds, by weight."""
        return self._weight(self.mask(window)) / self._total

    def closest(self) -> int | None:
        """Return the sentence that holds most of the claim; None if none holds much of it."""
        weights = {index: self._weight(mask) for index, mask in self._masks.items()}
        best = max(weights, key=lambda index: (weights[index], -index), default=None)
        return best if best is not None and weights[best] >= LEAST_CLOSE * self._total else None

    def best_window(self, sizes: Sequence[int], covered: int = 0) -> range | None:
        """Return the adjacent sentences that hold most of what is not covered yet.

        Args:
            sizes: numbers of sentences, rising from 1.
            covered: mask of the keys that are covered.

        Returns:
            Indices of sentences, or None when none adds anything.
        """
        alone = {index: self._weight(mask & ~covered) for index, mask in self._masks.items()}
        # Of a window worth more than the best sentence, one is worth its share of that.
        least = max(alone.values(), default=0.0) / sizes[-1] - 1e-9
        heavy = (index for index, weight in alone.items() if weight >= least)
        firsts = {index - back for index in heavy for back in range(sizes[-1])}
        best, window = 0.0, None
        for first in sorted(firsts & alone.keys()):
            mask = 0
            for size in sizes:
                last = first + size - 1
                mask |= self._masks.get(last, 0)
                if size > 1 and (last not in self._masks or self._source.is_long(first, last)):
                    continue  # a window is short, and ends with a sentence that adds to it
                score = self._weight(mask & ~covered) * WINDOW_COST ** (size - 1)
                if score > best + 1e-9:
                    best, window = score, range(first, last + 1)
        return window

    def score(self, windows: list[range]) -> tuple[float, list[range]]:
        """Return how well the source supports the claim, and where.

        Args:
            windows: the first places; further ones are added for what they lack.

        Returns:
            A score from 0 to 1, and all places, the given ones first.
        """
        windows = list(windows)
        covered = self.mask(index for window in windows for index in window)
        discount = 0.0
        for _ in range(MAX_EXTRA if windows else 0):
            extra = self.best_window(range(1, MAX_WINDOW), covered)
            added = self.mask(extra) & ~covered if extra else 0
            gain = self._weight(added) / self._total
            # Mere names and numbers are found anywhere; a place must add other words as well.
            said = added & ~self._named & ~self._numbers
            minimum = MIN_EXTRA_WORDS + self._is_enough(covered)
            if extra is None or not said or gain < EXTRA_GAIN or added.bit_count() < minimum:
                break
            windows.append(extra)
            covered |= added
            discount += (1 - EXTRA_DISCOUNT) * gain
        exact = 0
        for index in (index for window in windows for index in window):
            exact |= self._exact.get(index, 0)
        held = self._weight(covered) * (1 - EXACT) + self._weight(exact & covered) * EXACT
        return max(0.0, held / self._total - discount), windows

    def _is_enough(self, covered: int) -> bool:
        """Return whether the covered keys support the claim by themselves."""
        held = self._weight(covered) >= SUPPORTED * self._total
        return held and not self._numbers & ~covered

    def main(self, windows: Iterable[range]) -> int | None:
        """Return the sentence closest to the claim, by words other than names and numbers."""
        said = [index for window in windows for index in window]
        others = ~(self._named | self._numbers)
        return max(said, key=lambda index: self._weight(self.mask([index]) & others), default=None)

    def closeness(self, index: int) -> float:
        """Return the share of the claim that one sentence holds, without names and numbers."""
        others = ~(self._named | self._numbers)
        whole = self._weight((1 << len(self._keys)) - 1 & others)
        return self._weight(self.mask([index]) & others) / whole if whole else 1.0

    def rivals(self, index: int) -> list[int]:
        """Return further sentences that hold nearly as much of the claim as one, best first."""
        share = CLOSE_SHARE if self.closeness(index) >= CLOSE else FAR_SHARE
        least = share * self._weight(self._masks.get(index, 0))
        weights = {other: self._weight(mask) for other, mask in self._masks.items()}
        close = [other for other, weight in weights.items() if weight >= least and other != index]
        exact = {other: weights[other] + self._weight(self._exact.get(other, 0)) for other in close}
        return sorted(close, key=lambda other: -exact[other])[:MAX_RIVALS]

    def wrong_names(self, main: int, windows: Iterable[range]) -> list[str]:
        """Return the names of the claim that are not consistent with its closest sentence.

        Args:
            main: the closest sentence.
            windows: all places of the claim.
        """
        covered = self.mask(index for window in windows for index in window)
        return [" ".join(n) for n in self._names if not self._is_right(n, main, covered)]

    def _is_right(self, name: tuple[str, ...], main: int, covered: int) -> bool:
        """Return whether a name is consistent with `main`, the closest source sentence."""
        mask = self._mask_of(name)
        is_known = any(not mask & ~held for held in self._masks.values())
        if not is_known and mask & ~covered:
            return False  # no sentence names `Anna Lund`
        held = self._masks.get(main, 0) & mask
        if held:
            # `Anna Lund` is not `Tom Lund`, but `Lund` may be either
            return held == mask or not any(
                self._mask_of(other) & mask and not set(other) <= set(name)
                for other in self._source.names_in(main)
            )
        # `Berg presented the plan. Lund approved it.` has the words of `Berg approved the plan`:
        # the sentence may say `she`, but not name a person who is not in the claim.
        near = range(main - NAME_DISTANCE, main + NAME_DISTANCE + 1)
        return bool(self.mask(near) & mask) and not self._names_others(main)

    def _names_others(self, index: int) -> bool:
        """Return whether a source sentence names someone more often than the claim does."""
        names = self._source.names_in(index)
        return any(
            not self._mask_of(name) or names.count(name) > self._names.count(name) > 0
            for name in names
        )

    def _mask_of(self, keys: Iterable[str]) -> int:
        wanted = set(keys)
        return sum(1 << bit for bit, key in enumerate(self._keys) if key in wanted)

    def _weight(self, mask: int) -> float:
        if mask not in self._cache:
            bits = (bit for bit in range(mask.bit_length()) if mask >> bit & 1)
            self._cache[mask] = sum(self._weights[bit] for bit in bits)
        return self._cache[mask]


def claim_of(sentence: str, source: SourceIndex) -> Claim:
    """Return a sentence as a claim, to look for in a source."""
    names = source.names(sentence)
    return Claim(source.keys(sentence, names), names, source)
