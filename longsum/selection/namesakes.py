"""Which body a common noun stands for: `The court` is the Ninth Circuit named just before. Pure.

English. The name holds the noun itself (`court`, Supreme Court of Virginia), and the sentences
before name one such body only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from longsum.similarity import FUNCTION_WORDS

MAX_BEFORE = 5
"""Sentences before such a noun in which the name may stand."""
_NOUNS = (
    "court|commission|committee|board|council|department|agency|act|treaty|convention|museum|school"
    "|college|university|institute|society|party|bank|hospital|church|foundation|ministry|bureau"
    "|association|union|corporation|league|academy|orchestra|regiment|brigade|division"
    "|senate|parliament|assembly|tribunal|authority|administration|festival|fund"
    "|theater|theatre|cathedral|abbey|castle|bridge|railway|railroad|canal|amendment"
)
_VERB = (
    r"(?:[a-z]{3,}(?:ed|[a-rt-z]s)|was|is|are|were|has|had|will|would|could|may|can|did|held|found"
    r"|wrote|gave|took|went|made|began|came|said|also|then|later|further|thus|therefore|saw|built"
    r"|sold|won|lost|grew|met|sent|kept|left|led|set)"
)
_OPENED = re.compile(rf"\W*(?:The|This|That)\s+(?P<noun>{_NOUNS})\s+(?={_VERB}\b)")
"""A sentence that speaks of a body by its noun."""
_WORD = r"[A-Z][\w’'-]*(?:\s+(?:of|for|on|and|the|de|du|bin|al)(?=\s+(?:(?:of|the)\s+)?[A-Z]))*"
_AFTER = r"(?:\s+(?:of|for|on)(?:\s+the)?(?:\s+[A-Z][\w-]+(?:\s+(?:and|of)(?=\s+[A-Z]))?)+)?"
_HEADING = "#"


class Namesake(NamedTuple):
    """Which body a noun stands for."""

    noun: str
    """With the article before it, as the sentence has it."""
    name: str
    sentence: int
    """Number of the sentence that names it."""


def speaks_of_a_body(text: str) -> bool:
    """Return whether a sentence opens with such a noun."""
    return bool(_OPENED.match(text))


def namesakes(texts: Sequence[str]) -> list[Namesake | None]:
    """Return which body the noun that opens each sentence stands for.

    Args:
        texts: all sentences of a document, in order, with single spaces.

    Returns:
        For each sentence; None where it opens with no such noun, and where it may be another.
    """
    return [_namesake(texts, number) for number in range(len(texts))]


def _namesake(texts: Sequence[str], number: int) -> Namesake | None:
    """Return which body a sentence speaks of by its noun, if it is sure."""
    found = _OPENED.match(texts[number])
    if found is None:
        return None
    noun = found["noun"]
    names, others = _names(noun), _others(noun)
    if names.search(texts[number]):
        return None
    for before in range(number - 1, max(-1, number - 1 - MAX_BEFORE), -1):
        text = texts[before]
        if text.startswith(_HEADING) or others.search(text):
            return None
        named = {name for each in names.finditer(text) if (name := _without_opening(each[0]))}
        if len(named) > 1:
            return None
        if named:
            return Namesake(found[0].strip(), named.pop(), before)
    return None


def _without_opening(name: str) -> str | None:
    """Return a name without the small words it opens with; None where one word is left."""
    parts = name.split()
    while parts and parts[0].casefold() in FUNCTION_WORDS:
        parts = parts[1:]
    return " ".join(parts) if len(parts) > 1 else None


def _names(noun: str) -> re.Pattern[str]:
    """Return a pattern for the names of bodies that hold a noun."""
    circuit = r"|[A-Z]\w+\s+Circuit\b" if noun == "court" else ""
    return re.compile(rf"\b(?:(?:{_WORD}\s+)*{noun.capitalize()}\b{_AFTER}{circuit})")


def _others(noun: str) -> re.Pattern[str]:
    """Return a pattern for others of a kind: `a court`, `state courts`."""
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    one = r"(?i:an?|another|other|some|many|each|every|no)"
    return re.compile(rf"\b{one}\s+(?:[\w-]+\s+){{0,2}}{noun}\b|\b{several}\b")
