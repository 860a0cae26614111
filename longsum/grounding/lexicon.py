"""Words of the same and of opposite meaning, English, by stem. Pure.

A short list of common words, and prefixes: what a document's words and a claim's have to do with
one another where they are not the same. Words are compared as stems (`similarity.stem`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

from longsum.grounding.opposites import OPPOSITES
from longsum.grounding.synonyms import SYNONYMS
from longsum.similarity import listed, stem

_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non", "non-", "mis")
_MIN_REST = 4
"""Minimum letters after a prefix."""
_NOT_PREFIXED = frozenset(
    stem(word)
    for word in listed(
        "discover discovery disease display discount invent invention invest intense import "
        "improve inside inform information income input install inhabit instead impress impose "
        "imply dispatch distress dispose dispute discharge discourse disguise discuss district "
        "distance union unit unite united unless until under uncle uniform unique universe "
        "university increase include indeed index india industry intend intent internal into "
        "invite illustrate immigrant immense image imagine impact important irish iron island "
        "mission missile mister mistress incite incorporate indicate individual inner inquire "
        "insert inspect inspire instruct insure interest interview investigate involve impart "
        "implant implement importance improvement disaster disciple discipline disk dish"
    )
)


@cache
def _same() -> dict[str, frozenset[int]]:
    """Return the rows of near synonyms that hold each stem."""
    rows: dict[str, set[int]] = defaultdict(set)
    for number, row in enumerate(SYNONYMS.strip().splitlines()):
        for word in row.split():
            rows[stem(word)].add(number)
    return {key: frozenset(found) for key, found in rows.items()}


@cache
def _members() -> list[frozenset[str]]:
    return [frozenset(map(stem, row.split())) for row in SYNONYMS.strip().splitlines()]


@cache
def _opposites() -> dict[str, frozenset[str]]:
    """Return the stems that mean the opposite of each stem."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in re.sub(r"\n {8}", " ", OPPOSITES).strip().splitlines():  # folded rows are indented
        sides = [[stem(word) for word in side.split()] for side in row.split("|")]
        for one in sides[0]:
            for other in sides[1]:
                found[one].add(other)
                found[other].add(one)
    return {key: frozenset(others - {key}) for key, others in found.items()}


def synonyms(key: str) -> frozenset[str]:
    """Return the stems that can mean nearly the same as a stem, itself included."""
    members = _members()
    return frozenset({key}).union(*(members[row] for row in _same().get(key, ())))


def opposites(key: str) -> frozenset[str]:
    """Return the stems that mean the opposite of a stem, without those that also mean the same."""
    return _opposites().get(key, frozenset())


@cache
def related(key: str) -> frozenset[str]:
    """Return the stems that mean the same as a stem or the opposite, itself left out."""
    prefixed = (
        {stem(prefix + key) for prefix in _PREFIXES[:-1]} if key not in _NOT_PREFIXED else set()
    )
    rests = {key[len(prefix) :] for prefix in _PREFIXES if key.startswith(prefix)}
    bare = {rest for rest in rests if len(rest) >= _MIN_REST and key not in _NOT_PREFIXED}
    return (synonyms(key) | opposites(key) | prefixed | bare) - {key}


def is_prefixed(word: str, other: str) -> bool:
    """Return whether a word is another with a prefix of negation: `inconsistent`, `consistent`.

    Args:
        word: lower case, whole.
        other: lower case, whole.
    """
    if stem(word) in _NOT_PREFIXED:
        return False
    rests = (word[len(prefix) :] for prefix in _PREFIXES if word.startswith(prefix))
    return any(len(rest) >= _MIN_REST and stem(rest) == stem(other) for rest in rests)


def are_opposite(word: str, other: str) -> bool:
    """Return whether two words mean the opposite: `rose` and `fell`, `able` and `unable`.

    Args:
        word: lower case, whole.
        other: lower case, whole.
    """
    if stem(other) in opposites(stem(word)):
        return True
    if is_prefixed(word, other) or is_prefixed(other, word):
        return True
    return _is_without(word, other) or _is_without(other, word)


def _is_without(word: str, other: str) -> bool:
    """Return whether a word is another with `-less`: `harmless`, `harmful` or `harm`."""
    base = word.removesuffix("less")
    return base != word and len(base) > 2 and other in (base, base + "ful", base + "s")
