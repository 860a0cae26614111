"""Lines as a reader found them on a page, before they become paragraphs.

Coordinates are PDF points along the reading direction: `left` and `right` grow with the text,
`baseline` falls down the page. A text without layout gets made-up boxes, one width per character,
so that one set of rules serves both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

CHAR_WIDTH = 0.5
"""Width of a character in a text without layout, in font sizes."""
TEXT_LEADING = 1.0
"""Drop from one line to the next in a text without layout, in font sizes."""
NOTE_MARK = "[Note]"
"""Begins the text of a note, a comment or a text box that was put on a page."""

Bounds = tuple[float, float, float, float]
"""A rectangle on a page: left, bottom, right, top in points."""


class Link(Enum):
    """What separates a line from the next."""

    JOIN = " "
    NEWLINE = "\n"
    PARAGRAPH = "\n\n"


@dataclass(frozen=True)
class Box:
    """Where a line is on its page, in points."""

    left: float
    right: float
    baseline: float
    size: float
    """Effective font size, not the number in the content stream."""
    angle: int = 0
    """Direction of the text in degrees."""

    @property
    def top(self) -> float:
        """Approximate top of the line's tallest letters."""
        return self.baseline + 0.75 * self.size

    @property
    def bottom(self) -> float:
        """Approximate bottom of the line's descenders."""
        return self.baseline - 0.2 * self.size


@dataclass(frozen=True)
class Line:
    """A line of text; a trailing U+00AD represents a hyphen that broke a word."""

    text: str
    box: Box
    source: int = 0
    """Line number in the source, from 1; 0 if there is none."""
    is_note: bool = False
    """Begins with a small raised number: the first line of a footnote."""
    is_running: bool = False
    """A running head or foot that is shown on this page; it is not part of any paragraph."""
    link: Link | None = None
    """What follows it, where the reader knows; None leaves it to be judged by the lines around."""
    place: str = ""
    """Name of the place that begins here, for references: `00:12:05`; empty where none begins."""

    glyphs: Sequence[int] = field(default=(), compare=False, repr=False)
    """The page's character for each character of the text, as `runs.py` describes; empty if none
    is known."""

    def with_text(self, text: str) -> Line:
        """Return the same line with another text, which is nowhere on the page."""
        return self if text == self.text else replace(self, text=text, glyphs=())

    def part(self, start: int, end: int) -> Line:
        """Return the line with a part of its text, without spaces at the part's ends."""
        text = self.text[start:end]
        start += len(text) - len(text.lstrip())
        text = text.strip()
        return replace(self, text=text, glyphs=self.glyphs[start : start + len(text)])


def lines_of_text(text: str, *, first: int = 1) -> list[Line]:
    r"""Return the lines of a text without layout; empty lines only widen the gap.

    Args:
        text: with `\\n` newlines.
        first: source number of the first line.
    """
    lines = []
    for index, raw in enumerate(text.split("\n")):
        expanded = raw.expandtabs(4).rstrip()
        stripped = expanded.lstrip()
        if stripped:
            left = (len(expanded) - len(stripped)) * CHAR_WIDTH
            box = Box(left, left + len(stripped) * CHAR_WIDTH, -TEXT_LEADING * index, 1.0)
            lines.append(Line(stripped, box, first + index))
    return lines
