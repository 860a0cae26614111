"""Whether what a reader found on a page is text: how many glyphs have no usable character.

Pure. A font may name no characters for its glyphs, or false ones; then a page looks right to people
and is nonsense to programs. Languages, mathematics, code and tables must pass: where a page leaves
doubt, it counts as readable.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MIN_GLYPHS = 10
"""A page with fewer is not judged: an ornament, a folio, a stamp."""
MAX_UNUSABLE = 0.3
"""Share of glyphs without a usable character above which a page is unreadable."""
MAX_LOST = 0.1
"""The same, above which the other reader is asked."""
MIN_LOST = 4
"""The number of these below which it is not."""
MAX_GUESSED = 0.2
"""Share of characters that are guesses above which they have to look like a language."""
MAX_RARE = 0.2
"""Share of letter pairs that are rare in every language; natural text has up to 0.03, source code
0.11, letters exchanged for others 0.35."""
MAX_RARE_GUESSED = 0.12
"""The same where the font names no characters, so that there is reason for doubt."""
MIN_WORDS, MIN_WORDS_GUESSED = 25, 8
"""Different words below which letter pairs are not judged."""
MAX_WORDS = 60
"""Different words that are looked at, from the whole page."""

# without U+0002 and U+FFFE, which pdfium writes where a hyphen breaks a word
_NO_CHARACTER = re.compile(
    "[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\uffff\ufdd0-\ufdef\ue000-\uf8ff"
    "\U000f0000-\U0010ffff]"
)
_BULLETS = str.maketrans(dict.fromkeys((0xF0B7, 0xF0A7, 0xF0D8, 0xF0FC, 0xF02D), "•"))
_WORD = re.compile(r"[^\W\d_]{4,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FOLLOWERS = (
    *("abcdefghijklmnopqrstuvwyz", "abeilnortuy", "acehijklnorstuyz", "adeijlnorstuvyz"),
    *("abcdefghijklmnoprstuvwxyz", "aefijlnorstuy", "abdeghijklnoprstuy", "acdeijklmnortuvy"),
    *("abcdefghijklmnopqrstuvwxyz", "adeiknosu", "adehijklnorstuvy", "abcdefghijklmnostuvy"),
    *("abdegilmnopstuy", "acdefghijklmnorstuvyz", "abcdefghijklmnoprstuvwyz", "aehiloprstu"),
    *("u", "abcdefghijklmnoprstuvwyz", "acehijklmnoprstuvwyz", "aeghijklmnorstuvwyz"),
    *("abcdefghijklmnoprstuvwxyz", "adeilnorsuyz", "acehilnosuy", "aeiou"),
    *("abcdefghijklmnorstuvwyz", "abcdegiklmnoprstuvwyz"),
)
"""After each letter, those that make up at least 0.07 % of the letter pairs of one of 27 languages
written in Latin letters, accents left out; measured on lists of words with their frequencies."""
_COMMON = frozenset(
    first + second for first, row in zip(_LETTERS, _FOLLOWERS, strict=True) for second in row
)


@dataclass(frozen=True)
class Found:
    """What a reader found on a page."""

    text: str
    """All characters, before those without a meaning are dropped."""
    missing: int = 0
    """Glyphs that the page draws and the reader does not report."""
    guessed: float = 0.0
    """Share of the characters whose font does not say which they are."""

    @property
    def glyphs(self) -> int:
        """Glyphs on the page, without spaces."""
        return len("".join(self.text.split())) + self.missing

    @property
    def unusable(self) -> int:
        """Glyphs of which no character is known."""
        return len(_NO_CHARACTER.findall(self.text.translate(_BULLETS))) + self.missing

    @property
    def usable(self) -> int:
        """Glyphs of which a character is known; 0 where these make no words."""
        return 0 if self.is_gibberish else self.glyphs - self.unusable

    @property
    def is_gibberish(self) -> bool:
        """Whether the characters are those of no language."""
        if self.guessed > MAX_GUESSED:
            is_strange = rare_share(self.text, MIN_WORDS_GUESSED) > MAX_RARE_GUESSED
            return is_strange or not has_one_script(self.text)
        return rare_share(self.text, MIN_WORDS) > MAX_RARE

    @property
    def is_readable(self) -> bool:
        """Whether the page's text can be used."""
        if self.glyphs < MIN_GLYPHS:
            return True
        return self.unusable <= MAX_UNUSABLE * self.glyphs and not self.is_gibberish

    @property
    def is_doubtful(self) -> bool:
        """Whether another reader may find more."""
        if self.glyphs < MIN_GLYPHS:
            return False
        lost = self.unusable
        return (lost >= MIN_LOST and lost > MAX_LOST * self.glyphs) or self.is_gibberish


