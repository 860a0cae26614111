"""Whose words a passage is: separate opinions of judges, which do not speak for their court.

A summary that quotes a dissent as if it were the judgment says the opposite of what was decided. A
separate opinion begins with a line such as `JUSTICE BREYER, with whom JUSTICE KAGAN joins,
dissenting.` and ends where the next opinion begins. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from longsum.documents.document import Span

_NAME = r"[A-Z][A-Za-z’'-]+(?: [A-Z][A-Za-z’'-]+)?"
_JUDGE = (
    rf"(?:(?:CHIEF |Chief )?(?:JUSTICE|Justice|JUDGE|Judge) {_NAME}"
    rf"|{_NAME}, (?:C\. ?J\.|J\.|(?:Chief |Senior )?(?:Circuit |District )?(?:Judge|Justice)))"
)
_JOINED = r"(?:, (?:with whom|joined by) [^;:()\[\]]{3,250}?)?"
_SEPARATE = re.compile(
    rf"(?:(?<=\] )|(?<=[.!?”\"] )|^[ \t]*)"
    rf"(?P<judge>{_JUDGE}){_JOINED}, (?P<how>(?:concurring|dissenting)[^.:()\[\]]{{0,120}})[.:]"
    r"(?=\s)",
    re.MULTILINE,
)
_OF_THE_COURT = re.compile(
    r"\b(?:delivered the opinion|announced the judgment) (?:of|for) the Court\b"
    r"|^[ \t]*PER CURIAM\b",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Voice:
    """A passage that speaks for its author only."""

    span: Span
    name: str
    """Who speaks, and how: `Justice Breyer, dissenting`."""


def voices_of(text: str, continues: str | None = None) -> tuple[Voice, ...]:
    """Return the separate opinions in a text, in order.

    Args:
        text: a document's text.
        continues: name of the one that it begins in, of a part of a document.
    """
    return _voices_of(text, continues)


@lru_cache(maxsize=2)  # a document is asked many questions
def _voices_of(text: str, continues: str | None) -> tuple[Voice, ...]:
    heads = list(_SEPARATE.finditer(text))
    if not heads and continues is None:
        return ()
    begun = [(head.start(), f"{_cased(head['judge'])}, {_how(head['how'])}") for head in heads]
    if continues is not None:
        begun.insert(0, (0, continues))
    ends = sorted(
        [start for start, _ in begun]
        + [match.start() for match in _OF_THE_COURT.finditer(text)]
        + [len(text)]
    )
    return tuple(
        Voice(Span(start, next(end for end in ends if end > start)), name)
        for start, name in begun
        if start < len(text)
    )


def voice_at(text: str, place: int, continues: str | None = None) -> Voice | None:
    """Return the separate opinion that a place of a text is in; see `voices_of`."""
    inside = (
        each for each in voices_of(text, continues) if each.span.start <= place < each.span.end
    )
    return next(inside, None)


def _cased(judge: str) -> str:
    """Return a judge's name without capitals throughout: `Chief Justice Roberts`."""
    words = (word.title() if word.isupper() and len(word) > 2 else word for word in judge.split())
    return " ".join(words)


def _how(said: str) -> str:
    """Return how an opinion differs, without what follows: `concurring in part`."""
    return " ".join(re.split(r"[,;]", said, maxsplit=1)[0].split())
