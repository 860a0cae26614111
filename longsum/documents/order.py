"""Reading order: columns that a file gives in the wrong order, and notes at the foot of a column.

Pure. The file's order is used unless it contradicts the layout: a column read before the one to
its left, or a part read before the one above it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from longsum.documents.lines import Line

_RULE = re.compile(r"[\s_\-–—―─=*]{3,}")
_MARKER = re.compile(
    r"(?:\d{1,3}|[*†‡§¶∗]{1,3})[.)]?\s?[^\W\d_]|(?:\d{1,3}|[*†‡§¶∗]{1,3})\s+[\W“‘(]"
)
_MAX_NOTE_SIZE = 0.95
"""Largest font size of a note, as a share of that of the text above it."""


def is_rule(text: str) -> bool:
    """Return whether a line is a drawn rule: only dashes or underscores."""
    return bool(_RULE.fullmatch(text)) and len(text.strip()) > 2


def reading_order(lines: Sequence[Line]) -> list[Line]:
    """Return a page's lines in reading order."""
    angle = main_angle(lines)
    turned = [line for line in lines if line.box.angle != angle]
    if turned:  # stamps along the margin come last
        straight = [line for line in lines if line not in turned]
        return reading_order(straight) + turned
    blocks = _blocks(lines)
    if not _is_contradicted(blocks):
        return list(lines)
    return [line for block in _cut(blocks) for line in block.lines]


def main_angle(lines: Sequence[Line]) -> int:
    """Return the direction of most of a page's text, in degrees."""
    angles: Counter[int] = Counter()
    for line in lines:
        angles[line.box.angle] += len(line.text)
    return angles.most_common(1)[0][0] if angles else 0


class _Block:
    """Lines that follow each other down one column."""

    def __init__(self, line: Line) -> None:
        self.lines = [line]
        self.left, self.right = line.box.left, line.box.right
        self.top, self.bottom = line.box.top, line.box.bottom

    def takes(self, line: Line) -> bool:
        last, box = self.lines[-1].box, line.box
        drop = last.baseline - box.baseline
        beside = abs(drop) < 0.5 * box.size and -2 <= box.left - last.right < 3 * box.size
        below = 0 < drop < 2.2 * max(last.size, box.size)
        overlaps = box.left < self.right and self.left < box.right
        return box.angle == last.angle and (beside or (below and overlaps))

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.left, self.right = min(self.left, line.box.left), max(self.right, line.box.right)
        self.top, self.bottom = max(self.top, line.box.top), min(self.bottom, line.box.bottom)


def _blocks(lines: Sequence[Line]) -> list[_Block]:
    blocks: list[_Block] = []
    for line in lines:
        if blocks and blocks[-1].takes(line):
            blocks[-1].add(line)
        else:
            blocks.append(_Block(line))
    return blocks


def _is_contradicted(blocks: Sequence[_Block]) -> bool:
    """Return whether a part of some length comes too late; a stray label does not count."""
    if len(blocks) > 80:  # a chart or a form: no order to find
        return False
    for place, early in enumerate(blocks):
        for late in blocks[place + 1 :]:
            if len(early.lines) < 2 or len(late.lines) < 3 or late.lines[0].box.angle:
                continue
            beside = late.right < early.left and late.bottom < early.top and early.bottom < late.top
            overlaps = late.left < early.right and early.left < late.right
            if beside or (overlaps and late.bottom >= early.top):
                return True
    return False


def _cut(blocks: list[_Block]) -> list[_Block]:
    """Order blocks by splitting the page at gutters, then at gaps (recursive X-Y cut)."""
    if len(blocks) < 2:
        return blocks
    across = sorted(blocks, key=lambda block: block.left)
    edge = across[0].right
    for place in range(1, len(across)):
        if across[place].left > edge + 4:
            return _cut(across[:place]) + _cut(across[place:])
        edge = max(edge, across[place].right)
    down = sorted(blocks, key=lambda block: -block.top)
    edge, best, where = down[0].bottom, -1.0, 0
    for place in range(1, len(down)):
        if edge - down[place].top > best:
            best, where = edge - down[place].top, place
        edge = min(edge, down[place].bottom)
    return _cut(down[:where]) + _cut(down[where:]) if where else blocks


def split_notes(lines: Sequence[Line], *, unfinished: bool) -> tuple[list[Line], list[Line]]:
    """Return a page's body and its footnotes, both in reading order, without drawn rules.

    Args:
        lines: in reading order.
        unfinished: whether the previous page's notes ended within a sentence, so that this page's
            may begin without a marker.
    """
    body: list[Line] = []
    notes: list[Line] = []
    angle = main_angle(lines)
    columns = _columns([line for line in lines if line.box.angle == angle])
    size = max((_size(column) for column in columns if len(column) > 4), default=0.0)
    for column in columns:
        start = _notes_start(column, unfinished)
        small = start == len(column) and _size(column) < _MAX_NOTE_SIZE * size
        if small and (notes or _begins_note(column[0])):
            start = 0  # the column holds only notes
        body += [line for line in column[:start] if not is_rule(line.text)]
        notes += [line for line in column[start:] if not is_rule(line.text)]
    body += [line for line in lines if line.box.angle != angle]
    return (body, notes) if body else (notes, [])


def _columns(lines: Sequence[Line]) -> list[list[Line]]:
    columns: list[list[Line]] = []
    for line in lines:
        if columns and line.box.baseline < columns[-1][-1].box.baseline + 2 * line.box.size:
            columns[-1].append(line)
        else:
            columns.append([line])
    return columns


def _notes_start(column: Sequence[Line], unfinished: bool) -> int:
    """Return where a column's footnotes begin; its length if it has none."""
    for place in range(len(column) - 2, 0, -1):  # a rule, then smaller type to the end
        if is_rule(column[place].text):
            below, above = _size(column[place + 1 :]), _size(column[:place])
            parted = below < _MAX_NOTE_SIZE * above or _begins_note(column[place + 1])
            if below and above and parted:
                return place
            break
    start = len(column)
    while start > 0 and _same_size(column[start - 1], column[-1]):
        start -= 1
    if not unfinished and not any(_begins_note(line) for line in column[start:]):
        return len(column)
    above, below = _size(column[max(0, start - 6) : start]), _size(column[start:])
    return start if above and below and below < _MAX_NOTE_SIZE * above else len(column)


def _begins_note(line: Line) -> bool:
    return line.is_note or bool(_MARKER.match(line.text))


def _size(lines: Sequence[Line]) -> float:
    sizes = sorted(line.box.size for line in lines)
    return sizes[len(sizes) // 2] if sizes else 0.0


def _same_size(line: Line, last: Line) -> bool:
    return abs(line.box.size - last.box.size) < 0.05 * last.box.size
