"""Whether a document's sentences say yes or no to a question that asks for it. English; pure.

The question is turned into what it asks about, and that is compared with a sentence as any other
claim: `yes` if the sentence says it, `no` if it denies or inverts it or has another number. Where
the sentence says neither for sure, there is no verdict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from longsum.grounding.clauses import parse
from longsum.grounding.grounder import Grounder, grounder_of
from longsum.grounding.numbers import wrong_number
from longsum.similarity import is_number, listed, words

MIN_SHARE = 0.75
"""Minimum share of the question's words that a sentence must hold for `yes`, by weight."""
MAX_SUBJECT = 6
"""Most words of a subject, after which its verb belongs."""
DENYING = ("negation", "opposite", "number")
"""Differences that make it `no`; a sentence about another name or quantity leaves it open."""
MIN_WORDS = 2
"""Words besides the number that a sentence with another one must share."""

_ASKS = re.compile(
    r"\W*(?:(?:so|and|but|then|well),?\s+)?"
    r"(?P<verb>is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)"
    r"(?:n['’]t)?\s+(?P<rest>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_SUPPORT = listed("do does did")
"""Verbs that only a question needs."""
_MODALS = listed("can could may might must shall should will would")
_OTHERWISE = re.compile(
    r"\b(?:or|not|never|why|how|what|who|whom|whose)\b|^(?:you|we|i)\b(?!\s+(?:must|may|can|have)\b)",
    re.I,
)
"""Alternatives, denials, questions within the question, and requests: `Can you tell me …`."""

Says = Literal["yes", "no"]


class Verdict(NamedTuple):
    """What a sentence says to a question."""

    number: int
    """Number of the sentence."""
    says: Says


def asked_claims(question: str) -> list[str]:
    """Return what a question asks about as claims, of which one has its verb where it belongs.

    There is no parser that knows where the subject ends: `the was port closed`, `the port was
    closed`, …

    Args:
        question: in the user's words.

    Returns:
        The claims; none where yes or no does not answer it.
    """
    found = _ASKS.fullmatch(question.strip().rstrip("?!. "))
    if found is None or _OTHERWISE.search(found["rest"]):
        return []
    verb, rest = found["verb"].lower(), found["rest"].split()
    if verb in _SUPPORT:
        return [" ".join(rest)]
    places = range(1, max(2, min(MAX_SUBJECT, len(rest) - 1) + 1))
    return [" ".join([*rest[:place], verb, *rest[place:]]) for place in places]


def verdict(question: str, sentences: Sequence[str]) -> Verdict | None:
    """Return the first sentence that says yes or no to a question, and which.

    Args:
        question: in the user's words.
        sentences: sentences of the document, best first.

    Returns:
        None where none does, or the question asks for something else.
    """
    claims = asked_claims(question)
    modal = _MODALS.intersection(words(question)[:2])
    for number, sentence in enumerate(sentences):
        if not modal <= set(words(sentence)):
            continue  # `may` of what `must` be: the two are not always told apart
        alone = grounder_of(sentence)
        said = {_said(claim, alone) for claim in claims}
        if "yes" in said:
            return Verdict(number, "yes")
        if said == {"no"}:
            return Verdict(number, "no")
    return None


def _said(claim: str, alone: Grounder) -> Says | None:
    """Return what a sentence says to a claim.

    Args:
        claim: what is asked about.
        alone: knows the sentence.
    """
    grounded = alone.ground(claim)
    if grounded.supported:
        share = max((each.score for each in grounded.evidence), default=0.0)
        return "yes" if share >= MIN_SHARE else None
    contrary = grounded.contrary
    if contrary is None:
        return "no" if _has_other_number(claim, alone.document.text) else None
    return "no" if contrary.conflict.kind in DENYING else None


def _has_other_number(claim: str, sentence: str) -> bool:
    """Return whether a sentence holds all of a claim's words but one of its numbers."""
    stems = {word.stem for word in parse(sentence)}
    said = [word.stem for word in parse(claim) if word.is_content and not is_number(word.text)]
    if len(said) < MIN_WORDS or not stems.issuperset(said):
        return False
    return wrong_number(claim, sentence, ()) is not None
