"""Find running heads, running feet and page numbers.

Pure. A row runs only if three things agree: its place, in the margin and parted from the text; its
sequence, the same words at the same height on at least three pages near each other, or a number in
step with the pages; and its form, a page number or a short title. Two pages show a repetition, not
a sequence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from longsum.documents.bands import (
    MAX_DISTANCE,
    MIN_PAGES,
    by_height,
    continues_numbers,
    counts_pages,
    is_in_band,
    is_level,
)
from longsum.documents.edges import EdgeRow, VisibleExtent, edge_rows, page_number, usual_leading
from longsum.documents.line_ends import ends_sentence
from longsum.documents.lines import Line

MAX_TITLE = 110
"""Characters of a running row in type as large as the text's."""
MIN_NOTICE_PAGES = 5
"""Pages that must share a whole sentence, such as a legal notice, for it to be a running row."""

_OF_TOTAL = re.compile(r"\d\s*(?:/|of|von|de|di|van)\s*\d")


@dataclass(frozen=True)
class Running:
    """A row that runs through several pages."""

    row: EdgeRow
    words: str | None
    """What it says beside the page number, the same for rows that say the same; None if nothing."""
    is_certain: bool
    """Whether it is a running head or foot; otherwise it is merely the same on two pages."""
    is_numbered: bool = False
    """Whether one of its numbers is the page's."""


def find_running(
    pages: Sequence[Sequence[Line]],
    numbers: Sequence[int] | None = None,
    extents: Sequence[VisibleExtent | None] | None = None,
) -> list[Running]:
    """Return the running rows of a document.

    Args:
        pages: the lines of each page.
        numbers: each page's number in the file; 1, 2, 3, … if None.
        extents: each page's bottom and top, where they are known.
    """
    if len(pages) < 2:
        return []
    numbers = range(1, len(pages) + 1) if numbers is None else numbers
    extents = [None] * len(pages) if extents is None else extents
    leading = usual_leading(pages)
    edges = [
        _Edge(
            [
                edge_rows(number, page, top, leading, extent)
                for number, page, extent in zip(numbers, pages, extents, strict=True)
            ]
        )
        for top in (True, False)
    ]
    repeated = {number: set[int]() for number in numbers}
    for edge in edges:
        for row in edge.repeated():
            repeated[row.page].update(row.members)
    flows = _flows(pages, list(repeated.values()))
    numbered = {each.row.page for edge in edges for each in edge.numbers}
    return [each for edge in edges for each in edge.running(flows, numbered)]


def _flows(pages: Sequence[Sequence[Line]], repeated: Sequence[set[int]]) -> bool:
    """Return whether sentences continue from page to page, unlike in a stack of letters.

    Args:
        pages: the lines of each page, in reading order.
        repeated: indices of lines that may be running heads, feet or page numbers.
    """
    begun = continued = 0
    for page, outer in zip(pages[1:], repeated[1:], strict=True):
        first = next((line.text for index, line in enumerate(page) if index not in outer), "")
        begun += bool(first)
        continued += first[:1].islower() and len(first.split()) > 2
    return continued > 0.1 * begun


