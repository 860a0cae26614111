"""Lines that are drawn twice in one place: a shadow behind a block, recognized text over real text.

Pure. Words again at another place are the author's, and stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from longsum.documents.lines import Box, Line

MAX_RISE = 0.4
"""Distance of baselines, in font sizes, of lines in one place."""
MAX_OFFSET = 1.0
"""Distance of ends, in font sizes, of lines in one place."""
MIN_ALIKE = 0.8
"""Share of a line's letters that another line in its place must have: recognition makes errors."""
MIN_LETTERS = 8
"""Letters from which lines are compared one by one; the parts of a formula are shorter."""
MAX_TIGHT = 0.15
"""Offset, in font sizes, of lines in one place that hold no letters, or are part of another."""

_SILENT = re.compile(r"[\W_]+")


def drawn_once(lines: Sequence[Line]) -> list[Line]:
    """Return a page's lines, each that is drawn in one place several times only once.

    Args:
        lines: in the file's order; the first of a place stays, or the longer one.
    """
    order = sorted(range(len(lines)), key=lambda index: -lines[index].box.baseline)
    dropped: set[int] = set()
    for place, index in enumerate(order):
        box = lines[index].box
        for other in order[place + 1 :]:
            below = lines[other].box
            if box.baseline - below.baseline > MAX_RISE * max(box.size, below.size):
                break
            if not dropped & {index, other} and _overlap(box, below):
                twice = _drawn_twice(lines, *sorted((index, other)))
                if twice is not None:
                    dropped.add(twice)
    return [line for index, line in enumerate(lines) if index not in dropped]


def _overlap(one: Box, other: Box) -> bool:
    """Return whether two lines at one height share most of the narrower one's width."""
    shared = min(one.right, other.right) - max(one.left, other.left)
    narrower = min(one.right - one.left, other.right - other.left)
    alike = min(one.size, other.size) > 0.7 * max(one.size, other.size)
    return alike and one.angle == other.angle and shared > 0.5 * narrower


def _drawn_twice(lines: Sequence[Line], first: int, second: int) -> int | None:
    """Return which of two lines in one place says nothing that the other does not."""
    one, other = lines[first], lines[second]
    ours, theirs = (_SILENT.sub("", line.text).casefold() for line in (one, other))
    size = max(one.box.size, other.box.size)
    left, right = one.box.left - other.box.left, one.box.right - other.box.right
    tight = abs(one.box.baseline - other.box.baseline) <= MAX_TIGHT * size
    if not ours or not theirs:
        same = one.text == other.text and max(abs(left), abs(right)) <= MAX_TIGHT * size
        return second if tight and same else None
    if max(abs(left), abs(right)) <= MAX_OFFSET * size and _alike(ours, theirs):
        return second
    if tight and left <= size and right >= -size and _holds(ours, theirs):
        return second
    if tight and left >= -size and right <= size and _holds(theirs, ours):
        return first
    return None


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return min(len(one), len(other)) >= MIN_LETTERS and matcher.ratio() >= MIN_ALIKE


def _holds(long: str, short: str) -> bool:
    """Return whether a line's letters are, one after the other, in a longer one's."""
    if len(short) < MIN_LETTERS:
        return False
    if short in long:
        return True
    blocks = SequenceMatcher(None, long, short, autojunk=False).get_matching_blocks()
    inner = [block for block in blocks if block.size > 1]
    if not inner or sum(block.size for block in inner) < MIN_ALIKE * len(short):
        return False
    return inner[-1].a + inner[-1].size - inner[0].a <= 1.3 * len(short)
