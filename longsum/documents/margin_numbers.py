"""Line numbers of manuscripts and pleadings, which are no words of the text.

Pure. A column in the margin that counts line by line, or every few lines, past sentences that run
on from line to line. In a numbered list or a table nothing runs on, and wrapped lines of an item
have no number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from longsum.documents.line_ends import is_ended
from longsum.documents.lines import Line
from longsum.documents.order import main_angle
from longsum.documents.pages import format_pages

MIN_RUN = 5
"""Numbers in a row that show a column of line numbers."""
MIN_SPARSE = 3
"""The same where only every few lines are numbered."""
MAX_STEP = 10
"""Lines from one number to the next."""
MIN_FLOWING = 0.25
"""Share of lines that must run on into the next one."""

_BEFORE = re.compile(r"(\d{1,4})(?:\s+(\S.*))?")
_AFTER = re.compile(r"(?:(.*\S)\s+)?(\d{1,4})")


@dataclass(frozen=True)
class _Numbered:
    """A line that begins or ends with a number."""

    index: int
    number: int
    rest: str
    edge: float
    """Where its number begins, or ends, in points."""
    baseline: float


@dataclass(frozen=True)
class _Column:
    """Numbers that count down a page."""

    lines: tuple[_Numbered, ...]
    step: int
    is_left: bool

    @property
    def edge(self) -> float:
        """Where the numbers are, in points."""
        return median(line.edge for line in self.lines)


def without_margin_numbers(
    pages: Sequence[Sequence[Line]],
) -> tuple[list[list[Line]], list[int]]:
    """Return pages without line numbers, and the indices of the pages that had some.

    Args:
        pages: the lines of each page, in reading order.
    """
    columns = [list(_columns(page)) for page in pages]
    sure = [
        column
        for page, found in zip(pages, columns, strict=True)
        for column in found
        if _is_sure(page, column)
    ]
    result, numbered = [], []
    for index, (page, found) in enumerate(zip(pages, columns, strict=True)):
        column = next((c for c in found if any(_is_like(page, c, s) for s in sure)), None)
        if column is not None:
            numbered.append(index)
        result.append(list(page) if column is None else _without(page, column))
    return result, numbered


def _columns(page: Sequence[Line]) -> Iterator[_Column]:
    """Yield the columns of numbers that count, longest first."""
    angle = main_angle(page)
    upright = [index for index, line in enumerate(page) if line.box.angle == angle]
    upright.sort(key=lambda index: -page[index].box.baseline)
    found: list[_Column] = []
    for is_left in (True, False):
        numbered = [each for i in upright if (each := _numbered(page[i], i, is_left)) is not None]
        found += _runs(numbered, is_left, _size(page))
    yield from sorted(found, key=lambda column: -len(column.lines))


def _numbered(line: Line, index: int, is_left: bool) -> _Numbered | None:
    match = (_BEFORE if is_left else _AFTER).fullmatch(line.text)
    if match is None:
        return None
    number, rest = (match[1], match[2]) if is_left else (match[2], match[1])
    edge = line.box.left if is_left else line.box.right
    return _Numbered(index, int(number), rest or "", edge, line.box.baseline)


def _size(page: Sequence[Line]) -> float:
    return median(line.box.size for line in page) if page else 0.0


def _runs(numbered: Sequence[_Numbered], is_left: bool, size: float) -> Iterator[_Column]:
    """Yield the runs of numbers at one place that count up evenly."""
    run: list[_Numbered] = []
    for each in numbered:
        if run and abs(each.edge - run[0].edge) > 1.5 * size:
            continue
        if len(run) > 1 and each.number - run[-1].number != run[1].number - run[0].number:
            yield from _column(run, is_left)
            run = run[-1:] if 0 < each.number - run[-1].number <= MAX_STEP else []
        if run and not 0 < each.number - run[-1].number <= MAX_STEP:
            run = []
        run.append(each)
    yield from _column(run, is_left)


def _column(run: Sequence[_Numbered], is_left: bool) -> Iterator[_Column]:
    if len(run) < 2:
        return
    drops = [a.baseline - b.baseline for a, b in pairwise(run)]
    usual = median(drops)
    if all(0.5 * usual <= drop <= 2.2 * usual for drop in drops):
        yield _Column(tuple(run), run[1].number - run[0].number, is_left)


def _is_sure(page: Sequence[Line], column: _Column) -> bool:
    """Return whether a column counts the lines of prose."""
    if len(column.lines) < (MIN_RUN if column.step == 1 else MIN_SPARSE):
        return False
    texts = _texts_beside(page, column)
    ongoing = [b[:1].islower() and not is_ended(a) for a, b in pairwise(texts)]
    wide = sum(len(text.split()) > 3 for text in texts)
    flows = sum(ongoing) >= max(3, MIN_FLOWING * len(ongoing))
    return flows and wide > 0.5 * len(texts) and _covers(page, column)


def _is_like(page: Sequence[Line], column: _Column, sure: _Column) -> bool:
    same = column.step == sure.step and column.is_left == sure.is_left
    near = abs(column.edge - sure.edge) <= 2 * _size(page)
    return same and near and _covers(page, column)


def _texts_beside(page: Sequence[Line], column: _Column) -> list[str]:
    """Return the lines of text from the first number to the last, without their numbers."""
    rests = {each.index: each.rest for each in column.lines}
    top, bottom = column.lines[0].baseline, column.lines[-1].baseline
    slack = 0.6 * _size(page)
    between = [
        (line.box.baseline, rests.get(index, line.text))
        for index, line in enumerate(page)
        if bottom - slack <= line.box.baseline <= top + slack
    ]
    return [text for _, text in sorted(between, key=lambda each: -each[0]) if text]


def _covers(page: Sequence[Line], column: _Column) -> bool:
    """Return whether the lines beside a column have one number each, or one every few lines."""
    texts = len(_texts_beside(page, column))
    lines = len(column.lines) if column.step == 1 else (len(column.lines) - 1) * column.step + 1
    alone = sum(not each.rest for each in column.lines)
    if alone > 0.5 * len(column.lines):  # pleading paper is numbered where nothing is written
        return texts > 0.3 * lines and _is_outside(page, column)
    return texts <= 1.25 * lines


def _is_outside(page: Sequence[Line], column: _Column) -> bool:
    """Return whether nearly all text is on one side of a column."""
    numbers = {each.index for each in column.lines}
    others = [line.box for index, line in enumerate(page) if index not in numbers]
    beside: Callable[[float, float], bool] = (
        (lambda left, right: left > column.edge)
        if column.is_left
        else (lambda left, right: right < column.edge)
    )
    return sum(beside(box.left, box.right) for box in others) >= 0.9 * len(others)


def _without(page: Sequence[Line], column: _Column) -> list[Line]:
    """Return a page without the numbers of a column."""
    numbers = {each.index: each for each in column.lines}
    plain = [line.box.left for index, line in enumerate(page) if index not in numbers]
    result = []
    for index, line in enumerate(page):
        each = numbers.get(index)
        if each is None:
            result.append(line)
        elif each.rest:
            left = line.box.left
            if column.is_left and column.step > 1 and plain:
                left = min(median(plain), line.box.right)
            box = replace(line.box, left=left)
            size = len(line.text)
            cut = size - len(each.rest)
            rest = line.part(cut, size) if column.is_left else line.part(0, size - cut)
            result.append(replace(rest, box=box, is_note=False))
    return result


def margin_number_notes(pages: Sequence[int]) -> list[str]:
    """Return the note on line numbers that were left out, for people; none without such pages."""
    if not pages:
        return []
    return [f"left out line numbers on page{'s' if len(pages) > 1 else ''} {format_pages(pages)}"]