class _Edge:
    """What one edge of all pages has in common.

    Args:
        pages: each page's rows at this edge, from the edge inwards.
    """

    def __init__(self, pages: Sequence[Sequence[EdgeRow]]) -> None:
        self.pages = pages
        inner = [page[-1].size for page in pages if page]
        self.size = median(inner) if inner else 0.0
        self.rows = {page[0].page: page for page in pages if page}
        self.numbers = list(self._numbers())
        self.sequences = list(self._sequences())

    def repeated(self) -> Iterator[EdgeRow]:
        """Yield the rows that may be running: page numbers, and the same words again."""
        yield from (each.row for each in self.numbers)
        yield from (row for run in self.sequences for row in run)

    def running(self, flows: bool, numbered: Set[int]) -> list[Running]:
        """Return the running rows of this edge.

        Args:
            flows: whether sentences continue from page to page.
            numbered: the pages with a row that is nothing but the page number.
        """
        found = {id(each.row): each for each in self.numbers}
        sequences = [run for run in self.sequences if self._has_form(run, flows)]
        bands = by_height(
            [*(each.row for each in self.numbers), *(r for run in sequences for r in run)]
        )
        candidates = set(found) | {id(row) for run in sequences for row in run}
        candidates |= {
            id(row)
            for page in self.pages
            for row in page
            if self._is_title(row) and is_in_band(row, bands)
        }
        outer = {id(row) for page in self.pages for row in _outermost(page, candidates)}
        parted = {id(row) for page in self.pages for row in _parted(page, candidates)}
        for run in sequences:
            if self._is_placed(run, parted):
                rows = [row for row in run if id(row) in outer or row.is_loose]
                paged = flows or counts_pages(run, bands)
                found |= {id(each.row): each for each in _judged(run, rows, paged, numbered)}
        found |= {id(each.row): each for each in self._inby_height(found)}
        known = {each.words for each in found.values() if each.is_certain}
        return [
            replace(each, is_certain=True) if each.words in known else each
            for each in found.values()
        ]

    def _numbers(self) -> Iterator[Running]:
        """Yield the rows that are page numbers in step with the pages."""
        offsets: dict[tuple[bool, int], list[EdgeRow]] = defaultdict(list)
        for page in self.pages:
            for place, row in enumerate(page):
                number = page_number(row.text)
                if number is not None and (row.is_marginal or not place):
                    offsets[number[0], number[1] - row.page].append(row)
        for (_, offset), rows in offsets.items():
            steady = [r for r in rows if any(is_level(r, o) for o in rows if o.page != r.page)]
            if len({row.page for row in steady}) >= (MIN_PAGES if offset else 2):
                yield from (Running(row, None, is_certain=True) for row in steady)

    def _sequences(self) -> Iterator[list[EdgeRow]]:
        """Yield the rows with the same words at the same height on pages near each other."""
        by_key: dict[str, list[list[EdgeRow]]] = defaultdict(list)
        for page in self.pages:
            for row in page:
                if any(map(str.isalpha, row.key)):
                    self._append(by_key[row.key], row)
        for runs in by_key.values():
            yield from (run for run in runs if len(run) > 1 and _is_steady(run))

    def _append(self, runs: list[list[EdgeRow]], row: EdgeRow) -> None:
        for run in reversed(runs):
            last = run[-1]
            if 0 < row.page - last.page <= MAX_DISTANCE and is_level(row, last):
                run.append(row)
                return
        runs.append([row])

    def _has_form(self, run: Sequence[EdgeRow], flows: bool) -> bool:
        """Return whether a sequence looks like titles: short, no sentences, no larger type."""
        row = run[0]
        if row.size > 1.1 * self.size and not (len(run) >= MIN_NOTICE_PAGES and flows):
            return False
        if len(row.text) > MAX_TITLE and row.size > 0.9 * self.size:
            return False
        if not _is_sentence(row.text):
            return True
        spanned = run[-1].page - run[0].page + 1
        return len(run) >= MIN_NOTICE_PAGES and len(run) >= 0.75 * spanned

    def _is_placed(self, run: Sequence[EdgeRow], parted: set[int]) -> bool:
        """Return whether a sequence is in the margin, which holds no text on the pages between."""
        if sum(row.is_marginal for row in run) < 0.75 * len(run):
            return False
        if sum(id(row) in parted for row in run) < 0.5 * len(run):
            return False
        pages = {row.page for row in run}
        between = [page for page in range(min(pages), max(pages) + 1) if page not in pages]
        taken = sum(self._holds_text(page, run[0]) for page in between)
        return taken <= 0.25 * len(pages)

    def _holds_text(self, page: int, row: EdgeRow) -> bool:
        """Return whether a page has text at the height of a row."""
        rows = self.rows.get(page, ())
        loose = max((place for place, each in enumerate(rows) if each.is_loose), default=-1)
        return any(is_level(each, row) for each in rows[loose + 1 :])

    def _inby_height(self, found: Mapping[int, Running]) -> Iterator[Running]:
        """Yield the titles at heights where at least three pages have running rows.

        These are titles that are on this page only, and those that are on two.
        """
        bands = by_height([each.row for each in found.values()])
        for page in self.pages:
            known = {id(row) for row in page if id(row) in found}
            ends = [n for n, row in enumerate(page, 1) if row.is_loose or id(row) in known]
            for row in page[: max(ends, default=0)]:
                if id(row) in known and found[id(row)].is_certain:
                    continue
                if id(row) not in known and not (row.is_marginal and self._is_title(row)):
                    break
                if not is_in_band(row, bands):
                    break
                words = None if page_number(row.text) else row.key
                yield Running(row, words, True, continues_numbers(row, bands))

    def _is_title(self, row: EdgeRow) -> bool:
        has_words = page_number(row.text) or any(map(str.isalpha, row.text))
        is_small = row.size <= 1.1 * self.size and len(row.text) <= MAX_TITLE
        return bool(has_words and is_small and not _is_sentence(row.text))


