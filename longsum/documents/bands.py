"""Rows at one height of several pages: what they have in common, and what their numbers count.

Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from longsum.documents.edges import EdgeRow

MIN_PAGES = 3
"""Pages that make a sequence."""
MAX_DISTANCE = 4
"""Pages within which a running row is repeated."""
MAX_SHIFT = 4.0
"""Points by which a running row may move from page to page."""


def by_height(rows: Iterable[EdgeRow]) -> Mapping[int, Sequence[EdgeRow]]:
    """Return rows by height."""
    bands: dict[int, list[EdgeRow]] = defaultdict(list)
    for row in rows:
        bands[round(row.baseline / MAX_SHIFT)].append(row)
    return bands


def is_in_band(row: EdgeRow, bands: Mapping[int, Sequence[EdgeRow]]) -> bool:
    """Return whether at least three pages have running rows like this one, one of them near."""
    level = {
        other.page
        for other in level_with(row, bands)
        if abs(row.size - other.size) < 0.1 * row.size
    }
    return len(level) >= MIN_PAGES and any(abs(row.page - o) <= MAX_DISTANCE for o in level)


def level_with(row: EdgeRow, bands: Mapping[int, Sequence[EdgeRow]]) -> Iterator[EdgeRow]:
    """Yield the rows at a row's height."""
    around = round(row.baseline / MAX_SHIFT)
    for band in (around - 1, around, around + 1):
        yield from (other for other in bands.get(band, ()) if is_level(row, other))


def is_level(one: EdgeRow, other: EdgeRow) -> bool:
    """Return whether two rows of different pages are at the same height."""
    return abs(one.baseline - other.baseline) <= MAX_SHIFT


def counts_pages(run: Sequence[EdgeRow], bands: Mapping[int, Sequence[EdgeRow]]) -> bool:
    """Return whether other titles at a sequence's height count on with its numbers."""
    offsets = {number - row.page for row in run for number in row.numbers}
    return any(
        number - other.page in offsets
        for other in level_with(run[0], bands)
        if other.key != run[0].key
        for number in other.numbers
    )


def continues_numbers(row: EdgeRow, bands: Mapping[int, Sequence[EdgeRow]]) -> bool:
    """Return whether a row's number continues those of the rows at its height."""
    offsets = {number - row.page for number in row.numbers}
    return any(
        number - other.page in offsets
        for other in level_with(row, bands)
        if 0 < abs(other.page - row.page) <= MAX_DISTANCE
        for number in other.numbers
    )
