"""Which characters of a page the characters of a document's text are.

Pure. Nothing is found by resemblance: a line carries the numbers of the page's characters that it
was made of, and what was put in or rewritten has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from longsum.documents.clean import BROKEN, cleaned_character

INSERTED = -1
"""Number of a character that is not on the page, such as a space between a label and a value."""

_HIGH, _LOW = ("\ud800", "\udbff"), ("\udc00", "\udfff")


class Run(NamedTuple):
    """A part of `Document.text` that is on a page, one for one."""

    start: int
    end: int
    page: int
    """Number of the page in the file, from 1."""
    first: int
    """The page's character that `text[start]` is, as pdfium counts; the next is `first + 1`."""


def glyphs_of(text: str, raw: str, numbers: Sequence[int]) -> Sequence[int]:
    """Return the page's character for each character of a cleaned line; empty if that is unknown.

    Cleaning drops characters, spells ligatures out, joins halves and moves spaces; it never changes
    the order of what it keeps. A line for which this does not hold gets no numbers.

    Args:
        text: the line, clean.
        raw: the characters that it was made of.
        numbers: of each character of `raw`.
    """
    if text == raw or (text[-1:] == BROKEN and len(text) == len(raw) and text[:-1] == raw[:-1]):
        return numbers
    kept = list(_kept(raw, numbers))
    if text[-1:] == BROKEN:
        kept.append((BROKEN, numbers[len(raw.rstrip("\r\n\t ")) - 1]))
    found: list[int] = []
    at = 0
    for char in text:
        if char == " ":
            is_there = at < len(kept) and kept[at][0] == " "
            found.append(kept[at][1] if is_there else INSERTED)
        while at < len(kept) and kept[at][0] == " ":
            at += 1
        if char != " ":
            if at == len(kept) or kept[at][0] != char:
                return ()
            found.append(kept[at][1])
            at += 1
    return () if any(char != " " for char, _ in kept[at:]) else tuple(found)


def _kept(raw: str, numbers: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Yield what cleaning makes of each character, all white space as spaces."""
    half = ""
    for char, number in zip(raw, numbers, strict=True):
        if _HIGH[0] <= char <= _HIGH[1]:
            half, first = char, number
            continue
        if half and _LOW[0] <= char <= _LOW[1]:
            pair = (half + char).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            char, number = pair, first
        half = ""
        for piece in cleaned_character(char):
            yield " " if piece.isspace() else piece, number


def runs_of(glyphs: Sequence[int], at: int, page: int) -> Iterator[Run]:
    """Yield the runs of a line.

    Args:
        glyphs: the page's character for each of its characters.
        at: offset of the line's first character in the text.
        page: number of its page.
    """
    if isinstance(glyphs, range):
        if glyphs:
            yield Run(at, at + len(glyphs), page, glyphs.start)
        return
    start = 0
    for place in range(1, len(glyphs) + 1):
        if place < len(glyphs) and glyphs[place] == glyphs[place - 1] + 1 > 0:
            continue
        if glyphs[start] != INSERTED:
            yield Run(at + start, at + place, page, glyphs[start])
        start = place
