"""How much a text repeats itself. Pure."""

from __future__ import annotations

from longsum.similarity import words

REPEATED = 4
"""Words of the runs that are compared."""


def repeated_share(text: str, size: int = REPEATED) -> float:
    """Return the share of a text's n-grams that repeat an earlier one: 0 to 1.

    It is 1 - distinct / all (seq-rep-n of Welleck et al. 2020, arXiv 1908.04319); 0 for a text of
    fewer words.

    Args:
        text: an answer or a summary.
        size: n, in words.
    """
    found = words(text)
    runs = [tuple(found[i : i + size]) for i in range(len(found) - size + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
