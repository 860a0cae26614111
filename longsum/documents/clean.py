"""Characters and words: what a document's text may contain, and how broken words are rejoined.

Pure. No text from `clean_characters` holds an escape sequence, a C0 or C1 control other than
newline and tab, or a character that changes the direction of what follows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from longsum.terminal import CONTROLS, INVISIBLE, NONCHARACTERS

BROKEN = "\u00ad"
"""At the end of a line: a hyphen that breaks a word, as far as the reader knows."""

_LIGATURES = {
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi",
    "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st",
}  # fmt: skip
_SPACES = (
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
)
_CLEAN: dict[int, str | None] = dict.fromkeys(CONTROLS + INVISIBLE + NONCHARACTERS)
_CLEAN |= {ord(space): " " for space in _SPACES}
_CLEAN |= {ord(ligature): letters for ligature, letters in _LIGATURES.items()}
_CLEAN |= {0x85: "\n", 0x2028: "\n", 0x2029: "\n"}

# bullets of Symbol and Wingdings; other private-use glyphs mean nothing outside their font
_PRIVATE: dict[int, str | None] = dict.fromkeys(range(0xE000, 0xF900))
_PRIVATE |= {0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "▸", 0xF0FC: "✓", 0xF02D: "-"}

# whole sequences (CSI, OSC, DCS) are removed, or a colour would leave `[31m`; a title that never
# ends is cut at the end of its line
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,500}(?:\x07|\x1b\\|\x9c)?"
)


def clean_characters(text: str) -> str:
    r"""Return the text without control characters, direction overrides, ligatures or odd spaces.

    Newlines, tabs and soft hyphens stay; `\\r\\n` and `\\r` become `\\n`.
    """
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.translate(_CLEAN)


def clean_line(raw: str) -> str:
    """Return one line of a PDF, clean and trimmed, ending in `BROKEN` if its last word is broken.

    pdfium marks a hyphen at a line's end with U+0002 or U+FFFE.
    """
    raw = raw.rstrip("\r\n\t ")
    broken = raw.endswith(("\u0002", "\ufffe", BROKEN))
    text = " ".join(cleaned_character(raw).split())
    return text + BROKEN if broken and text else text


def cleaned_character(raw: str) -> str:
    """Return what cleaning makes of a character of a PDF, or of several, each by itself."""
    return raw.translate(_PRIVATE).translate(_CLEAN).replace(BROKEN, "")


# --- words broken at a line's end ---------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_LAST = re.compile(r"[^\W\d_]+\Z")
_FIRST = re.compile(r"[^\W\d_]+")
_HYPHEN_AFTER = frozenset(("self", "well", "non", "half", "quasi", "vice", "cross", "pseudo"))
_JOIN_AFTER = frozenset(
    """
    over under with some every there fore after inter counter super trans through where
    here any with out down back hand head home life land work time book side mean main
    """.split()  # noqa: SIM905 - a word list reads best as words
)
_HYPHENS = ("-", "\u2010", BROKEN)

WordCounts = Counter[str]


def vocabulary(lines: Iterable[str]) -> WordCounts:
    """Count a document's whole words, lower-cased; halves of broken words are left out."""
    words: WordCounts = Counter()
    broken = False
    for line in lines:
        found = _WORD.findall(line.lower())
        if broken:
            found = found[1:]
        broken = line.endswith(_HYPHENS)
        words.update(found[:-1] if broken else found)
    return words


def glue(before: str, after: str, words: WordCounts) -> tuple[str, str]:
    """Return how to join two lines of one paragraph: what `before` becomes, and what goes between.

    Args:
        before: a line, perhaps ending in a hyphen or `BROKEN`.
        after: the next line.
        words: the document's words, which distinguish `infor-mation` from `self-insurance`.
    """
    if before.endswith(_HYPHENS):
        return _rejoin(before, after, words)
    last, first = before[-1:], after[:1]
    if last in "–—/@" and before[-2:-1].strip() and (first.isalnum() or last in "—/"):
        return before, ""
    if is_cjk(last) and is_cjk(first):
        return before, ""
    return before, " "


def _rejoin(before: str, after: str, words: WordCounts) -> tuple[str, str]:
    stem = before[:-1]
    left, right = _LAST.search(stem[-40:]), _FIRST.match(after)
    if not stem or stem[-1].isspace():  # a dash between words
        return stem + "-", " "
    if left is None or right is None:
        return stem + "-", "" if after[:1].isalnum() else " "
    compound = stem[: len(stem) - len(left[0])].endswith(_HYPHENS[:2])  # `word-by-` before `word`
    if compound and words[left[0].lower()] and words[right[0].lower()]:
        return stem + "-", ""
    if _keeps_hyphen(left[0].lower(), right[0], left[0].isupper(), words):
        return stem + "-", ""
    return stem, ""


def _keeps_hyphen(left: str, right: str, capitals: bool, words: WordCounts) -> bool:
    """Return whether the hyphen belongs to the word; the document's own spelling decides first."""
    low = right.lower()
    whole, hyphenated = words[left + low], words[f"{left}-{low}"]
    if whole != hyphenated:
        return hyphenated > whole
    if right[0].isupper():
        return not (capitals and len(left) > 1 and right.isupper() and len(right) > 1)
    if left in _HYPHEN_AFTER:
        return True
    both_words = words[left] > 1 and words[low] > 1 and len(left) > 3 and len(low) > 3
    return both_words and left not in _JOIN_AFTER


def is_cjk(char: str) -> bool:
    """Return whether a character belongs to a script that is written without spaces."""
    return bool(char) and (
        "\u3000" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"
    )
