"""Quotations: find them in an answer, and look for them in the source.

A quotation is found when the source holds it letter for letter, apart from what typesetting
changes: white space, line and page breaks, hyphenation, ligatures, the shape of quotation marks and
dashes. Case and every word count. Works on strings; knows nothing about pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from longsum.documents.document import Span
from longsum.documents.fold import folded
from longsum.similarity import PAIRED_CHARACTER

MIN_CHARACTERS = 12
"""Minimum characters of a quotation; shorter ones are terms, found anywhere."""

MAX_GAP = 1_500
"""Maximum characters that an ellipsis omits, about half a page; more would splice two places."""

_MAX_OCCURRENCES = 100


@dataclass(frozen=True)
class Quotation:
    """A passage that an answer puts in quotation marks."""

    text: str
    """Text between the marks."""
    found: bool
    """Whether the source says exactly this."""
    span: Span | None
    """Place in the source; None when not found."""
    reference: str | None
    """Page, for people; None when not found."""


QUOTED = re.compile(
    r"“(?P<curly>[^“”]+)”"
    r"|„(?P<low>[^„“”]+)[“”]"
    r"|«(?P<out>[^«»]+)»"
    r"|»(?P<in>[^«»]+)«"
    r"|「(?P<corner>[^「」]+)」"
    r"|『(?P<double>[^『』]+)』"
    r'|(?<!\w)"(?P<straight>[^"\n]+)"(?!\w)'
)
"""A passage with its quotation marks, however long."""


def quotations_in(text: str) -> list[Span]:
    """Return the passages in quotation marks that are long enough to be checked."""
    places = (Span(*match.span(match.lastgroup or 0)) for match in QUOTED.finditer(text))
    return [place for place in places if is_checkable(text[place.start : place.end])]


def is_checkable(quotation: str) -> bool:
    """Return whether a quotation is long enough for its place to be significant."""
    parts = "".join(_parts(quotation))
    return len(parts) + len(PAIRED_CHARACTER.findall(parts)) >= MIN_CHARACTERS


class QuotableText:
    """A source, prepared for searching quotations.

    Args:
        text: the source; spans are offsets into it.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._folded, self._starts, self._ends = folded(text)

    def find(self, quotation: str, near: Span | None = None) -> Span | None:
        """Return where the source holds a quotation, or None.

        Args:
            quotation: the text between the marks; an ellipsis matches omitted words.
            near: preferred among several places: the first one that overlaps this span.
        """
        first = None
        whole = _strip(folded(quotation)[0])
        for parts in ([whole], _parts(quotation)):  # an ellipsis may be the source's own
            for count, span in enumerate(self._occurrences(parts)):
                if near is None or (span.start < near.end and near.start < span.end):
                    return span
                first = first or span
                if count >= _MAX_OCCURRENCES:
                    break
        return first

    def _occurrences(self, parts: list[str]) -> Iterator[Span]:
        """Yield the places that hold all parts in order, within `MAX_GAP` of one another."""
        if not parts or not parts[0]:
            return
        at = self._next(parts[0], 0, len(self._folded))
        while at >= 0:
            end = at + len(parts[0])
            for part in parts[1:]:
                found = self._next(part, end, end + MAX_GAP + len(part))
                if found < 0:
                    break
                end = found + len(part)
            else:
                yield Span(self._starts[at], self._ends[end - 1])
            at = self._next(parts[0], at + 1, len(self._folded))

    def _next(self, part: str, start: int, stop: int) -> int:
        """Return the next place of a part that splits no word or number, or -1."""
        at = self._folded.find(part, start, stop)
        while at >= 0:
            if self._is_whole(self._starts[at], self._ends[at + len(part) - 1]):
                return at
            at = self._folded.find(part, at + 1, stop)
        return -1

    def _is_whole(self, start: int, end: int) -> bool:
        text = self._text
        before, first = text[max(0, start - 2) : start], text[start]
        last, after = text[end - 1], text[end : end + 2]
        return not (
            _continues(before[-1:], first)
            or _continues(last, after[:1])
            or (first.isdigit() and re.fullmatch(r"\d[.,]", before))  # 3.5, quoted as 5
            or (last.isdigit() and re.fullmatch(r"[.,]\d", after))  # 1.5, quoted as 1
        )


def _continues(left: str, right: str) -> bool:
    """Return whether two neighbouring characters belong to one word."""
    if not (left.isalnum() and right.isalnum()):
        return False
    return not (PAIRED_CHARACTER.match(left) or PAIRED_CHARACTER.match(right))


_ELLIPSIS = re.compile(r"\[?(?:…|\.(?:\s?\.){2,})\]?")


def _parts(quotation: str) -> list[str]:
    """Return the folded pieces between a quotation's ellipses."""
    pieces = (_strip(folded(piece)[0]) for piece in _ELLIPSIS.split(quotation))
    return [piece for piece in pieces if piece]


def _strip(folded: str) -> str:
    """Drop what the quoting sentence adds at the ends: its comma or full stop."""
    return folded.strip(" .,;:")
