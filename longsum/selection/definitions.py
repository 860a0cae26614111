"""Short forms that a document defines: `acute respiratory distress syndrome (ARDS)`. Pure.

Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical
text" (2003): the long form is the shortest run of words before the parentheses that holds the short
form's characters in their order, the first of them at the beginning of a word. Words that have the
short form for their initials go first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from longsum.documents.document import Span
from longsum.similarity import FUNCTION_WORDS, listed

SHORT_FORM = re.compile(
    r"(?<![\w&.\[/-])(?P<short>[A-Z][A-Za-z0-9&-]{0,8}[A-Z0-9])(?P<plural>s?)(?![\w&/-]|\.\w|['’]\w)"
)
"""Capitals and digits that stand for words: `ARDS`, `BRCA1`, `PRRs`."""
_DEFINED = re.compile(rf"\(\s*(?:the\s+)?[“\"‘']?{SHORT_FORM.pattern}[”\"’']?\s*\)")
_FAMILIAR = listed(
    "US USA UK EU UN TV PC CD DVD FBI CIA NASA NATO DNA RNA PDF CEO AIDS HIV II III IV VI VII VIII"
)
"""Short forms that need no explanation."""
_WORD = re.compile(r"[^\W_][\w’'-]*")
_BROKEN = re.compile(r"[.;:!?-]\s|[()]")
"""What no long form holds."""
_YEAR = re.compile(r"\s+of\s+(?:1[6-9]|20)\d\d$")
"""When an act was made, which says little."""
MAX_WORDS = 8
"""Words of a long form."""


class Definition(NamedTuple):
    """What a short form stands for, and where the document says so."""

    long_form: str
    place: Span


def definitions(text: str) -> dict[str, Definition]:
    """Return the short forms that a text defines, but for those that it defines differently.

    Args:
        text: a document's text.
    """
    found: dict[str, Definition] = {}
    differing: set[str] = set()
    for defined in _DEFINED.finditer(text):
        short = defined["short"]
        start = _long_form(text, defined.start(), short)
        if start is None or short in _FAMILIAR or sum(c.isupper() for c in short) < 2:
            continue
        whole = _YEAR.sub("", text[start : defined.start()].rstrip())
        long_form = " ".join(whole.split())
        before = found.setdefault(short, Definition(long_form, Span(start, start + len(whole))))
        if before.long_form.casefold() != long_form.casefold():
            differing.add(short)
    return {short: each for short, each in found.items() if short not in differing}


def _long_form(text: str, end: int, short: str) -> int | None:
    """Return where the long form before a place begins; None where nothing there is one."""
    words = min(len(short) + 5, 2 * len(short), MAX_WORDS)
    line = text.rfind("\n\n", 0, end) + 1
    near = list(_WORD.finditer(text, max(line, end - 40 * words), end))[-words:]
    if not near or text[near[-1].end() : end].strip():
        return None
    letters = [c for c in short.casefold() if c.isalnum()]
    at = _by_initials(near, letters)
    at = at if at is not None else _by_letters(text, near[0].start(), end, letters)
    if at is None:
        return None
    long_form = text[at:end]
    own = _WORD.findall(long_form)
    if len(own) < 2 or own[0].casefold() in FUNCTION_WORDS or short in long_form:
        return None
    return None if _BROKEN.search(long_form) else at


def _by_initials(near: Sequence[re.Match[str]], letters: Sequence[str]) -> int | None:
    """Return where the words begin of which a short form has the initials, but for small words."""
    left = list(letters)
    for word in reversed(near):
        if word[0][0].casefold() == left[-1]:
            left.pop()
        elif word[0].casefold() not in FUNCTION_WORDS:
            return None
        if not left:
            return word.start()
    return None


def _by_letters(text: str, first: int, end: int, letters: Sequence[str]) -> int | None:
    """Return where the shortest run of words begins that holds letters in their order."""
    at = end
    for place in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= first and not (
            text[at].casefold() == letters[place] and (place > 0 or _opens_word(text, at))
        ):
            at -= 1
        if at < first:
            return None
    return at


def _opens_word(text: str, at: int) -> bool:
    """Return whether a word begins at a place."""
    return at == 0 or not (text[at - 1].isalnum() or text[at - 1] in "'’")
