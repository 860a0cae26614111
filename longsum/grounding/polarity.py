"""Negation and opposites: whether two sentences affirm and deny the same. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from longsum.grounding.clauses import Word, in_same_context
from longsum.grounding.lexicon import are_opposite, synonyms
from longsum.similarity import listed

_NEGATIONS = listed(
    "not never no none neither nor nobody nothing nowhere without hardly scarcely barely "
    "rarely seldom lack lacks lacked lacking absence unable fail fails failed failing failure "
    "refuse refuses refused refusing refusal decline declines declined declining prevent "
    "prevents prevented preventing avoid avoids avoided avoiding instead cannot devoid "
    "impossible prohibit prohibits prohibited forbid forbids forbade forbidden few little "
    "unlikely unwilling"
)
"""Words that deny what follows them. Those that are verbs also have opposites of their own."""
_PLAIN = listed(
    "not never no none neither nor nobody nothing nowhere without cannot hardly scarcely "
    "rarely seldom"
)
"""Negations that are not verbs or adjectives."""
_REACH = 5
"""Words after a negation among which the word it denies is looked for."""
_NEAR = 6
"""Words before one that is denied, within its clause, that may hold the negation."""
_EMPTY = listed(
    "longer only yet ever also just very much any such be been being have has had of the a an "
    "to in with by than more less other"
)
"""Words between a negation and the word it denies."""


_LIGHT = listed(
    "find finds finding found provide provides provided show shows showed shown give gives "
    "gave given make makes made offer offers offered see saw seen produce produced have get "
    "got take took taken reach reached say said"
)
"""Verbs that say little: a negation before them denies their object as well."""


def denied(sentence: Sequence[Word]) -> list[tuple[Word, Word]]:
    """Return each negation with the words it denies: the first with a meaning after it."""
    found = []
    for place, cue in enumerate(sentence):
        if cue.text not in _NEGATIONS:
            continue
        after = sentence[place + 1 : place + 1 + _REACH]
        inside = takewhile(lambda word: word.clause == cue.clause, after)  # noqa: B023 - used at once
        heads = [w for w in inside if w.is_content and w.text not in _EMPTY]
        plain = [w for w in heads if not (w.is_manner or w.text[0].isdigit())] or heads
        if plain:
            weak = plain[0].text in _LIGHT and len(plain) > 1
            found += [(cue, head) for head in plain[: 1 + weak]]
    return found


def is_denied(word: Word, sentence: Sequence[Word]) -> bool:
    """Return whether a negation in a word's clause denies it."""
    return any(
        cue.clause == word.clause and 0 < word.place - cue.place <= _NEAR and cue.text in _NEGATIONS
        for cue in sentence[max(0, word.place - _NEAR) : word.place]
    )


def negation(claim: Sequence[Word], source: Sequence[Word]) -> tuple[str, str] | None:
    """Return what only one of two sentences denies: its negation and the word, or None."""
    for one, other in ((claim, source), (source, claim)):
        for cue, head in denied(one):
            if cue.text in _PLAIN or not any(w.stem in synonyms(cue.stem) for w in other):
                fault = _undenied(cue, head, one, other)
                if fault is not None:
                    return fault
    return None


def _undenied(
    cue: Word, head: Word, one: Sequence[Word], other: Sequence[Word]
) -> tuple[str, str] | None:
    """Return the negation and the word if the other sentence has the word and affirms it."""
    same = [word for word in other if word.stem == head.stem]
    if not same:
        same = [word for word in other if word.is_content and word.stem in synonyms(head.stem)]
    same = [word for word in same if in_same_context(head, one, word, other)]
    if not same:
        return None
    for word in same:
        if is_denied(word, other):
            return None
        turned = [w for w in other if w.clause == word.clause and are_opposite(w.text, head.text)]
        if turned:
            return None
        # `Nobody approved it` and `It was not approved`: a negation anywhere in the clause
        if any(w.clause == word.clause and w.text in _PLAIN for w in other):
            return None
        # `failed to support`, `rejected the support`: the cue's opposite is not said either
        if cue.text not in _PLAIN and any(
            are_opposite(cue.text, w.text) for w in other if w.clause == word.clause
        ):
            return cue.text, word.text
    return cue.text, head.text


def opposite(claim: Sequence[Word], source: Sequence[Word]) -> tuple[str, str] | None:
    """Return a word of the claim and its opposite, which the source has instead; None without."""
    ours, theirs = {w.stem for w in claim}, {w.stem for w in source}
    for word in claim:
        if word.stem in theirs or word.text[0].isdigit():
            continue
        if any(near in theirs for near in synonyms(word.stem)):
            continue
        for other in source:
            if other.stem in ours or not are_opposite(word.text, other.text):
                continue
            if not in_same_context(word, claim, other, source):
                continue
            if is_denied(word, claim) == is_denied(other, source):
                return word.text, other.text
    return None
