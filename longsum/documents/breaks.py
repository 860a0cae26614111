"""Which line breaks the author intended, and which come from the width of the page.

Pure. Judges each line by the lines around it: gaps, sizes, indents, and above all whether the next
word would still have fitted. Text without layout is judged by the same rules through made-up boxes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from longsum.documents.line_ends import (
    are_listed,
    ends_entry,
    ends_sentence,
    is_broken,
    is_bullet,
    is_ended,
    is_item,
)
from longsum.documents.lines import NOTE_MARK, Box, Line, Link

_MIN_GAP = 1.3
"""Drop, as a multiple of the usual one, from which two lines are in different paragraphs."""


@dataclass(frozen=True)
class Placed:
    """A line and where in the document it is."""

    line: Line
    page: int
    column: int
    """Number that increases whenever the text moves to another column or page."""


class Joiner:
    """Decides about each line break of a text.

    Args:
        lines: in reading order.
        leading: the drop from line to line, if known; None measures the usual one.
    """

    def __init__(self, lines: Sequence[Placed], *, leading: float | None = None) -> None:
        self.lines = lines
        self.leading = leading
        self.boxes = _upright([placed.line.box for placed in lines], [p.column for p in lines])
        self.widths = self._column_widths()
        self.leadings = self._leadings()
        self.indents = self._is_indented_style()

    def links(self) -> list[Link]:
        """Return what follows each line but the last."""
        return [self.link(index) for index in range(len(self.lines) - 1)]

    def link(self, index: int) -> Link:
        """Return what follows line `index`."""
        a, b = self.lines[index], self.lines[index + 1]
        one, two = self.boxes[index], self.boxes[index + 1]
        known = Link.PARAGRAPH if b.line.text.startswith(NOTE_MARK) else a.line.link
        if known is not None:
            return known
        if a.column != b.column:
            return self._across(index)
        drop = one.baseline - two.baseline
        if abs(drop) < 0.5 * two.size and two.left > one.left:
            return Link.JOIN  # the same line, given in pieces
        broken = is_broken(a.line.text, b.line.text)
        if abs(one.size - two.size) > 0.1 * max(one.size, two.size) and not broken:
            return Link.PARAGRAPH
        if drop > self._far(index):
            continues = b.line.text[:1].islower() and not is_ended(a.line.text)
            return Link.JOIN if continues and drop < 1.3 * self._far(index) else Link.PARAGRAPH
        if broken:
            return Link.JOIN
        if drop > 1.15 * self._leading(index) + 0.3 and ends_sentence(a.line.text):
            return Link.JOIN if b.line.text[:1].islower() else Link.PARAGRAPH
        if ends_entry(a.line.text, b.line.text) or self._is_contents(index):
            return Link.NEWLINE
        if self._is_centred(index):
            return self._centred(index)
        return self._by_width(index) or self._by_indent(index) or Link.JOIN

    def indent_of(self, index: int) -> float:
        """Return how far to the right of the next line in its column a line begins, in points."""
        after = self._left_after(index)
        return 0.0 if after is None else self.boxes[index].left - after

    # --- the rules ---

    def _across(self, index: int) -> Link:
        """Judge a break between columns or pages: a paragraph continues if it had not ended."""
        a, b = self.lines[index].line.text, self.lines[index + 1].line.text
        one, two = self.boxes[index], self.boxes[index + 1]
        if is_broken(a, b):
            return Link.JOIN
        if abs(one.size - two.size) > 0.1 * max(one.size, two.size) or is_bullet(b):
            return Link.PARAGRAPH
        if self._are_listed(index - 2, index - 1, index):
            return Link.PARAGRAPH  # a table of contents ends with the page
        ended, short = is_ended(a), self._is_short(index)
        if not ended and b[:1].islower() and (not short or self._slack(index) < 0.4):
            return Link.JOIN
        if short or self._is_heading(index + 1):
            return Link.PARAGRAPH
        if not ended:
            same_page = self.lines[index].page == self.lines[index + 1].page
            stray = same_page and two.right - two.left < 0.4 * (
                one.right - one.left
            )  # a label in a picture
            return Link.PARAGRAPH if stray else Link.JOIN
        if b[:1].islower():
            return Link.JOIN
        starts_indented = self.indent_of(index + 1) > 0.5 * two.size
        return Link.JOIN if self.indents and not starts_indented else Link.PARAGRAPH

    def _is_contents(self, index: int) -> bool:
        """Return whether a line and the next are among three entries of a table of contents."""
        before, after = index - 1, index + 1
        return self._are_listed(before, index, after) or self._are_listed(index, after, after + 1)

    def _are_listed(self, *places: int) -> bool:
        """Return whether lines are entries of a table of contents; False if one does not exist."""
        if min(places) < 0 or max(places) >= len(self.lines):
            return False
        texts = [self.lines[place].line.text for place in places]
        return all(are_listed(a, b) for a, b in pairwise(texts))

    def _centred(self, index: int) -> Link:
        """Join the lines of a centred heading that was too long for one."""
        box, text = self.boxes[index], self.lines[index].line.text
        wrapped = box.right - box.left > 0.55 * self.widths[self.lines[index].column]
        if wrapped and not is_ended(text):
            return Link.JOIN
        return Link.PARAGRAPH if len(text) < 5 else Link.NEWLINE

    def _by_width(self, index: int) -> Link | None:
        """Break after a line that had space for the next word."""
        a, b = self.lines[index].line.text, self.lines[index + 1].line.text
        if not self._is_short(index):
            return None
        one, two = self.boxes[index], self.boxes[index + 1]
        apart = one.left > two.left + 3 * two.size  # a centred heading
        flows = b[:1].islower() and (a[-1:].isalpha() or a[-1:] in ",.)’”") and not is_item(b)
        if flows and self._slack(index) < 0.5 and abs(one.left - two.left) < 3 * two.size:
            return None
        if apart or ends_sentence(a) or is_item(b):
            return Link.PARAGRAPH
        return Link.NEWLINE

    def _by_indent(self, index: int) -> Link | None:
        """Break before a first-line indent, an item or the end of an indented passage."""
        a, b = self.lines[index].line.text, self.lines[index + 1].line.text
        two = self.boxes[index + 1]
        shift, step = two.left - self.boxes[index].left, 0.6 * two.size
        ended = is_ended(a)
        outdented = shift < -step and self._was_flush(index)
        if is_bullet(b) or (is_item(b) and (ended or outdented)):
            return Link.PARAGRAPH
        if shift > step and is_item(a) and not is_item(b) and self._hangs(index):
            return None
        if shift > step:
            returns = self._left_after(index + 1)
            if returns is not None and returns < two.left - 0.5 * two.size:
                return Link.PARAGRAPH
            may_hang = index == 0 or is_item(a) or not ended
            return None if may_hang and not self._was_flush(index) else Link.PARAGRAPH
        if outdented and ended:
            return Link.PARAGRAPH
        return None

    # --- what the rules use ---

    def _far(self, index: int) -> float:
        return _MIN_GAP * self._leading(index) + 0.05 * self.boxes[index].size

    def _is_short(self, index: int) -> bool:
        """Return whether the next line's first word would have fitted on this line."""
        a, b = self.lines[index].line.text, self.lines[index + 1].line.text
        two = self.boxes[index + 1]
        left, right = self._edges(index)
        free, width = right - self.boxes[index].right, right - left
        char = (two.right - two.left) / max(1, len(b))
        word = (len(b.split(maxsplit=1)[0]) + 1.5) * char if b else 0.0
        if ends_sentence(a):
            return free > max(word, 0.04 * width)
        return free > max(1.2 * word, 0.15 * width)

    def _slack(self, index: int) -> float:
        """Return the share of the width that is free at the end of a line."""
        left, right = self._edges(index)
        return (right - self.boxes[index].right) / max(1.0, right - left)

    def _edges(self, index: int) -> tuple[float, float]:
        """Return the left and right edge of the text around a line."""
        here, column = self.boxes[index], self.lines[index].column
        first = max(0, index - 5)
        around = [
            box
            for place, box in enumerate(self.boxes[first : index + 6], first)
            if self.lines[place].column == column
            and abs(box.size - here.size) < 0.1 * here.size
            and box.left < here.right
            and box.right > here.left
        ] or [here]
        flush = [box for box in around if abs(box.left - here.left) < 3.2 * box.size]
        boxes = flush if len(flush) > 2 else around
        return min(box.left for box in boxes), max(box.right for box in boxes)

    def _is_centred(self, index: int) -> bool:
        one, two = self.boxes[index], self.boxes[index + 1]
        middle = abs((one.left + one.right) - (two.left + two.right)) / 2
        return middle < 0.4 * two.size and abs(one.left - two.left) > 0.8 * two.size

    def _is_heading(self, index: int) -> bool:
        """Return whether a line is on its own, with a gap below it."""
        if self._left_after(index, gap=True) is None:
            return False
        drop = self.boxes[index].baseline - self.boxes[index + 1].baseline
        return drop > self._far(index) and not is_ended(self.lines[index].line.text)

    def _hangs(self, index: int) -> bool:
        """Return whether the lines after an item are its own: up to the next item, or to a gap."""
        left = self.boxes[index + 1].left - 0.5 * self.boxes[index + 1].size
        for at in range(index + 1, len(self.lines)):
            after = self._left_after(at)
            if after is None:
                return True
            if after < left:
                return is_item(self.lines[at + 1].line.text)
        return True

    def _left_after(self, index: int, *, gap: bool = False) -> float | None:
        """Return where the line after `index` begins; None if in another column or after a gap."""
        if index + 1 >= len(self.lines):
            return None
        if self.lines[index + 1].column != self.lines[index].column:
            return None
        drop = self.boxes[index].baseline - self.boxes[index + 1].baseline
        return self.boxes[index + 1].left if gap or drop <= self._far(index) else None

    def _was_flush(self, index: int) -> bool:
        """Return whether the line before `index` began at the same left edge, without a gap."""
        if index == 0 or self._left_after(index - 1) is None:
            return False
        here = self.boxes[index]
        return abs(self.boxes[index - 1].left - here.left) < 0.4 * here.size

    # --- properties of the whole text ---

    def _leading(self, index: int) -> float:
        """Return the usual drop from line `index` to the next."""
        if self.leading is not None:
            return self.leading
        size = _size_class(self.boxes[index + 1])
        page = self.lines[index + 1].page
        usual = self.leadings.get((page, size)) or self.leadings.get((-1, size))
        return usual or 1.25 * self.boxes[index + 1].size

    def _leadings(self) -> dict[tuple[int, int], float]:
        """Return the usual drop by (page, size), and by (-1, size) for the whole text."""
        drops: dict[tuple[int, int], list[float]] = defaultdict(list)
        for index in range(len(self.lines) - 1):
            size = self.boxes[index + 1].size
            drop = self.boxes[index].baseline - self.boxes[index + 1].baseline
            if 0.5 * size < drop < 3 * size:
                drops[self.lines[index + 1].page, _size_class(self.boxes[index + 1])].append(drop)
                drops[-1, _size_class(self.boxes[index + 1])].append(drop)
        return {key: median(d) for key, d in drops.items() if len(d) > (2 if key[0] < 0 else 7)}

    def _column_widths(self) -> dict[int, float]:
        edges: dict[int, tuple[float, float]] = {}
        for placed, box in zip(self.lines, self.boxes, strict=True):
            left, right = edges.get(placed.column, (box.left, box.right))
            edges[placed.column] = (min(left, box.left), max(right, box.right))
        return {column: right - left for column, (left, right) in edges.items()}

    def _is_indented_style(self) -> bool:
        """Return whether this document's paragraphs begin with an indent."""
        counts = Counter[bool]()
        for index in range(len(self.lines) - 2):
            same = self.lines[index].column == self.lines[index + 1].column
            text, is_known = self.lines[index].line.text, self.lines[index].line.link is not None
            if same and not is_known and ends_sentence(text) and self._is_short(index):
                counts[self.indent_of(index + 1) > 0.5 * self.boxes[index + 1].size] += 1
        return counts[True] > counts[False]


def _size_class(box: Box) -> int:
    return round(box.size * 2)


def _upright(boxes: Sequence[Box], columns: Sequence[int]) -> list[Box]:
    """Mirror the right-aligned columns, so that their indents can be judged too."""
    members: dict[int, list[int]] = defaultdict(list)
    for index, column in enumerate(columns):
        members[column].append(index)
    result = list(boxes)
    for indices in members.values():
        left = Counter(round(boxes[i].left / 2) for i in indices).most_common(1)[0][1]
        right = Counter(round(boxes[i].right / 2) for i in indices).most_common(1)[0][1]
        if len(indices) > 5 and left < 0.2 * len(indices) and right > 0.6 * len(indices):
            for i in indices:
                result[i] = replace(boxes[i], left=-boxes[i].right, right=-boxes[i].left)
    return result
