"""Subject and object: whether a claim turns round who did what to whom. Pure.

There is no parser. Words that both sentences have once are compared by their order: a phrase moved
to the other end keeps the order within each part, so that three words are in reverse order only if
what is before and after the middle one changed places: `A paid B`, `B paid A`. The passive voice
does that as well, without a change of meaning, and is recognized by `by` and a form of `be`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from longsum.grounding.clauses import Word
from longsum.similarity import listed

_BE = listed("is are was were be been being get gets got")
_TURNING = listed(
    "before after over under above below than of to from into against for preceded by"
)
"""Words whose two sides cannot be exchanged, though they carry no meaning of their own."""
_NEAR = 6
"""Maximum words between a verb and the words that are exchanged around it."""
_MAX_PHRASE = 5
"""Maximum shared words of a phrase that changes places with another."""
_ALL_FOUR_ENDS = 4
"""Ends of two phrases that change places; a phrase that moves breaks three at most."""
PARTICIPLES = listed(
    "built bought sold paid made led held found kept left lost met put read said sent set shot "
    "spent taught told thought won caught brought fought cut hit hurt struck begun sung drunk "
    "understood heard done gone"
)
"""Irregular participles without an ending of their own."""


def swapped(claim: Sequence[Word], source: Sequence[Word]) -> tuple[str, str] | None:
    """Return two words that changed places around another; None if none did.

    Args:
        claim: words of the claim.
        source: words of one sentence of the source.
    """
    ours, theirs = _single(claim), _single(source)
    shared = sorted(ours.keys() & theirs.keys(), key=lambda key: ours[key].place)
    pairs = [_Pair(ours[key], theirs[key]) for key in shared]
    turned = [pair for pair in pairs if _voice(pair.ours, claim) != _voice(pair.theirs, source)]
    return _around_verb(pairs, turned, claim, source) or (None if turned else _blocks(pairs))


class _Pair(NamedTuple):
    """A word that both sentences have once."""

    ours: Word
    theirs: Word


def _around_verb(
    pairs: Sequence[_Pair], turned: Sequence[_Pair], claim: Sequence[Word], source: Sequence[Word]
) -> tuple[str, str] | None:
    """Return two words near a third that stand on its other sides in the source."""
    has_one_agent = sum(any(word.text == "by" for word in words) for words in (claim, source)) == 1
    for place, verb in enumerate(pairs):
        if not _may_turn(verb.ours) or (turned and verb not in turned):
            continue  # a verb whose voice changed moves all else around it
        for first in _near(pairs[:place][::-1], verb):
            for last in _near(pairs[place + 1 :], verb):
                before = first.theirs.place < verb.theirs.place
                if before == (last.theirs.place < verb.theirs.place):
                    continue  # only one of them moved
                if before == (verb in turned) and (not before or has_one_agent):
                    return first.ours.text, last.ours.text
    return None


def _blocks(pairs: Sequence[_Pair]) -> tuple[str, str] | None:
    """Return the first words of two short phrases that changed places, all else in its order."""
    content = [pair for pair in pairs if pair.ours.is_content]
    ranks = {pair: rank for rank, pair in enumerate(sorted(content, key=_place_in_source))}
    order = [ranks[pair] for pair in content]
    runs: list[list[int]] = []
    for rank in order:
        if runs and rank == runs[-1][-1] + 1:
            runs[-1].append(rank)
        else:
            runs.append([rank])
    broken = _breaks(runs)
    for one in range(len(runs)):
        for other in range(one + 2, len(runs)):
            if max(len(runs[one]), len(runs[other])) > _MAX_PHRASE:
                continue
            back = runs.copy()
            back[one], back[other] = back[other], back[one]
            if broken - _breaks(back) < _ALL_FOUR_ENDS:
                continue
            by_rank = {rank: pair for pair, rank in ranks.items()}
            return by_rank[runs[one][0]].ours.text, by_rank[runs[other][0]].ours.text
    return None


def _place_in_source(pair: _Pair) -> int:
    return pair.theirs.place


def _breaks(runs: Sequence[Sequence[int]]) -> int:
    """Return how many neighbours in the claim are not neighbours in the source, ends included."""
    order = [-1, *(rank for run in runs for rank in run), sum(map(len, runs))]
    return sum(after != before + 1 for before, after in zip(order, order[1:], strict=False))


def _single(sentence: Sequence[Word]) -> dict[str, Word]:
    """Return the words that a sentence has once, by stem."""
    counts = Counter(word.stem for word in sentence)
    return {
        word.stem: word
        for word in sentence
        if counts[word.stem] == 1 and (word.is_content or word.text in _TURNING)
    }


def _may_turn(word: Word) -> bool:
    """Return whether a word may be a verb, or another whose sides cannot be exchanged."""
    return not word.text[0].isdigit() and not word.is_manner and word.text != "by"


def _near(pairs: Sequence[_Pair], verb: _Pair) -> Iterator[_Pair]:
    """Yield words near a verb in both sentences, in the same clauses."""
    for pair in pairs:
        ours, theirs = pair
        near = abs(ours.place - verb.ours.place) <= _NEAR >= abs(theirs.place - verb.theirs.place)
        together = ours.clause == verb.ours.clause and theirs.clause == verb.theirs.clause
        if near and together and ours.is_content:
            yield pair


def _voice(verb: Word, sentence: Sequence[Word]) -> bool:
    """Return whether a word is a verb in the passive voice: `was paid`, `paid by`."""
    following = sentence[verb.place + 1 : verb.place + 2]
    if any(word.text == "by" and word.clause == verb.clause for word in following):
        return True
    before = sentence[max(0, verb.place - 3) : verb.place]
    is_participle = verb.text[-2:] in {"ed", "en", "wn", "ne"} or verb.text in PARTICIPLES
    return is_participle and any(w.text in _BE and w.clause == verb.clause for w in before)
