"""Cut a document that is longer than a window into whole parts, each read by itself. Pure.

A part is a document of its own that keeps its page or line numbers; its characters are those of the
whole from an offset on. The parts are as few as fit, then about equally long, and end at chapters
or pages, in a text without pages at chapters or paragraphs. Only what is longer than a part by
itself is cut at the end of a sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, TypeVar

from longsum.documents.document import Document, Page, Span
from longsum.documents.pages import format_pages
from longsum.documents.sentences import split_sentences
from longsum.documents.voices import voice_at

TOLERANCE = 0.15
"""Share of an average part by which one may be longer or shorter, to end where a chapter does."""
MAX_SHOWN = 12
"""Parts named in one line; a receipt in JSON lists all."""
MAX_HEADING_CHARACTERS = 80
"""Longest line that may be a heading."""
_CHAPTER = re.compile(
    r"\W*(?:chapter|part|book|section|appendix|act|scene|letter|prologue|epilogue|kapitel|teil|buch"
    r"|chapitre|partie|livre|cap[ií]tulo|parte|libro|capitolo|hoofdstuk|deel|rozdzia[lł])\b",
    re.IGNORECASE,
)

_LINE_ENDS, _SPACE = re.compile(r"\n(?:[^\S\n]*\n)*"), re.compile(r"\s+")
Name = TypeVar("Name")
"""A line's number, or the name of a place."""


@dataclass(frozen=True)
class DocumentPart:
    """A part of a document, which is read like a document of its own."""

    document: Document
    """Its text, with the numbers of its pages or lines in the whole."""
    start: int
    """Offset of its first character in the whole."""

    @property
    def where(self) -> str:
        """Return which part it is, for people: `pages 1-120`."""
        document = self.document
        unit, numbers = document.counted, self.numbers
        if document.places and not document.pages:
            names = document.places_of(Span(0, len(document.text)))
            return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        return f"{unit.named(len(numbers) > 1)} {_ranges(document, numbers)}"

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of its pages, or of its first and its last line."""
        document = self.document
        if document.pages:
            return tuple(page.number for page in document.pages)
        ends = document.line_at(0), document.line_at(max(0, len(document.text.rstrip()) - 1))
        return tuple(dict.fromkeys(ends))


def shown_parts(parts: Sequence[DocumentPart]) -> str:
    """Return what each part is, in one line: `3 parts: pages 1-120, 121-243, 244-361`."""
    document = parts[0].document
    named = bool(document.places and not document.pages)
    each = [part.where if named else _ranges(part.document, part.numbers) for part in parts]
    if len(each) > MAX_SHOWN:
        each[MAX_SHOWN - 1 : -1] = ["…"]
    separator = "; " if named or any(", " in one for one in each) else ", "
    unit = "" if named else f"{document.counted.named(len(parts) > 1)} "
    return f"{len(parts):,} parts: {unit}{separator.join(each)}"


def _ranges(document: Document, numbers: Sequence[int]) -> str:
    """Return a part's numbers in short."""
    return format_pages(numbers) if document.pages else "-".join(map(str, numbers))


def cut_inside(document: Document, parts: Sequence[DocumentPart]) -> str | None:
    """Return in one line what is longer than a part by itself and was cut; None if nothing was."""
    whole = {page.start for page in document.pages}
    found = [
        document.reference(Span(part.start, part.start + 1))
        for part in parts[1:]
        if (part.start not in whole if whole else document.text[part.start - 1] != "\n")
    ]
    if not found:
        return None
    places = ", ".join(dict.fromkeys(found))
    return f"too long for one part, so cut inside, between sentences where possible: {places}"


def cut_document(document: Document, starts: Sequence[int], capacity: int) -> list[DocumentPart]:
    """Cut a document into as few parts as fit, of about the same length.

    Args:
        document: the whole.
        starts: offset of the first character of each of its tokens, not falling.
        capacity: tokens of the longest part allowed, at least 1.

    Returns:
        The parts in order, which together are the whole.
    """
    places = _places(document, starts, capacity)
    ends = [*_chosen(places, capacity), places[-1]]
    offsets = [0, *(end.offset for end in ends)]
    return [DocumentPart(part_of(document, start, end), start) for start, end in pairwise(offsets)]


def part_of(document: Document, start: int, end: int) -> Document:
    """Return the characters of a document from `start` to `end` as a document of its own.

    Args:
        document: the whole.
        start: offset of the first character.
        end: offset after the last.
    """
    is_last = end == len(document.text)
    pages = tuple(
        Page(page.number, max(page.start, start) - start, min(page.end, end) - start, page.label)
        for page in document.pages
        if (page.start < end or is_last) and (page.end > start or page.start >= start)
    )
    voice = voice_at(document.text, start, document.continues)
    return replace(
        document,
        text=document.text[start:end],
        pages=pages,
        line_anchors=_sliced(document.line_anchors, start, end),
        places=_sliced(document.places, start, end),
        continues=voice.name if voice and voice.span.start < start else None,
        runs=(),  # places on pages are found in the whole
    )


