"""Put the values of form fields where the page shows them: beside their labels. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median

from longsum.documents.annotations import Field
from longsum.documents.clean import BROKEN, clean_line
from longsum.documents.lines import Box, Line
from longsum.documents.runs import INSERTED

USUAL_SIZE = 10.0
"""Font size on a page without text."""
MAX_LABEL_GAP = 40.0
"""Points between a ticked box and the label that follows it."""
LEADING = 1.2

Split = Callable[[int, float], str]
"""Takes a line's number and a place in points; returns the line's text before it."""


def with_fields(lines: Sequence[Line], fields: Sequence[Field], split: Split) -> list[Line]:
    """Return a page's lines with the values of its form fields in their places.

    Args:
        lines: in the file's order.
        fields: those that are filled in.
        split: divides a line that has a field within it.
    """
    if not fields:
        return list(lines)
    inside: dict[int, list[Field]] = defaultdict(list)
    alone: dict[int, list[Line]] = defaultdict(list)
    size = median(line.box.size for line in lines) if lines else USUAL_SIZE
    for field in sorted(fields, key=lambda each: (-each.bounds[3], each.bounds[0])):
        if _is_drawn(field, lines):
            continue
        number = _row(field, lines)
        if number is None:
            alone[_after(field, lines)] += lines_of_field(field, size)
        else:
            inside[number].append(field)
    found = list(alone[0])
    for number, line in enumerate(lines):
        found.append(_filled(line, inside[number], partial(split, number)))
        found += alone[number + 1]
    return found


def lines_of_field(field: Field, size: float = USUAL_SIZE) -> list[Line]:
    """Return the lines of a field that has no label beside it."""
    left, bottom, right, top = field.bounds
    rows = [clean_line(row) for row in field.text.split("\n")]
    rows = [row for row in rows if row.strip(BROKEN)]
    first = (bottom + top) / 2 - 0.3 * size if len(rows) == 1 else top - size
    return [
        Line(row, Box(left, right, first - LEADING * size * index, size))
        for index, row in enumerate(rows)
    ]


def _is_drawn(field: Field, lines: Sequence[Line]) -> bool:
    """Return whether the page's content already shows a field's value in its place."""
    left, bottom, right, top = field.bounds
    value = "".join(field.text.split())
    there = [
        line.text
        for line in lines
        if bottom - 2 <= line.box.baseline <= top and line.box.left < right
        and left < line.box.right
    ]  # fmt: skip
    return not field.is_mark and value in "".join("".join(there).split())


def _row(field: Field, lines: Sequence[Line]) -> int | None:
    """Return the line that a field belongs to: its label, or a row that leaves room for it."""
    left, bottom, right, top = field.bounds
    best, least = None, float("inf")
    for number, line in enumerate(lines):
        box = line.box
        middle = box.baseline + 0.3 * box.size
        is_beside = bottom - 0.2 * box.size <= middle <= top + 0.2 * box.size
        if box.angle or not is_beside:
            continue
        if box.left < left < box.right and box.left < right:
            distance = 0.0
        elif box.right <= left + 2:
            distance = left - box.right + (MAX_LABEL_GAP if field.is_mark else 0)
        elif field.is_mark and 0 <= box.left - right + 2 <= MAX_LABEL_GAP:
            distance = box.left - right
        else:
            continue
        if distance < least:
            best, least = number, distance
    return best


def _filled(line: Line, fields: Sequence[Field], split: Callable[[float], str]) -> Line:
    """Return a line with the fields in it, from left to right."""
    if not fields:
        return line
    parts: list[Line] = []
    rest = line
    right = line.box.right
    for field in sorted(fields, key=lambda each: each.bounds[0], reverse=True):
        value = Line(" ".join(field.text.split()), line.box)
        if line.box.left >= field.bounds[2] - 2:
            rest = _side_by_side(line, [value, rest])
        elif field.bounds[0] < line.box.right:
            before, size = split(field.bounds[0]), len(rest.text)
            cut = len(before) if rest.text.startswith(before) else size
            parts[:0] = [value, rest.part(cut, size)]
            rest = rest.part(0, cut)
        else:
            right = max(right, field.bounds[2])
            parts.insert(0, value)
    rest = rest.part(0, len(rest.text.removesuffix(BROKEN)))
    return _side_by_side(replace(line, box=replace(line.box, right=right)), [rest, *parts])


def _side_by_side(line: Line, parts: Sequence[Line]) -> Line:
    """Return a line whose text is that of others, with a space between; values are not drawn."""
    filled = [part for part in parts if part.text]
    glyphs: list[int] = []
    for part in filled:
        glyphs += [INSERTED] if glyphs else []
        glyphs += part.glyphs or [INSERTED] * len(part.text)
    return replace(line, text=" ".join(part.text for part in filled), glyphs=glyphs)


def _after(field: Field, lines: Sequence[Line]) -> int:
    """Return how many lines come before a field that has no row of its own."""
    left, _, right, top = field.bounds
    best, place = float("inf"), 0
    for number, line in enumerate(lines):
        distance = line.box.baseline - top
        if distance < -1:
            continue
        overlaps = line.box.left < right and left < line.box.right
        distance += 0 if overlaps else 200
        if distance < best:
            best, place = distance, number + 1
    return place
