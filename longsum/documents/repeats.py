"""What becomes of running rows: each different one is shown once, the others are left out.

Pure. A page number says nothing that a citation does not say. A title is left out where the text
says the same, and shown once where nothing else does: nothing is read and then nowhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from longsum.documents.bands import MAX_SHIFT, MIN_PAGES
from longsum.documents.edges import VisibleExtent
from longsum.documents.lines import Line
from longsum.documents.order import main_angle
from longsum.documents.pages import format_pages
from longsum.documents.running import Running, find_running

MAX_LISTED = 40
"""Different rows that the notes on a document list."""
MIN_LETTERS = 2
"""Letters or digits of a title that is worth showing once."""

_SILENT = re.compile(r"[\W_]+")
_NUMBER_BEFORE = re.compile(r"^\W*(?:\d{1,5}|[ivxl]+)\W+(?=\w)")
_NUMBER_AFTER = re.compile(r"\W+(?:\d{1,5}|[ivxl]+)\W*$")


@dataclass(frozen=True)
class PageLines:
    """A page as it was read."""

    number: int
    """Position in the file, from 1."""
    lines: Sequence[Line]
    chosen: bool = True
    """False for a page that only serves to recognize running rows."""
    has_pictures: bool = False
    extent: VisibleExtent | None = None
    """Its bottom and top; None if unknown."""


@dataclass(frozen=True)
class LeftOut:
    """A row that is not shown on its page."""

    page: int
    """Number of the page in the file."""
    text: str
    group: str
    """The same for rows that say the same; empty for page numbers."""


@dataclass(frozen=True)
class Frameless:
    """The pages of a document without what is repeated around their text."""

    pages: list[list[Line]]
    """Each page's lines; running rows that are shown all the same have `is_running` set."""
    left_out: list[LeftOut]
    """What was left out of the chosen pages, in order."""


