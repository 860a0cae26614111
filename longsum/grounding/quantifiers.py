"""Quantifiers and modal verbs: how much of its subject a sentence claims, and how surely. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

from longsum.grounding.clauses import Word
from longsum.grounding.lexicon import synonyms

_REACH = 4
"""Words after a quantifier or modal verb among which the word it belongs to is looked for."""


def _classes(table: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in table.strip().splitlines():
        names, members = row.split(":")
        for word in members.split():
            found[word] = frozenset(names.split())
    return found


_QUANTIFIERS = _classes(
    """
    all: all every each everyone everybody everything entire whole always both
    all some: any
    most: most majority mostly
    many: many numerous lots
    many some: several various multiple
    some: some certain sometimes
    few: few rarely seldom hardly little
    none: no none neither nobody nothing never
    only: only solely exclusively
    """
)
"""Quantifiers and the classes they belong to; two agree if they share one."""
_PHRASES = {
    ("at", "least"): "atleast",
    ("more", "than"): "atleast",
    ("greater", "than"): "atleast",
    ("minimum", "of"): "atleast",
    ("at", "most"): "atmost",
    ("up", "to"): "atmost",
    ("less", "than"): "atmost",
    ("fewer", "than"): "atmost",
    ("maximum", "of"): "atmost",
}
"""Bounds of two words, and their classes."""
_FRACTIONS = frozenset({"half", "third", "thirds", "quarter", "quarters", "all"})
_BOUNDS = frozenset({"over", "under", "below", "above", "exceeding"})
_MODALS = _classes(
    """
    may: may might could can possibly perhaps maybe
    must: must
    must will: shall
    should: should ought
    will: will
    will may: would
    """
)
"""Modal verbs and the classes they belong to."""
_ADDED = frozenset({"all", "most", "few", "only", "none"})
"""Quantifiers that a claim may not add; `some` and `many` say no more than a plain plural."""
_DROPPED = frozenset({"few", "atmost", "none"})
"""Quantifiers that a claim may not leave out."""


def quantifier(claim: Sequence[Word], source: Sequence[Word]) -> tuple[str, str] | None:
    """Return the quantifiers of a word of both sentences that differ; None if none do."""
    ours, theirs = _quantified(claim), _quantified(source)
    for head, (cue, kinds) in ours.items():
        if head not in theirs:
            if kinds & _ADDED and _holds(source, head) and not _has(source, kinds):
                return cue, head
        elif not kinds & theirs[head][1]:
            return cue, theirs[head][0]
    for head, (cue, kinds) in theirs.items():
        if head not in ours and kinds & _DROPPED and _holds(claim, head) and not _has(claim, kinds):
            return head, cue
    return None


def modality(claim: Sequence[Word], source: Sequence[Word]) -> tuple[str, str] | None:
    """Return the modal verbs of a verb of both sentences that differ; None if none do."""
    ours, theirs = _attached(claim, _MODALS), _attached(source, _MODALS)
    for head, (cue, kinds) in ours.items():
        other = _of(theirs, head)
        if other is None:
            if "may" not in kinds and "will" not in kinds and _holds(source, head):
                return cue, head
        elif not kinds & other[1]:
            return cue, other[0]
    for head, (cue, kinds) in theirs.items():
        weakens = kinds & {"may", "should"} and cue not in {"can", "could", "would"}
        if _of(ours, head) is None and weakens and _holds(claim, head):
            return head, cue
    return None


Attached = Mapping[str, tuple[str, frozenset[str]]]
"""Stems of words, each with the cue that belongs to it and the cue's classes."""


def _quantified(sentence: Sequence[Word]) -> Attached:
    """Return the words that quantifiers and bounds belong to."""
    found = dict(_attached(sentence, _QUANTIFIERS))
    for place, word in enumerate(sentence[:-2]):
        following = sentence[place + 1]
        kind = _PHRASES.get((word.text, following.text))
        if kind is None and word.text in _BOUNDS and following.text[0].isdigit():
            kind = "atleast" if word.text in {"over", "above", "exceeding"} else "atmost"
            head = following
        elif kind is not None:
            head = sentence[place + 2]
        else:
            continue
        if head.text[0].isdigit() or head.text in _FRACTIONS:
            found[head.stem] = (word.text, frozenset({kind}))
    return found


def _attached(sentence: Sequence[Word], table: Mapping[str, frozenset[str]]) -> Attached:
    """Return the first word with a meaning after each cue of a table, in its clause."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for place, cue in enumerate(sentence):
        if cue.text not in table or (
            cue.text in {"most", "least"} and place and sentence[place - 1].text in {"at", "the"}
        ):
            continue
        after = sentence[place + 1 : place + 1 + _REACH]
        inside = list(takewhile(lambda word: word.clause == cue.clause, after))  # noqa: B023
        heads = [word for word in inside if word.is_content]
        plain = [word for word in heads if not word.is_manner] or heads or inside[:1]
        if plain:
            found.setdefault(plain[0].stem, (cue.text, table[cue.text]))
    return found


def _of(attached: Attached, head: str) -> tuple[str, frozenset[str]] | None:
    """Return what belongs to a stem, or to a synonym of it."""
    if head in attached:
        return attached[head]
    return next((attached[near] for near in synonyms(head) if near in attached), None)


def _holds(sentence: Sequence[Word], head: str) -> bool:
    return any(word.stem == head for word in sentence)


def _has(sentence: Sequence[Word], kinds: frozenset[str]) -> bool:
    """Return whether a sentence has a quantifier of one of the classes anywhere."""
    return any(kinds & _QUANTIFIERS.get(word.text, frozenset()) for word in sentence)
