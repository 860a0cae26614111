"""Where a prefill is cut into chunks. Pure."""

from __future__ import annotations

from collections.abc import Iterator


def chunk_bounds(start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the (first, last + 1) bounds of consecutive chunks.

    Args:
        start: first position to read, in tokens.
        end: position behind the last.
        size: most tokens of a chunk.
    """
    for first in range(start, end, size):
        yield first, min(first + size, end)
