"""A sentence as words, each with its stem and its clause. Pure; the words compared are English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from longsum.grounding.lexicon import synonyms
from longsum.similarity import FUNCTION_WORDS, is_number, listed, stem, words

_PAUSE = re.compile(r"[;:()\[\]—–\"“”]|,(?!\d)|\s-\s")
_LINKS = listed(
    "but because although though while whereas which who whom whose that if when where since "
    "unless until and or so whenever however"
)
"""Words that open a clause."""
_CONTRACTED = (
    (re.compile(r"\bMay\b(?=,? \d)|(?<=\d )May\b"), "Maius"),  # the month, not the verb
    (
        re.compile(
            r",\s*(?:however|of course|therefore|moreover|indeed|for example|for instance),",
            re.I,
        ),
        " ",
    ),
    (re.compile(r"\b(?:can['’]t|cannot)\b", re.I), "can not"),
    (re.compile(r"\bwon['’]t\b", re.I), "will not"),
    (re.compile(r"n['’]t\b", re.I), " not"),
    (re.compile(r"\bper cent\b", re.I), "percent"),
    (re.compile(r"\b(?:hundred|thousand)s? of\b", re.I), "many"),
    (re.compile(r"\ba (?:large |great )?number of\b", re.I), "several"),
    (re.compile(r"\b(?:has|have|had) to\b(?= [a-z])", re.I), "must"),
    (re.compile(r"\b(?:is|are|was|were) (?:required|obliged|obligated) to\b", re.I), "must"),
    (re.compile(r"\b(?:is|are|was|were) (?:allowed|permitted) to\b", re.I), "may"),
    (re.compile(r"\bnot only\b|\bno doubt\b|\bwhether or not\b|\bNo\. ?(?=\d)"), ""),
    (re.compile(r"\bnot (?:just|merely|simply)\b"), ""),
    (re.compile(r"\b(?:no|not) (?:fewer|less) than\b", re.I), "at least"),
    (re.compile(r"\b(?:no|not) (?:more|greater) than\b", re.I), "at most"),
)


@dataclass(frozen=True)
class Word:
    """A word of a sentence."""

    text: str
    """In lower case; numbers normalized."""
    stem: str
    clause: int
    """Number of its clause."""
    place: int
    """Number of the word."""

    @property
    def is_content(self) -> bool:
        """Whether it is a word with a meaning of its own, or a number."""
        if self.text in _ENGLISH:
            return True
        return self.text not in FUNCTION_WORDS and self.text not in _OTHERS

    @property
    def is_manner(self) -> bool:
        """Whether it is an adverb such as `clearly`, which other words may stand around."""
        return len(self.text) > 4 and self.text.endswith("ly")


_ENGLISH = listed("door met come den sur par mais pour alle")
"""English words that are function words of other languages."""
_OTHERS = listed(
    "not never neither nor none nobody nothing nowhere cannot without no yes every all both "
    "few many most several less least at even ever still yet often always must shall should "
    "may might could ought one ones let likewise thus therefore now soon perhaps instead too "
    "well rather quite hence"
)


@lru_cache(maxsize=512)
def parse(sentence: str) -> tuple[Word, ...]:
    """Return a sentence's words with their clauses."""
    for pattern, instead in _CONTRACTED:
        sentence = pattern.sub(instead, sentence)
    found: list[Word] = []
    clause = 0
    for part in _PAUSE.split(sentence):
        for text in words(part):
            if text in _LINKS:
                clause += 1
            found.append(Word(text, text if is_number(text) else stem(text), clause, len(found)))
        clause += 1
    return tuple(found)


_BESIDE = 5
"""Words on either side of one that are its context."""


def in_same_context(
    word: Word, sentence: Sequence[Word], other: Word, others: Sequence[Word]
) -> bool:
    """Return whether two words of two sentences share a word with a meaning beside them."""
    ours, theirs = _beside(word, sentence), _beside(other, others)
    return bool(ours & theirs) or not ours or any(synonyms(key) & theirs for key in ours)


def _beside(word: Word, sentence: Sequence[Word]) -> set[str]:
    near = sentence[max(0, word.place - _BESIDE) : word.place + 1 + _BESIDE]
    return {each.stem for each in near if each.is_content and each.stem != word.stem}


def likeness(one: Sequence[Word], other: Sequence[Word]) -> float:
    """Return the overlap (Jaccard) of all words of two sentences, from 0 to 1."""
    ours, theirs = {word.stem for word in one}, {word.stem for word in other}
    return len(ours & theirs) / max(1, len(ours | theirs))
