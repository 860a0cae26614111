"""Letters that a file draws apart: accents beside letters, spaced headings, Chinese characters.

Pure. Places decide: an accent belongs to the letter it is above or below, and a word of a spaced
heading ends where the gap is wider than those between its letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from longsum.documents.clean import is_cjk

ACCENTS = {
    "`": "\u0300", "´": "\u0301", "ˊ": "\u0301", "ˋ": "\u0300", "^": "\u0302", "ˆ": "\u0302",
    "~": "\u0303", "˜": "\u0303", "¯": "\u0304", "ˉ": "\u0304", "˘": "\u0306", "˙": "\u0307",
    "¨": "\u0308", "˚": "\u030a", "˝": "\u030b", "ˇ": "\u030c", "¸": "\u0327",
    "˛": "\u0328",
}  # fmt: skip
"""Accents as characters of their own, and the marks that combine with a letter."""
ACCENT_CODES = frozenset(map(ord, ACCENTS))
MIN_LETTERS = 4
"""Letters of a spaced heading; fewer may be initials, or the letters of a formula."""
MAX_PITCH = 0.75
"""Usual gap between letters of a spaced heading, in font sizes: columns are further apart."""
WORD_GAP = 1.7
"""Gap that ends a word of a spaced heading, in usual gaps between its letters."""

_DOTLESS = {"ı": "i", "ȷ": "j"}
_FIRST_CJK = "\u3000"
_CJK_GAP = re.compile(r"(?<=\S) (?=\S)")


class Glyph(NamedTuple):
    """A character and its edges, in points along the line."""

    char: str
    left: float
    right: float
    is_drawn: bool = True
    """False for a space that the reader put in for a gap."""
    number: int = 0
    """Its number on the page."""


def may_be_spaced(text: str) -> bool:
    """Return whether a line may be a spaced heading: single letters between spaces."""
    if 2 * text.count(" ") < len(text) - 4:
        return False
    tokens = text.split()
    single = sum(len(token) == 1 and token.isalpha() for token in tokens)
    return single >= MIN_LETTERS and all(
        len(token) == 1 or not any(map(str.isalnum, token)) for token in tokens
    )


def with_accents(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Return a line's glyphs with each accent on the letter that it is drawn over or under."""
    result: list[Glyph] = list(glyphs)
    for place, accent in enumerate(glyphs):
        if accent.char in ACCENTS:
            base = _base_of(result, place)
            if base is not None:
                _compose(result, place, base)
    return [glyph for glyph in result if glyph.char]


def _base_of(glyphs: Sequence[Glyph], place: int) -> int | None:
    """Return the letter beside an accent that shares its place, or None."""
    accent = glyphs[place]
    middle, width = (accent.left + accent.right) / 2, accent.right - accent.left
    found: list[tuple[float, int]] = []
    for step in (1, 2, -1, -2):
        at = place + step
        if not 0 <= at < len(glyphs) or not glyphs[at].char.strip():
            continue
        letter = glyphs[at]
        shared = min(letter.right, accent.right) - max(letter.left, accent.left)
        composed = _with_mark(letter.char, accent.char)
        if composed and shared > 0.5 * width:
            found.append((abs((letter.left + letter.right) / 2 - middle), at))
    return min(found)[1] if found else None


def _with_mark(letter: str, accent: str) -> str:
    """Return a letter with an accent as one character; empty if there is none."""
    base = _DOTLESS.get(letter, letter)
    composed = unicodedata.normalize("NFC", base + ACCENTS[accent])
    return composed if len(composed) == 1 and letter.isalpha() else ""


def _compose(glyphs: list[Glyph], place: int, base: int) -> None:
    """Put an accent on its letter, and take away the spaces that its place made necessary."""
    letter, accent = glyphs[base], glyphs[place]
    glyphs[base] = letter._replace(char=_with_mark(letter.char, accent.char))
    glyphs[place] = accent._replace(char="")
    first, last = min(base, place), max(base, place)
    between = [at for at in range(first + 1, last) if glyphs[at].char.isspace()]
    for at, beyond in ((first - 1, first - 2), (last + 1, last + 2)):
        if min(at, beyond) >= 0 and max(at, beyond) < len(glyphs):
            generated = glyphs[at].char == " " and not glyphs[at].is_drawn
            if generated and _is_close(letter, glyphs[beyond]):
                between.append(at)
    for at in between:
        glyphs[at] = glyphs[at]._replace(char="")


def _is_close(letter: Glyph, other: Glyph) -> bool:
    """Return whether two letters are as near each other as those of one word."""
    gap = max(letter.left - other.right, other.left - letter.right)
    return gap < 0.25 * (letter.right - letter.left)


def closed_up(glyphs: Sequence[Glyph], size: float) -> str | None:
    """Return a spaced heading as words; None if the line is not one.

    Args:
        glyphs: the line's, spaces included.
        size: font size in points.
    """
    solid = [glyph for glyph in glyphs if glyph.char.strip()]
    gaps = [after.left - glyph.right for glyph, after in pairwise(solid)]
    letters = [glyph.char for glyph in solid if glyph.char.isalpha()]
    usual = median(gaps) if gaps else 0.0
    if len(letters) < MIN_LETTERS or not 0 < usual < MAX_PITCH * size or _is_list(letters):
        return None
    words = solid[0].char
    for gap, glyph in zip(gaps, solid[1:], strict=True):
        words += (" " if gap > WORD_GAP * usual + 0.1 * size else "") + glyph.char
    return words if all(map(_is_word, words.split())) else None


def _is_word(text: str) -> bool:
    """Return whether letters are of one case but for the first: `aA` is not a word."""
    letters = "".join(filter(str.isalpha, text))
    return len(letters) < 2 or letters.isupper() or letters[1:].islower()


def _is_list(letters: Sequence[str]) -> bool:
    """Return whether letters are an alphabet, or variables: not those of words in capitals."""
    if not all(letter.isupper() for letter in letters) and len(letters) < 2 * MIN_LETTERS:
        return True
    follow = sum(ord(after) == ord(letter) + 1 for letter, after in pairwise(letters))
    return follow > 0.5 * (len(letters) - 1) or len(set(letters)) < 3


def joined_cjk(text: str) -> str:
    """Return a line without the spaces between Chinese characters, if most are set apart."""
    if " " not in text or max(text) < _FIRST_CJK:
        return text
    gaps = [m.start() for m in _CJK_GAP.finditer(text) if _between_cjk(text, m.start())]
    touching = sum(is_cjk(a) and is_cjk(b) for a, b in pairwise(text))
    if not gaps or len(gaps) < 1.5 * touching:
        return text
    apart = set(gaps)
    return "".join(char for at, char in enumerate(text) if at not in apart)


def _between_cjk(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at + 1]
    return (is_cjk(before) and (is_cjk(after) or after == "…")) or (
        before == "…" and (is_cjk(after) or after == "…")
    )