def drop_running(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return pages, all of them chosen, as `without_running` does."""
    return without_running([PageLines(n, lines) for n, lines in enumerate(pages, 1)]).pages


def without_running(pages: Sequence[PageLines]) -> Frameless:
    """Return pages without running heads, running feet, page numbers and stamps on the margin.

    A title that no text says is shown on the first page that has it. If all pages hold nothing but
    such rows, these are the text.

    Args:
        pages: in the file's order, with those read only to recognize running rows.
    """
    found = find_running(
        [page.lines for page in pages],
        [page.number for page in pages],
        [page.extent for page in pages],
    )
    rows: dict[int, list[_Repeat]] = defaultdict(list)
    for each in found:
        rows[each.row.page].append(_repeat_of(each))
    for number, stamp in _stamps(pages):
        rows[number].append(stamp)
    found_text = any(
        len(page.lines) > sum(len(each.members) for each in rows[page.number]) or page.has_pictures
        for page in pages
        if page.chosen
    )
    if not found_text:
        return Frameless([list(page.lines) for page in pages], [])
    return _leave_out(pages, rows)


@dataclass(frozen=True)
class _Repeat:
    """Lines that are repeated on other pages."""

    members: tuple[int, ...]
    text: str
    group: str | None
    """The same for rows that say the same; None for nothing but a page number."""
    is_certain: bool = True
    is_numbered: bool = False
    """Whether it holds the page's number."""


def _repeat_of(running: Running) -> _Repeat:
    row = running.row
    return _Repeat(row.members, row.text, running.words, running.is_certain, running.is_numbered)


def _stamps(pages: Sequence[PageLines]) -> Iterator[tuple[int, _Repeat]]:
    """Yield (page number, line) of the lines that run up the margin of several pages."""
    found: dict[str, list[tuple[PageLines, int]]] = defaultdict(list)
    for page in pages:
        angle = main_angle(page.lines)
        for index, line in enumerate(page.lines):
            if line.box.angle != angle:
                found[line.text].append((page, index))
    for text, places in found.items():
        for page, index in places:
            box = page.lines[index].box
            level = {
                other.number
                for other, at in places
                if abs(other.lines[at].box.baseline - box.baseline) <= MAX_SHIFT
            }
            if len(level) >= MIN_PAGES:
                yield page.number, _Repeat((index,), text, text.casefold())


def _leave_out(pages: Sequence[PageLines], rows: Mapping[int, Sequence[_Repeat]]) -> Frameless:
    """Leave out repeated rows, except the first of those that nothing else says."""
    said = _Said(pages, rows)
    shown: set[str] = set()
    kept: list[list[Line]] = []
    left_out: list[LeftOut] = []
    for page in pages:
        lines: list[Line | None] = list(page.lines)
        for each in sorted(rows[page.number], key=lambda repeat: repeat.members):
            is_new = each.group is not None and each.group not in shown
            if not each.is_certain or (page.chosen and is_new and not said.says(page, each)):
                for index in each.members:
                    lines[index] = replace(page.lines[index], is_running=True)
            else:
                for index in each.members:
                    lines[index] = None
                if page.chosen:
                    left_out.append(LeftOut(page.number, each.text, each.group or ""))
            if page.chosen and each.group is not None:
                shown.add(each.group)
        kept.append([line for line in lines if line is not None])
    return Frameless(kept, left_out)


class _Said:
    """What the text of the chosen pages says, without its repeated rows."""

    def __init__(self, pages: Sequence[PageLines], rows: Mapping[int, Sequence[_Repeat]]) -> None:
        self._pages, self._rows = pages, rows
        self._text: str | None = None

    def says(self, page: PageLines, repeat: _Repeat) -> bool:
        """Return whether the text has the words of each line of a row, without its page number."""
        if self._text is None:
            self._text = self._letters()
        return all(
            self._has(page.lines[index].text, repeat.is_numbered, self._text)
            for index in repeat.members
        )

    def _has(self, line: str, is_numbered: bool, text: str) -> bool:
        versions = [line]
        if is_numbered:
            before, after = _NUMBER_BEFORE.sub("", line), _NUMBER_AFTER.sub("", line)
            versions += [before, after, _NUMBER_AFTER.sub("", before)]
        words = [_SILENT.sub("", each).casefold() for each in versions]
        return any(len(each) < MIN_LETTERS or each in text for each in words)

    def _letters(self) -> str:
        texts: list[str] = []
        for page in self._pages:
            if page.chosen:
                repeated = {i for each in self._rows[page.number] for i in each.members}
                texts += [line.text for i, line in enumerate(page.lines) if i not in repeated]
        return _SILENT.sub("", "".join(texts)).casefold()


def left_out_notes(left_out: Sequence[LeftOut]) -> list[str]:
    """Return what was left out of a document for people, a line each: the count, then the rows."""
    if not left_out:
        return []
    groups: dict[str, list[LeftOut]] = defaultdict(list)
    for each in left_out:
        groups[each.group].append(each)
    pages = {each.page for each in left_out}
    rows = "row that repeats" if len(left_out) == 1 else "rows that repeat"
    notes = [
        f"left out {len(left_out):,} {rows} from page to page (running heads and feet, page "
        f"numbers), on {len(pages):,} {'page' if len(pages) == 1 else 'pages'}"
    ]
    for group, members in list(groups.items())[:MAX_LISTED]:
        what = f'"{members[0].text}"' if group else "page numbers"
        notes.append(f"left out: {what}, {_where(sorted({each.page for each in members}))}")
    if len(groups) > MAX_LISTED:
        notes.append(f"left out: {len(groups) - MAX_LISTED:,} more")
    return notes


def _where(numbers: Sequence[int]) -> str:
    """Return `page 3`, `pages 3-20`, or `27 pages from 2 to 96` for heads of every other page."""
    if len(numbers) == 1:
        return f"page {numbers[0]}"
    named = format_pages(numbers)
    if named.count(",") < 3:
        return f"pages {named}"
    return f"{len(numbers):,} pages from {numbers[0]} to {numbers[-1]}"