def _sliced(
    anchors: tuple[tuple[int, Name], ...], start: int, end: int
) -> tuple[tuple[int, Name], ...]:
    """Return the anchors of a part, the first of them at its beginning."""
    first = bisect_right(anchors, start, key=lambda anchor: anchor[0]) - 1
    after = bisect_left(anchors, end, key=lambda anchor: anchor[0])
    return tuple((max(0, at - start), name) for at, name in anchors[max(0, first) : after])


# ---- where to cut


class _Place(NamedTuple):
    """A place where a document may be cut."""

    tokens: int
    """Tokens before it."""
    offset: int
    rank: int
    """The higher, the better."""


_Finder = Callable[[str, int, int], Iterable[int]]
"""Yields the offsets between two others where a text may be cut."""


def _places(document: Document, starts: Sequence[int], capacity: int) -> list[_Place]:
    """Return where a document may be cut, with its beginning and its end, no two too far apart."""
    text = document.text
    whole: Iterable[int] = (page.start for page in document.pages)
    offsets = sorted({0, *(whole if document.pages else _lines(text, 0, len(text))), len(text)})
    tokens = [bisect_left(starts, offset) for offset in offsets]

    def token_starts(text: str, start: int, end: int) -> Iterable[int]:
        return starts[bisect_right(starts, start) : bisect_left(starts, end)]

    finders: tuple[_Finder, ...] = (_lines, _sentences, _words, token_starts)
    for finder in finders:
        finer = set(offsets)
        for (a, b), (before, after) in zip(pairwise(offsets), pairwise(tokens), strict=True):
            if after - before > capacity:
                finer.update(at for at in finder(text, a, b) if a < at < b)
        if len(finer) > len(offsets):
            offsets = sorted(finer)
            tokens = [bisect_left(starts, offset) for offset in offsets]
    ranks = (_rank(document, offset) for offset in offsets)
    return [_Place(*each) for each in zip(tokens, offsets, ranks, strict=True)]


def _chosen(places: Sequence[_Place], capacity: int) -> list[_Place]:
    """Return the places to cut at: as few as possible, then even, then at the best places near.

    Args:
        places: from the beginning to the end.
        capacity: tokens of the longest part allowed.
    """
    earliest = _earliest(places, capacity)
    chosen: list[_Place] = []
    at = 0
    for left in range(len(earliest), 1, -1):  # parts that are still to be made
        before = places[at].tokens
        length = (places[-1].tokens - before) / left
        low = max(at + 1, earliest[left - 2])  # the others reach the end from there
        high = bisect_right(places, before + capacity, key=lambda place: place.tokens)
        possible = range(low, max(low + 1, min(high, len(places) - 1)))
        at = _best(places, possible, before + length, TOLERANCE * length)
        chosen.append(places[at])
    return chosen


def _best(places: Sequence[_Place], possible: Sequence[int], even: float, slack: float) -> int:
    """Return the place of the highest rank near an even length; if none is near, the nearest."""

    def far(index: int) -> float:
        return abs(places[index].tokens - even)

    near = [index for index in possible if far(index) <= slack]
    return min(near, key=lambda i: (-places[i].rank, far(i))) if near else min(possible, key=far)


def _earliest(places: Sequence[_Place], capacity: int) -> list[int]:
    """Return for 1, 2, … parts the index of the first place from which they reach the end."""
    found: list[int] = []
    end = len(places) - 1
    while end > 0:
        first = bisect_left(places, places[end].tokens - capacity, key=lambda place: place.tokens)
        end = min(first, end - 1)  # a single token may be longer than a tiny window
        found.append(end)
    return found


def _rank(document: Document, offset: int) -> int:
    """Return how good a place is to cut at.

    Returns:
        4 before a chapter or a separate opinion, 3 before another heading, 2 between paragraphs,
        1 between lines and after a heading, 0 within a line.
    """
    text = document.text
    if not 0 < offset < len(text) or text[offset - 1] != "\n":
        return 0
    voice = voice_at(text, offset, document.continues)
    if voice is not None and voice.span.start == offset:
        return 4
    following = text[offset : offset + MAX_HEADING_CHARACTERS + 1].split("\n", 1)[0]
    before = text[max(0, offset - MAX_HEADING_CHARACTERS - 2) : offset].rstrip()
    before = before.rsplit("\n", 1)[-1]
    if _is_heading(following):
        return 4 if _CHAPTER.match(following) else 1 if _is_heading(before) else 3
    return 1 if _is_heading(before) or not text.endswith("\n\n", 0, offset) else 2


def _is_heading(line: str) -> bool:
    """Return whether a line looks like a heading: short, in capitals or not ended."""
    line = line.strip()
    short = 0 < len(line) <= MAX_HEADING_CHARACTERS
    if short and (_CHAPTER.match(line) or line.isupper()):
        return True
    return short and line[-1] not in ".?!…:;,-–—”\"’'»" and line[0].isupper()


def _lines(text: str, start: int, end: int) -> Iterable[int]:
    """Yield where lines begin, after the blank lines before them."""
    return (match.end() for match in _LINE_ENDS.finditer(text, start, end))


def _sentences(text: str, start: int, end: int) -> Iterable[int]:
    return (start + span.start for span in split_sentences(text[start:end]))


def _words(text: str, start: int, end: int) -> Iterable[int]:
    return (match.end() for match in _SPACE.finditer(text, start, end))
