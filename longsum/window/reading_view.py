"""A document as text to read in the window: its paragraphs, and passages found in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from longsum.documents.document import Document, Span
from longsum.documents.fold import folded

MAX_CHARACTERS = 200_000
"""Characters of one answer; the page asks for the rest when it is scrolled to."""
MAX_FOUND = 500
"""Passages found at a time."""
AROUND = 60
"""Characters shown before and after a passage found."""
_PARAGRAPH = re.compile(r"[^\n]+(?:\n(?!\n)[^\n]+)*")


class ReadingView:
    """The text of an open document.

    Args:
        document: what is shown.
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def parts(self, start: int, end: int) -> dict[str, Any]:
        """Return the paragraphs that begin in a range of the text.

        Args:
            start: offset of the first.
            end: offset after the last; at most `MAX_CHARACTERS` are returned.

        Returns:
            `parts`, each with offsets, page number, place and text; `next`, where to ask on, or
            None at the end; and the text's `length`.
        """
        document = self.document
        length = len(document.text)
        end = min(end, start + MAX_CHARACTERS, length)
        found = []
        after = None
        for match in _PARAGRAPH.finditer(document.text, max(0, start)):
            if match.start() >= end:
                after = match.start()
                break
            page = document.page_at(match.start())
            places = document.places_of(Span(match.start(), match.start() + 1))
            found.append(
                {
                    "start": match.start(),
                    "end": match.end(),
                    "page": page.number if page else None,
                    "place": places[0] if places else None,
                    "text": match[0],
                }
            )
        return {"parts": found, "next": after, "length": length}

    def find(self, asked: str) -> tuple[list[dict[str, Any]], bool]:
        """Return where the text holds some words, and whether there are more places.

        Case, hyphens at line ends, ligatures and line breaks do not matter.
        """
        text, starts, ends = self._folded
        wanted = " ".join(folded(asked)[0].lower().split())
        found: list[dict[str, Any]] = []
        at = text.find(wanted) if wanted else -1
        while at >= 0:
            if len(found) == MAX_FOUND:
                return found, True
            found.append(self._passage(Span(starts[at], ends[at + len(wanted) - 1])))
            at = text.find(wanted, at + len(wanted))
        return found, False

    @cached_property
    def _folded(self) -> tuple[str, Sequence[int], Sequence[int]]:
        starts: Sequence[int]
        ends: Sequence[int]
        text, starts, ends = folded(self.document.text)
        lower = text.lower()
        if len(lower) != len(text):  # İ becomes two characters
            lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        kept = [i for i, c in enumerate(lower) if c != " " or (i and lower[i - 1] != " ")]
        if len(kept) < len(lower):
            lower = "".join(lower[i] for i in kept)
            starts, ends = [starts[i] for i in kept], [ends[i] for i in kept]
        return lower, starts, ends

    def _passage(self, span: Span) -> dict[str, Any]:
        text = self.document.text
        page = self.document.page_at(span.start)
        return {
            "start": span.start,
            "end": span.end,
            "page": page.number if page else None,
            "reference": self.document.reference(span),
            "before": _flat(text[max(0, span.start - AROUND) : span.start]),
            "text": _flat(text[span.start : span.end]),
            "after": _flat(text[span.end : span.end + AROUND]),
        }


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)
