"""Whom a pronoun stands for: `He` is the person the sentences before it speak of. Pure.

English. Only where there is one person it can be: a wrong name in brackets would be a false
statement, and a missing one is not. How often it is right was read by hand:
`benchmarks/answers/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from longsum.selection.months import MONTH
from longsum.selection.people import Gender, Mention, People
from longsum.selection.references import PERSON
from longsum.similarity import is_english

MAX_BEFORE, MAX_CHAIN = 4, 12
"""Sentences before a pronoun in which the person may be named, and with those that continue about
the person (`He`) between."""
_SUBJECT = re.compile(
    r"""\W*(?:(?P<lead>(?:[\w’'-]+,?\s+){1,10}?)(?P<later>he|she)|(?P<first>he|she|his|her))
    \b(?!['’])""",
    re.IGNORECASE | re.VERBOSE,
)
"""A pronoun that a sentence opens with, or has as its subject after a few words."""
_SOMEBODY = re.compile(r"\b(?:they|we|i|you|who|it)\b", re.IGNORECASE)
"""Another subject before it."""
_PRONOUN = re.compile(r"\b(?:he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)
PRONOUNS = ("he", "she", "his", "her")
"""Pronouns that are resolved."""
_CALLED: dict[Gender, tuple[str, ...]] = {"he": ("he", "his", "him"), "she": ("she", "her")}
_OTHER: dict[Gender, Gender] = {"he": "she", "she": "he"}
_OTHERS = re.compile(
    r"""\b(?:others?|another|someone\ else|subjects)\b|\bthe\ subject\b
    |^\W*(?:the|an?|this|that|one)\s+(?:[\w-]+\s+)?[\w-]+(?:er|or|ist|ian|ee)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Somebody else, also by a noun that persons have: `the keeper`, `a historian`."""
_CAPITAL = re.compile(r"(?<=\s)[A-Z]")
_TIME_OR_PLACE = re.compile(
    rf"""\b(?:{MONTH}
    |(?:in|at|near|to|from|on)\s+(?:[A-Z][\w-]+\s*)+)""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"[\"“”]")
_TITLE = re.compile(r"[\"“][^\"“”.?!,]{1,60}[\"”]")
"""A title or a word in quotation marks, nobody's speech."""
_NOT_SUBJECT = re.compile(r"['’]|,\s+(?:No\.|\d|v\.|supra|ante|infra)|\s+v\.|\s*&")
"""What follows a name that owns something, or is a case's."""
_OBJECT = re.compile(r"\bhim\b")
_HEADING = "#"


class Antecedent(NamedTuple):
    """Whom a pronoun stands for."""

    pronoun: str
    """As the sentence has it; the first one for a person there."""
    name: str
    sentence: int
    """Number of the sentence that names the person."""


def speaks_of_somebody(text: str) -> bool:
    """Return whether a sentence opens with a pronoun for a person, or after a few words."""
    return bool(_SUBJECT.match(text))


def antecedents(texts: Sequence[str], people: People) -> list[Antecedent | None]:
    """Return whom the first pronoun of each sentence stands for.

    Args:
        texts: all sentences of a document, in order, with single spaces.
        people: the people they name.

    Returns:
        For each sentence; None where it opens with no pronoun for a person, where a name or
        somebody without one goes before, in speech, and where it may be more than one person.
    """
    if not is_english([word for text in texts for word in text.casefold().split()]):
        return [None] * len(texts)
    return [_antecedent(texts, number, people) for number in range(len(texts))]


def _antecedent(texts: Sequence[str], number: int, people: People) -> Antecedent | None:
    """Return whom a sentence speaks of with its first pronoun, if it is sure."""
    text = texts[number]
    found = _SUBJECT.match(text)
    if found is None or _is_speech(text):
        return None
    lead, pronoun = found["lead"] or "", found["later"] or found["first"]
    if lead and (_is_about_another(lead) or _SOMEBODY.search(lead) or _has_name(lead)):
        return None
    gender: Gender = "he" if pronoun.casefold() in _CALLED["he"] else "she"
    mentions = people.in_sentence(number)
    if lead and any(people.gender(each.person) != _OTHER[gender] for each in mentions):
        return None  # `When he arrived, Li had …`
    named = _named_before(texts, number, gender, people)
    if named is None or any(each.person == named[1].person for each in mentions):
        return None
    sentence, person = named
    return Antecedent(pronoun, people.full_name(person.person, person.name), sentence)


def _named_before(
    texts: Sequence[str], number: int, gender: Gender, people: People
) -> tuple[int, Mention] | None:
    """Return the only person of a gender that the sentences before name, and which one does."""
    others = 0
    for before in range(number - 1, max(-1, number - 1 - MAX_CHAIN), -1):
        text = texts[before]
        if _is_speech(text) or text.startswith(_HEADING):
            return None
        mentions = [
            each
            for each in people.in_sentence(before)
            if people.gender(each.person) != _OTHER[gender]
        ]
        named = mentions[0].start if mentions else len(text)
        called = [
            each.start()
            for each in _PRONOUN.finditer(text)
            if each[0].casefold() in _CALLED[gender]
        ]
        if _is_about_another(text[: min([named, *called])]):
            return None
        if mentions:
            if min([named, *called]) < named:  # `He met Lund.`
                return None
            person = _only(mentions, text, gender, people)
            return (before, person) if person else None
        others += not _continues(text, gender)
        if others >= MAX_BEFORE:
            return None
    return None


def _only(mentions: Sequence[Mention], text: str, gender: Gender, people: People) -> Mention | None:
    """Return the person that a sentence is about, if it names one of a gender."""
    person = mentions[0]
    rivals = {each.person for each in mentions if each.acts}
    if len(rivals) > 1 or not person.sure or people.gender(person.person) != gender:
        return None
    if gender == "he" and _OBJECT.search(text, person.end):  # `Lund shouted at him.`
        return None
    return None if _NOT_SUBJECT.match(text, person.end) else person


def _continues(text: str, gender: Gender) -> bool:
    """Return whether a sentence continues about a person: `He`."""
    found = _SUBJECT.match(text)
    if found is None:
        return False
    return (found["later"] or found["first"]).casefold() in _CALLED[gender]


def _is_about_another(text: str) -> bool:
    """Return whether words name somebody without a name: `the keeper`."""
    return bool(PERSON.search(text) or _OTHERS.search(text))


def _has_name(lead: str) -> bool:
    """Return whether what goes before a pronoun names anything but months and places."""
    return bool(_CAPITAL.search(_TIME_OR_PLACE.sub("", lead)))


def _is_speech(text: str) -> bool:
    """Return whether a sentence quotes what somebody says."""
    return text.startswith(("'", "‘")) or bool(_QUOTED.search(_TITLE.sub("", text)))
