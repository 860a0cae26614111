"""Take sentences up to the length asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

ENOUGH = 0.95
"""Share of the words asked for at which a summary may end."""
TOO_MUCH = 1.1
"""Share of the words asked for that no further sentence may cross."""

Item = TypeVar("Item")


def fill(
    order: Iterable[Item],
    size: Callable[[Item], int],
    length: int,
    *,
    add: Callable[[Item], None] = lambda item: None,
    max_passed_over: int | None = None,
) -> list[Item]:
    """Take sentences until the length asked for is reached; pass over those that overshoot it.

    Args:
        order: sentences, best first.
        size: the words of one.
        length: words asked for.
        add: called with each that is taken, before the next is looked at.
        max_passed_over: stop after this many in all did not fit; None looks at every one.

    Returns:
        Those taken, in that order; the first is taken however long it is.
    """
    taken: list[Item] = []
    total = passed_over = 0
    for item in order:
        words = size(item)
        if taken and total + words > TOO_MUCH * length:
            passed_over += 1
            if passed_over == max_passed_over:
                break
            continue
        add(item)
        taken.append(item)
        total += words
        if total >= ENOUGH * length:
            break
    return taken