def better(first: Found, second: Found) -> bool:
    """Return whether the second reader's text should replace the first's, which has its layout."""
    if first.is_readable != second.is_readable:
        return second.is_readable
    return second.usable > 1.1 * first.usable


def rare_share(text: str, min_words: int) -> float:
    """Return which share of the letter pairs in words is rare in every language.

    Args:
        text: of a page.
        min_words: different words below which there is too little to judge, so that 0 is returned.
    """
    words = list(dict.fromkeys(_WORD.findall(text.lower())))
    words = [word for word in map(_plain, words[:: 1 + len(words) // MAX_WORDS]) if word]
    if len(words) < min_words:
        return 0.0
    pairs = rare = 0
    for word in words:
        found = [word[at : at + 2] not in _COMMON for at in range(len(word) - 1)]
        pairs += len(found)
        rare += sum(found)
    return rare / pairs


def _plain(word: str) -> str:
    """Return a word without its accents; empty if it is not written in Latin letters."""
    if not word.isascii():
        parted = unicodedata.normalize("NFKD", word)
        word = "".join(char for char in parted if not unicodedata.combining(char))
    return word if word.isascii() else ""


def has_one_script(text: str) -> bool:
    """Return whether nearly all letters belong to one script, apart from Latin ones."""
    letters = [ord(char) for char in text if char.isalpha()]
    if len(letters) < MIN_GLYPHS:
        return True
    counts: dict[str, int] = {}
    for code in letters:
        script = _script(code)
        counts[script] = counts.get(script, 0) + 1
    latin = counts.pop("Latin", 0)
    unknown = counts.pop("", 0)
    return unknown < 0.1 * len(letters) and latin + max(counts.values(), default=0) > 0.8 * len(
        letters
    )


_SCRIPTS = (
    (0x0000, 0x017F, "Latin"), (0x0180, 0x02AF, ""), (0x02B0, 0x02FF, "Latin"),
    (0x0370, 0x03FF, "Greek"),
    (0x0400, 0x052F, "Cyrillic"), (0x0530, 0x058F, "Armenian"), (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x08FF, "Arabic"), (0x10A0, 0x10FF, "Georgian"), (0x1100, 0x11FF, "CJK"),
    (0x1200, 0x139F, "Ethiopic"), (0x1780, 0x17FF, "Khmer"), (0x1800, 0x18AF, "Mongolian"),
    (0x1D00, 0x1EFF, "Latin"), (0x1F00, 0x1FFF, "Greek"), (0x2070, 0x218F, "Latin"),
    (0x2C80, 0x2CFF, "Coptic"),
    (0x2E80, 0x4DBF, "CJK"), (0x4E00, 0x9FFF, "CJK"), (0xAC00, 0xD7A3, "CJK"),
    (0xF900, 0xFAFF, "CJK"), (0xFB00, 0xFB06, "Latin"), (0xFB1D, 0xFB4F, "Hebrew"),
    (0xFB50, 0xFEFC, "Arabic"), (0xFF00, 0xFFEF, "CJK"), (0x1D400, 0x1D7FF, "Latin"),
    (0x20000, 0x3FFFF, "CJK"),
)  # fmt: skip


def _script(code: int) -> str:
    """Return the name of a letter's script; empty for letters that no language uses by itself."""
    for first, last, name in _SCRIPTS:
        if first <= code <= last:
            return name
    if 0x0900 <= code <= 0x109F:  # from Devanagari to Myanmar, 128 codes for each
        return f"block {code >> 7}"
    return ""
