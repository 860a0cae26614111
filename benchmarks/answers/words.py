"""What true and false variants of a sentence share: its parts, names, and subject-verb-object."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmarks.answers.tables import VERBS


def listed(text: str) -> list[str]:
    """Return the words of a list, in order."""
    return text.split()


MONTHS = listed(
    "January February March April May June July August September October November December"
)
DATE = re.compile(rf"\b({'|'.join(MONTHS)}) (\d{{1,2}}), (\d{{4}})\b")
UNITS = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][a-z]+|[A-Z]\.)(?: (?:[A-Z][a-z]+|[A-Z]\.))*")
"""A name inside a sentence: capitalized words that do not open it."""
_NOT_NAMES = set(MONTHS) | set(
    listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday The Court This That")
)
_DETERMINER = "the|a|an|his|her|its|their|this|these|those|all|some|many|several|two|three|four"
_SUBJECT = (
    r"(?P<subject>(?:(?:The|A|An|His|Her|Its|Their|These|This|Some|Many|Several) )?"
    r"(?:[A-Za-z'’-]+ ){1,4}?)"
)
_OBJECT = (
    rf"(?P<object>(?:(?:{_DETERMINER}) (?:[A-Za-z'’-]+ ){{0,2}}?[A-Za-z'’-]+"
    r"|[A-Z][a-z]+(?: [A-Z][a-z]+)*))"
)
_STOP = r"(?P<rest>\.| (?:in|on|at|from|during|by|because|when|after|before|for|to|with|as)\b.*\.)"
ACTIVE = re.compile(rf"{_SUBJECT}(?P<verb>{'|'.join(VERBS)}) {_OBJECT}{_STOP}")
PASSIVE = re.compile(
    rf"{_SUBJECT}(?P<be>was|were) (?P<verb>{'|'.join(p for _, p in VERBS.values())}) "
    rf"by {_OBJECT}(?P<rest>\.| (?:in|on|at|during|when|after|before)\b.*\.)"
)
_BAD_SUBJECT = re.compile(
    r"\b(?:that|which|who|and|or|not|never|also|to|of|in|on|at|by|with|is|are|was|were|be|been|"
    r"has|have|had|it|he|she|they|we|i|you|there|this|these|as|for|from|but|if|when|had|did|than|"
    r"then|\w+ly|later|first|soon|once|even|so|what|who|none|each|both)\b",
    re.I,
)
_BAD_OBJECT = re.compile(r"\b(?:and|or|of|that|to|it|him|them|which|who)$", re.I)


@dataclass(frozen=True)
class Clause:
    """A simple sentence: who did what to whom."""

    subject: str
    verb: str
    """Past tense, or the participle of a passive."""
    object: str
    rest: str
    """What follows, with the full stop."""
    is_passive: bool


def clause(sentence: str) -> Clause | None:
    """Return a sentence as subject, verb and object; None where that is uncertain."""
    match = PASSIVE.fullmatch(sentence)
    is_passive = match is not None
    match = match or ACTIVE.fullmatch(sentence)
    if match is None:
        return None
    subject, thing = match["subject"].strip(), match["object"]
    if _BAD_SUBJECT.search(subject) or _BAD_OBJECT.search(thing) or " by " in match["rest"]:
        return None
    if subject.split()[-1] in VERBS or len(subject) < 3:
        return None
    return Clause(subject, match["verb"], thing, match["rest"], is_passive)


def lower_first(text: str) -> str:
    """Return a phrase as it is written inside a sentence; names keep their capital."""
    opening = text.split()[0]
    known = set(
        listed(
            "The A An His Her Its Their These This Some Many Several In On At After Before When "
            "While If Because Although Since As During For From With By Under Since Until Once "
            "Though He She It They There All Most Each Every Both One Two Three No"
        )
    )
    return text[0].lower() + text[1:] if opening in known else text


def upper_first(text: str) -> str:
    """Return a phrase as it opens a sentence."""
    return text[0].upper() + text[1:]


def names(sentence: str) -> list[str]:
    """Return the names inside a sentence."""
    found = (match[0] for match in NAME.finditer(sentence))
    return [name for name in found if not set(name.split()) & _NOT_NAMES]


def spelled(value: int) -> str:
    """Return a number below 100 in words."""
    if value < 20:
        return UNITS[value]
    ten, one = divmod(value, 10)
    return TENS[ten - 2] + (f"-{UNITS[one]}" if one else "")
