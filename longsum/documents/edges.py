"""The rows at the top and the bottom of each page, where running heads, feet and page numbers are.

Pure. A row is what is side by side at one height; rows are counted from the edge inwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from longsum.documents.lines import Line
from longsum.documents.order import main_angle

MAX_DEPTH = 4
"""Rows examined from each edge of a page."""
MARGIN = 0.2
"""Share of a page's height, from each edge, in which a running row may be."""
MIN_GAP = 1.25
"""Distance to the text, in usual distances of lines, that sets a row apart from it."""
USUAL = 0.4
"""Share of gaps that are below the usual one: most are that of the lines, the rest are wider."""

_NUMBER = re.compile(
    r"\W*(?:page|p\.|seite|s\.)?\W*(\d{1,4}|[ivxl]{1,7})\W*(?:(?:of|/|von)\W*\d+\W*)?", re.I
)
_EDGE_ROMAN = re.compile(r"^[ivxl]{1,7}\s+(?=\S)|(?<=\S)\s+[ivxl]{1,7}$")
_CAPTION = re.compile(
    r"(?:table|figure|fig|chapter|part|appendix|section|kapitel|abb|abbildung|tabelle)\b"
)
_DIGITS = re.compile(r"\d+")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


@dataclass(frozen=True)
class VisibleExtent:
    """The bottom and top of a visible page, in the coordinates of its lines' baselines."""

    bottom: float
    top: float


@dataclass(frozen=True)
class EdgeRow:
    """Lines side by side at an edge of a page."""

    page: int
    """Number of the page in the file."""
    members: tuple[int, ...]
    """Indices of its lines on that page."""
    text: str
    baseline: float
    size: float
    is_loose: bool
    """Whether a gap, or type of another size, parts it from the next row inwards."""
    is_marginal: bool
    """Whether it is near the edge of its page."""

    @property
    def key(self) -> str:
        """What running rows have in common: the words, with digits masked and page numbers gone."""
        if page_number(self.text):
            return self.text.casefold()
        masked = _DIGITS.sub("#", _EDGE_ROMAN.sub("", self.text).casefold())
        if _CAPTION.match(masked):
            return self.text  # its number is its name
        return " ".join(word for word in masked.split() if word.strip("#|·.-–—/()"))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers in it, in order, and the Roman numerals at its ends."""
        numerals = (_roman(match[0].strip()) for match in _EDGE_ROMAN.finditer(self.text))
        return (*(int(digits[:9]) for digits in _DIGITS.findall(self.text)), *numerals)


def edge_rows(
    number: int, page: Sequence[Line], top: bool, leading: float, extent: VisibleExtent | None
) -> list[EdgeRow]:
    """Return a page's outermost rows, from the edge inwards.

    Args:
        number: the page's number in the file.
        page: its lines.
        top: rows from the top; False for rows from the bottom.
        leading: the usual distance of two lines in the document, in points; 0 if unknown.
        extent: the visible page; None if unknown, as in a text without layout.
    """
    groups = _groups(page, top)
    heights = [page[group[0]].box.baseline for group in groups]
    sizes = [max(page[index].box.size for index in group) for group in groups]
    rows = []
    for place, group in enumerate(groups[:MAX_DEPTH]):
        loose = place + 1 == len(groups)
        if not loose:
            gap = abs(heights[place] - heights[place + 1])
            other = abs(sizes[place] - sizes[place + 1]) > 0.08 * max(sizes[place : place + 2])
            loose = gap > MIN_GAP * leading or other
        rows.append(
            EdgeRow(
                number,
                tuple(group),
                " ".join(page[index].text for index in group),
                heights[place],
                sizes[place],
                loose,
                _is_marginal(heights[place], top, extent),
            )
        )
    return rows


def _groups(page: Sequence[Line], top: bool) -> list[list[int]]:
    """Return the lines of the outermost rows, and of the one after them, from left to right."""
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
    return [sorted(group, key=lambda index: page[index].box.left) for group in groups]


def _is_marginal(baseline: float, top: bool, extent: VisibleExtent | None) -> bool:
    if extent is None or extent.top <= extent.bottom:
        return True
    edge = extent.top - baseline if top else baseline - extent.bottom
    return edge <= MARGIN * (extent.top - extent.bottom)


def usual_leading(pages: Sequence[Sequence[Line]]) -> float:
    """Return the usual distance of two rows near the edges of pages, in points; 0 if unknown."""
    gaps = []
    for page in pages:
        for top in (True, False):
            heights = [page[group[0]].box.baseline for group in _groups(page, top)]
            gaps += [abs(a - b) for a, b in zip(heights[1:], heights[2:], strict=False)]
    return sorted(gaps)[int(USUAL * len(gaps))] if gaps else 0.0


def page_number(text: str) -> tuple[bool, int] | None:
    """Return (is Arabic, number) of a row that is nothing but a page number, or None."""
    match = _NUMBER.fullmatch(text) if len(text) < 32 else None
    if match is None:
        return None
    if match[1].isdecimal():
        return True, int(match[1])
    return False, _roman(match[1].lower())


def _roman(numeral: str) -> int:
    values = [_ROMAN[letter] for letter in numeral] + [0]
    return sum(-a if a < b else a for a, b in zip(values, values[1:], strict=False))