def _outermost(page: Sequence[EdgeRow], candidates: set[int]) -> Sequence[EdgeRow]:
    """Return the candidates at a page's edge, without any other row outside them."""
    end = next((place for place, row in enumerate(page) if id(row) not in candidates), len(page))
    return page[:end]


def _parted(page: Sequence[EdgeRow], candidates: set[int]) -> Sequence[EdgeRow]:
    """Return the candidates at a page's edge, up to the last that is parted from the text."""
    outer = _outermost(page, candidates)
    ends = [place for place, row in enumerate(outer, 1) if row.is_loose or page_number(row.text)]
    return outer[: ends[-1]] if ends else []


def _is_steady(run: Sequence[EdgeRow]) -> bool:
    """Return whether most rows of a sequence hold the same numbers, or numbers in step."""
    steps = Counter(_step(row, after) for row, after in pairwise(run))
    return steps[None] <= 0.4 * (len(run) - 1)


def _judged(
    run: Sequence[EdgeRow], rows: Iterable[EdgeRow], paged: bool, numbered: Set[int]
) -> Iterator[Running]:
    """Yield the rows of a sequence with what they say beside the page number.

    Args:
        run: the sequence.
        rows: those of its rows that are outside the text.
        paged: whether their numbers are those of pages, not of letters or invoices.
        numbered: the pages with a row that is nothing but the page number.
    """
    certain = len(run) >= MIN_PAGES
    steps = any(_step(row, after) for row, after in pairwise(run))
    own = len(run) > MIN_PAGES and _most(run, lambda row: row.page in row.numbers)
    beside = _most(run, lambda row: row.text.split()[0] == str(row.page))
    paged = paged or _most(run, lambda row: bool(_OF_TOTAL.search(row.text)))
    for row in rows:
        text = " ".join(row.text.split()).casefold()
        if not steps:
            yield Running(row, text, certain)
        elif own and (beside or _most(run, lambda row: row.page in numbered)):
            yield Running(row, None, certain, True)
        else:
            yield Running(row, row.key if paged else text, certain, paged)


def _most(run: Sequence[EdgeRow], holds: Callable[[EdgeRow], bool]) -> bool:
    return sum(map(holds, run)) >= 0.75 * len(run)


def _is_sentence(text: str) -> bool:
    """Return whether a row is a sentence of prose, not a title that ends in an abbreviation."""
    if text.endswith(("。", "！", "？")):
        return True
    words = [word for word in text.split() if word[:1].isalpha()]
    small = sum(word[0].islower() for word in words)
    return ends_sentence(text) and len(words) > 4 and small > 0.5 * len(words)


def _step(one: EdgeRow, other: EdgeRow) -> int | None:
    """Return 0 if two rows hold the same numbers, 1 if one is in step with the pages, else None."""
    ours, theirs = Counter(one.numbers), Counter(other.numbers)
    before, after = sorted((ours - theirs).elements()), sorted((theirs - ours).elements())
    if not before and not after:
        return 0
    apart = other.page - one.page
    steps = {b - a for a, b in zip(before, after, strict=False)}
    in_step = steps <= {apart, 2 * apart}  # two pages of a book may be on one of the file
    return 1 if in_step and len(before) == len(after) < 3 else None
