"""Names exchanged in place: whether a claim has another name where its source has one. Pure.

A name is a run of capitalized words. Two names are in the same place if the words beside them are
the same; a phrase that moves, or a change of voice, changes those words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from longsum.similarity import FUNCTION_WORDS, listed, stem

_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W\d_]{2,})*|[.;:,()]")
_POSSESSIVE = re.compile(r"['’]s\b")
_TITLES = listed("mr mrs ms dr prof sir st")


class _Name(NamedTuple):
    """A name with the words beside it."""

    text: str
    stems: frozenset[str]
    initials: str
    before: str
    after: str


def renamed(claim: str, source: str, is_common: Callable[[str], bool]) -> tuple[str, str] | None:
    """Return a name of a claim, and the one that its source has in the same place.

    Args:
        claim: the claim.
        source: one sentence of the source.
        is_common: whether a word is also written without a capital, in lower case.

    Returns:
        Both names as written; None if none is exchanged.
    """
    ours, theirs = list(_names(claim, is_common)), list(_names(source, is_common))
    for name in ours:
        own = [other for other in theirs if _are_same(name, other)]
        if any(name.before == other.before or name.after == other.after for other in own):
            continue
        instead = [other for other in theirs if other not in own and _in_place_of(name, other)]
        kept = [other for other in instead if any(_holds_place(mine, other) for mine in ours)]
        if instead and not kept:
            return name.text, instead[0].text
    return None


def _holds_place(name: _Name, other: _Name) -> bool:
    """Return whether the claim has the source's name where it was as well."""
    return _are_same(name, other) and name.before == other.before and name.after == other.after


def _in_place_of(name: _Name, other: _Name) -> bool:
    """Return whether two names have the same words on both sides, or a telling one on one side."""
    if name.before == other.before and name.after == other.after and (name.before or name.after):
        return True
    sides = ((name.before, other.before), (name.after, other.after))
    return any(one == two and len(one) > 1 and one not in FUNCTION_WORDS for one, two in sides)


def _are_same(one: _Name, other: _Name) -> bool:
    """Return whether two names can be of the same: `Obama`, `Barack Obama`; `FAA` by initials."""
    if one.stems <= other.stems or other.stems <= one.stems:
        return True
    if {*one.initials} and (
        one.initials == other.initials and min(len(one.stems), len(other.stems)) == 1
    ):
        return True
    return len(one.stems & other.stems) * 2 > min(len(one.stems), len(other.stems))


def _names(sentence: str, is_common: Callable[[str], bool]) -> Iterator[_Name]:
    """Yield the names of a sentence."""
    tokens = [match[0] for match in _WORD.finditer(_POSSESSIVE.sub("", sentence))]
    start = 0
    while start < len(tokens):
        end = start
        while end < len(tokens) and tokens[end][0].isupper():
            end += 1
        first = start
        if (
            first < end
            and (start == 0 or tokens[start - 1] in ".:;")
            and (tokens[first].lower() in FUNCTION_WORDS or is_common(tokens[first].lower()))
        ):
            first += 1
        if first < end:
            yield _name(tokens, first, end)
        start = max(end, start) + 1
    return


def _name(tokens: list[str], start: int, end: int) -> _Name:
    words = tokens[start:end]
    before = tokens[start - 1].lower() if start else ""
    after = tokens[end].lower() if end < len(tokens) else ""
    initials = "".join(word[0] for word in words) if len(words) > 1 else words[0]
    stems = {stem(word.lower()) for word in words if word.lower() not in _TITLES}
    return _Name(" ".join(words), frozenset(stems), initials.upper(), before, after)
