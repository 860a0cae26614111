"""Sections of a text by the name in their heading, or at the beginning of their paragraph. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from longsum.documents.document import Span

_NUMBER = r"[^\w\n]{0,4}(?:(?:\d{1,2}(?:\.\d{1,2})?|[IVX]{1,4})[.)]?[^\S\n]+)?"
_HEADING = re.compile(r"(?m)^(?:#{1,6}[^\S\n]+\S.{0,80}|[^\W_].{0,58}[^\s.?!:;,”\"])$")
"""A heading; items of a list, which may be as short, begin with their mark."""
Value = TypeVar("Value")


def sections_named(text: str, name: str) -> list[Span]:
    """Return the sections with a name, in order: up to the next heading or end of the paragraph.

    Args:
        text: the document's text.
        name: a regular expression for the whole name, in any case.
    """
    headings = _headings(text)
    ends = [*(start for start, _ in headings[1:]), len(text)]
    called = re.compile(rf"{_NUMBER}(?:{name})\W*", re.IGNORECASE)
    found = [
        Span(last, end)
        for (start, last), end in zip(headings, ends, strict=False)
        if end > last and called.fullmatch(text, start, last)
    ]
    begun = re.compile(rf"(?m)^{_NUMBER}(?:{name})[^\S\n]*[.:—–-][^\S\n]*(?=\S)", re.IGNORECASE)
    for match in begun.finditer(text):
        end = text.find("\n", match.end())
        found.append(Span(match.start(), len(text) if end < 0 else end))
    return sorted(found)


@lru_cache(maxsize=2)
def _headings(text: str) -> tuple[tuple[int, int], ...]:
    """Return start and end of each heading."""
    return tuple(match.span() for match in _HEADING.finditer(text))


def without_overlaps(found: Iterable[tuple[Span, Value]]) -> list[tuple[Span, Value]]:
    """Return sections in order, without those that begin within another one."""
    kept: list[tuple[Span, Value]] = []
    for span, value in sorted(found, key=lambda each: each[0]):
        if not kept or span.start >= kept[-1][0].end:
            kept.append((span, value))
    return kept


def section_around(span: Span, sections: Sequence[tuple[Span, Value]]) -> tuple[Span, Value] | None:
    """Return the section that a sentence begins in; None if it begins in none.

    Args:
        span: the sentence.
        sections: from `without_overlaps`.
    """
    at = bisect_right(sections, span.start, key=lambda each: each[0].start) - 1
    return sections[at] if at >= 0 and span.start < sections[at][0].end else None
