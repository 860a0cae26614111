"""Take sentences up to the length asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

ENOUGH = 0.95
"""Share of the words asked for at which a summary may end."""
NEARLY = 0.85
"""Share of the words asked for from which on it is not filled with what says little."""
TOO_MUCH = 1.1
"""Share of the words asked for that no further sentence may exceed."""

Item = TypeVar("Item")


def fill(
    order: Iterable[Item],
    size: Callable[[Item], int],
    length: int,
    *,
    key: Callable[[Item], object] | None = None,
    add: Callable[[Item], None] = lambda item: None,
    says_little: Callable[[Item], bool] = lambda item: False,
    max_passed_over: int | None = None,
) -> list[Item]:
    """Take sentences up to the length asked for, skipping those that would exceed it.

    Args:
        order: sentences, best first.
        size: returns the words of a sentence.
        length: words asked for.
        key: returns what copies of a sentence share; only the first of them is taken.
        says_little: returns whether a sentence is only taken while the text is much too short.
        add: called with each sentence taken, before the next one is drawn from `order`.
        max_passed_over: stop after this many sentences that did not fit; None tries all.

    Returns:
        The sentences taken, in order; the first is taken whatever its length.
    """
    taken: list[Item] = []
    keys: set[object] = set()
    total = passed_over = 0
    for item in order:
        if key is not None and key(item) in keys:
            continue
        words = size(item)
        if total >= NEARLY * length and says_little(item):
            continue
        if taken and total + words > TOO_MUCH * length:
            passed_over += 1
            if passed_over == max_passed_over:
                break
            continue
        add(item)
        taken.append(item)
        if key is not None:
            keys.add(key(item))
        total += words
        if total >= ENOUGH * length:
            break
    return taken
