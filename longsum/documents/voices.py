"""Whose words a passage is: separate opinions of judges, which do not speak for their court.

A summary that quotes a dissent as if it were the judgment says the opposite of what was decided. A
separate opinion begins with a line such as `JUSTICE BREYER, with whom JUSTICE KAGAN joins,
dissenting.` and ends where the next opinion begins. The running heads of its pages continue it;
where its first line is missing, as in a part of a document, it begins with the first of them. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from longsum.documents.document import Span
from longsum.documents.judges import surnames
from longsum.documents.opinion_lines import OpinionLine, court_lines, opinion_lines

_WHO = re.compile(r"^(.*?), (?=(?:\w+ly )?(?:concurring|dissenting|respecting)\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Voice:
    """A passage that speaks for its authors only."""

    span: Span
    name: str
    """Who speaks, and how: `Justice Breyer, dissenting`."""

    @property
    def authors(self) -> frozenset[str]:
        """The surnames of those who speak, in lower case."""
        return _authors(self.name)


def voices_of(text: str, continues: str | None = None) -> tuple[Voice, ...]:
    """Return the separate opinions in a text, in order.

    Args:
        text: a document's text.
        continues: name of the one that it begins in, of a part of a document.
    """
    return _voices_of(text, continues)


@lru_cache(maxsize=2)  # a document is asked many questions
def _voices_of(text: str, continues: str | None) -> tuple[Voice, ...]:
    lines = opinion_lines(text)
    if continues is not None:
        lines = [OpinionLine(0, continues, _authors(continues)), *(lines or court_lines(text))]
    begun = _beginnings(lines)
    ends = [*(line.start for line in begun), len(text)][1:]
    return tuple(
        Voice(Span(line.start, end), line.name)
        for line, end in zip(begun, ends, strict=True)
        if line.name and line.start < end
    )


def _beginnings(lines: Sequence[OpinionLine]) -> list[OpinionLine]:
    """Return the lines with which someone else begins to speak.

    Args:
        lines: openings and running heads, in order.
    """
    begun: list[OpinionLine] = []
    opened: dict[frozenset[str], str] = {}
    for number, line in enumerate(lines):
        speaking = begun[-1].authors if begun else frozenset()
        same = line.authors == speaking
        if line.opens and line.name:
            if same and not begun[-1].opens:  # its running head came first
                begun[-1] = OpinionLine(begun[-1].start, line.name, line.authors)
            elif not same or begun[-1].name != line.name:
                begun.append(line)
            opened[line.authors] = line.name
        elif not same and not (line.name and _opens(lines, number + 1, line.authors)):
            name = opened.get(line.authors, line.name)
            begun.append(OpinionLine(line.start, name, line.authors, line.opens))
    return begun


def _opens(lines: Sequence[OpinionLine], number: int, authors: frozenset[str]) -> bool:
    """Return whether an opinion of these authors opens with a line, here the one after a head."""
    return number < len(lines) and lines[number].opens and lines[number].authors == authors


def voice_at(text: str, place: int, continues: str | None = None) -> Voice | None:
    """Return the separate opinion that a place of a text is in; see `voices_of`.

    Args:
        text: a document's text.
        place: offset of a character.
        continues: name of the one that it begins in, of a part of a document.
    """
    voices = voices_of(text, continues)
    last = bisect_right(voices, place, key=lambda voice: voice.span.start) - 1
    return voices[last] if last >= 0 and place < voices[last].span.end else None


def _authors(name: str) -> frozenset[str]:
    """Return the surnames in the name of a separate opinion."""
    who = _WHO.match(name)
    return surnames(who[1] if who else name)
