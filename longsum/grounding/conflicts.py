"""Conflicts: whether a claim that shares a source's words says something else. Pure.

Compares a claim with the sentences found for it: negation, opposites, numbers, subject against
object, quantifiers, modal verbs, and what the source only reports as claimed or attempted. Names
are compared in `evidence.py` and `renaming.py`. Without a parser, and from lists of English words:
an opposite that no list has goes unnoticed, and a true sentence in very different words may be
taken for another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from longsum.grounding.assertion import only_asked
from longsum.grounding.clauses import Word, parse
from longsum.grounding.numbers import wrong_number
from longsum.grounding.polarity import negation, opposite
from longsum.grounding.quantifiers import modality, quantifier
from longsum.grounding.roles import swapped
from longsum.grounding.subjects import other_subject
from longsum.grounding.veridicality import only_attempted, only_claimed, only_supposed

Kind = Literal[
    "number", "name", "negation", "opposite", "roles", "quantifier", "modality", "attribution"
]
Check = Callable[[Sequence[Word], Sequence[Word]], "tuple[str, str] | None"]
_CHECKS: tuple[tuple[Kind, Check], ...] = (
    ("negation", negation),
    ("quantifier", quantifier),
    ("opposite", opposite),
    ("roles", swapped),
    ("modality", modality),
    ("attribution", only_claimed),
    ("modality", only_attempted),
    ("modality", only_supposed),
)

_MIN_CLOSENESS: dict[Kind, float] = {
    "roles": 0.75,
    "quantifier": 0.6,
    "modality": 0.6,
    "attribution": 0.6,
}
"""Minimum share of a claim's words in its source from which a difference of a kind counts."""
_MIN_SAID = 0.6
"""The same for another subject, whose own words the source lacks."""


@dataclass(frozen=True)
class Conflict:
    """How a claim differs from the place that shares its words."""

    kind: Kind
    """What differs."""
    said: str
    """Word or number of the claim."""
    found: str
    """What the source has instead, or what it refers to there; may be empty."""


def conflict(
    claim: str,
    home: str,
    others: Sequence[str] = (),
    closeness: float = 1.0,
    before: str = "",
) -> Conflict | None:
    """Return how a claim differs from its source; None if no difference is known.

    Args:
        claim: the claim, or the part of it that `home` is about.
        home: the sentence of the source closest to it.
        others: further sentences that support it, in which numbers may be.
        closeness: share of the claim's words that `home` holds; the order of words and what goes
            with them means little where few are the same.
        before: the source's text before `home`, which says what `Study 1` is.
    """
    if found := wrong_number(claim, home, others, before):
        return Conflict("number", *found)
    ours, theirs = parse(claim), parse(home)
    if (found := only_asked(ours, theirs, home.rstrip()[-2:])) and not claim.rstrip().endswith("?"):
        return Conflict("modality", *found)
    for kind, check in _CHECKS:
        if closeness < _MIN_CLOSENESS.get(kind, 0.0):
            continue
        if found := check(ours, theirs):
            return Conflict(kind, *found)
    if closeness >= _MIN_SAID and (found := other_subject(claim, home, before)):
        return Conflict("roles", *found)
    return None
