"""Find headers, footers and page numbers, so that they are not read as text.

Pure. A row at a page's edge counts as one when it is at the same height with the same words (apart
from digits) on other pages nearby, when it is a page number in step with the pages, or when most
pages reserve that height for a separate short row.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from longsum.documents.lines import Line
from longsum.documents.order import main_angle

MAX_DEPTH = 4
"""Rows examined from each edge of a page."""
MAX_DISTANCE = 4
"""Pages within which a running row is repeated."""
MAX_LOST = 200
"""Characters that a page without other text may lose."""
MAX_SHIFT = 4.0
"""Points by which a running row may move from page to page."""

_NUMBER = re.compile(
    r"\W*(?:page|p\.|seite|s\.)?\W*(\d{1,4}|[ivxl]{1,7})\W*(?:(?:of|/|von)\W*\d+\W*)?", re.I
)
_CAPTION = re.compile(
    r"(?:table|figure|fig|chapter|part|appendix|section|kapitel|abb|abbildung|tabelle)\b"
)
_DIGITS = re.compile(r"\d+")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


@dataclass(frozen=True)
class _Row:
    """Lines side by side at an edge of a page."""

    page: int
    members: tuple[int, ...]
    key: str
    text: str
    baseline: float
    size: float
    gap: float
    """Distance to the next row inwards, in points."""


def drop_running(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages' lines without headers, footers and page numbers."""
    if len(pages) < 2:
        return [list(page) for page in pages]
    dropped: list[set[int]] = [set() for _ in pages]
    for top in (True, False):
        rows = [_edge_rows(number, page, top) for number, page in enumerate(pages)]
        judge = _Judge(rows)
        for number, page_rows in enumerate(rows):
            for row in judge.running(page_rows):
                dropped[number].update(row.members)
    _spare_forms(pages, dropped)
    _drop_stamps(pages, dropped)
    return [
        [line for index, line in enumerate(page) if index not in dropped[number]]
        for number, page in enumerate(pages)
    ]


def _spare_forms(pages: Sequence[Sequence[Line]], dropped: list[set[int]]) -> None:
    """Keep all of a page that would lose most of its text: its text is repeated, not a frame."""
    for number, page in enumerate(pages):
        lost = sum(len(page[index].text) for index in dropped[number])
        if lost > MAX_LOST and 2 * lost > sum(len(line.text) for line in page):
            dropped[number].clear()


def _drop_stamps(pages: Sequence[Sequence[Line]], dropped: list[set[int]]) -> None:
    """Mark the lines that run up the margin of several pages."""
    angles = [main_angle(page) for page in pages]
    turned: Counter[str] = Counter()
    for page, angle in zip(pages, angles, strict=True):
        turned.update({line.text for line in page if line.box.angle != angle})
    for number, page in enumerate(pages):
        for index, line in enumerate(page):
            if line.box.angle != angles[number] and turned[line.text] > 2:
                dropped[number].add(index)


def _edge_rows(number: int, page: Sequence[Line], top: bool) -> list[_Row]:
    """Return a page's outermost rows, from the edge inwards."""
    if not page:
        return []
    angle = main_angle(page)
    order = sorted(
        (index for index, line in enumerate(page) if line.box.angle == angle),
        key=lambda index: page[index].box.baseline,
        reverse=top,
    )
    groups: list[list[int]] = []
    for index in order:
        height = page[index].box.baseline
        if groups and abs(page[groups[-1][0]].box.baseline - height) < 0.3 * page[index].box.size:
            groups[-1].append(index)
        elif len(groups) > MAX_DEPTH:
            break
        else:
            groups.append([index])
    heights = [page[group[0]].box.baseline for group in groups]
    rows = []
    for place, group in enumerate(groups[:MAX_DEPTH]):
        group.sort(key=lambda index: page[index].box.left)
        text = " ".join(page[index].text for index in group)
        gap = abs(heights[place] - heights[place + 1]) if place + 1 < len(heights) else 0.0
        size = max(page[index].box.size for index in group)
        rows.append(_Row(number, tuple(group), _key(text), text, heights[place], size, gap))
    return rows


def _number(text: str) -> re.Match[str] | None:
    return _NUMBER.fullmatch(text) if len(text) < 32 else None


def _key(text: str) -> str:
    if _number(text):
        return "#"
    key = _DIGITS.sub("#", text.casefold())
    return " ".join(word for word in key.split() if word.strip("#|·.-–—"))


class _Judge:
    """What the edges of all pages have in common."""

    def __init__(self, rows: Sequence[Sequence[_Row]]) -> None:
        self.pages = len(rows)
        self.by_key: dict[str, list[_Row]] = defaultdict(list)
        self.offsets: Counter[tuple[bool, int]] = Counter()
        self.bands: dict[int, list[_Row]] = defaultdict(list)
        gaps = [row.gap for page in rows for row in page[1:] if row.gap]
        self.leading = median(gaps) if gaps else 0.0
        sizes = [page[-1].size for page in rows if page]
        self.size = median(sizes) if sizes else 0.0
        for page in rows:
            for row in page:
                self.by_key[row.key].append(row)
                self.bands[round(row.baseline / 2)].append(row)
                if (offset := _offset(row)) is not None:
                    self.offsets[offset] += 1

    def running(self, rows: Sequence[_Row]) -> list[_Row]:
        """Return which of a page's outermost rows, from the edge inwards, are running."""
        found: list[_Row] = []
        at_edge = True
        for row in rows:
            at_edge = at_edge and self._is_running(row, at_edge=True)
            if at_edge or self._is_running(row, at_edge=False):
                found.append(row)
        if len(found) < MAX_DEPTH:
            return found
        # the text is repeated too: only the rows before a gap are running
        apart = [place for place, row in enumerate(found[:-1]) if row.gap > 1.3 * self.leading]
        return found[: apart[-1] + 1] if apart else []

    def _is_running(self, row: _Row, *, at_edge: bool) -> bool:
        if (offset := _offset(row)) is not None and self.offsets[offset] > 1:
            return True
        return self._is_repeated(row) or (at_edge and self._is_in_reserved_band(row))

    def _is_repeated(self, row: _Row) -> bool:
        if not row.key:
            return False
        same = self.by_key[row.key]
        if _CAPTION.match(row.key):
            same = [r for r in same if r.text == row.text]
        alike = [r for r in same if abs(r.baseline - row.baseline) <= MAX_SHIFT]
        near = sum(0 < abs(r.page - row.page) <= MAX_DISTANCE for r in alike)
        return near > 0 and (len(alike) > 2 or row.key == "#" or self.pages == 2)

    def _is_in_reserved_band(self, row: _Row) -> bool:
        """Return whether most pages reserve this height for a short row."""
        if row.size > 1.05 * self.size or len(row.text) > 110 or not self.leading:
            return False
        band = round(row.baseline / 2)
        rows = [r for near in (band - 1, band, band + 1) for r in self.bands[near]]
        apart = sum(r.gap > 1.3 * self.leading or r.size < 0.85 * self.size for r in rows)
        return len({r.page for r in rows}) >= max(4, self.pages // 2) and apart >= 0.8 * len(rows)


def _offset(row: _Row) -> tuple[bool, int] | None:
    """Return (is Arabic, printed number minus position in the file), or None for other text."""
    match = _number(row.text)
    if match is None:
        return None
    if match[1].isdecimal():
        return True, int(match[1]) - row.page
    return False, _roman(match[1].lower()) - row.page


def _roman(numeral: str) -> int:
    values = [_ROMAN[letter] for letter in numeral] + [0]
    return sum(-a if a < b else a for a, b in zip(values, values[1:], strict=False))
