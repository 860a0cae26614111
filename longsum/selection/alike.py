"""Whether two sentences say the same, by the share of words that the shorter one has in common.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

MIN_TERMS = 4
"""Terms that a sentence counts as having at least: few words in common say little."""


class Unlike:
    """Whether sentences say something else than those added so far.

    Args:
        terms: the stems of each sentence.
        share: share of the shorter one's terms from which on two sentences say the same.
    """

    def __init__(self, terms: Sequence[Sequence[str]], share: float) -> None:
        self._share = share
        self._terms = [frozenset(each) for each in terms]
        self._added: list[frozenset[str]] = []

    def __call__(self, sentence: int) -> bool:
        """Return whether a sentence shares few of its terms with each one that was added."""
        own = self._terms[sentence]
        return not any(
            len(own & other) >= self._share * max(MIN_TERMS, min(len(own), len(other)))
            for other in self._added
        )

    def add(self, sentence: int) -> None:
        """Add a sentence."""
        self._added.append(self._terms[sentence])
