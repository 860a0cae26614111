"""A question's literal parts: names, numbers and quoted words, which an answer repeats unchanged.

Numbers are compared by value: `54th` equals `Fifty-Fourth`. A name is a word that the question
capitalizes, or the document always does, so that a question typed in lower case has names, too.
Pure; no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from longsum.similarity import FUNCTION_WORDS, is_number, stem, words

_ORDINAL_ENDING = re.compile(r"(?<=\d)(?:st|nd|rd|th|º|ª)\b", re.I)
_FROM_FOURTH = (
    *("fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
    *("thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth"),
    *("nineteenth", "twentieth"),
)
_TENS = ("thirtieth", "fortieth", "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth")
_ORDINALS = {word: str(number) for number, word in enumerate(_FROM_FOURTH, 4)}
_ORDINALS |= {word: str(10 * number) for number, word in enumerate(_TENS, 3)}
_AFTER_TEN = {"first": 1, "second": 2, "third": 3}
"""Ordinals only after a ten; by themselves ambiguous: `a second`, `at first`."""
_ROUND = {str(number) for number in range(20, 100, 10)}
_ROUND_WORD = re.compile(r"\b(?:twen|thir|for|fif|six|seven|eigh|nine)ty-", re.I)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{2,200})[\"”“»]|(?<!\w)[‘']([^‘’']{2,200})[’'](?!\w)")


def literal_words(text: str) -> list[str]:
    """Return a text's words in order, ordinals as numbers: `Fifty-Fourth` and `54th` are 54."""
    found: list[str] = []
    hyphened = bool(_ROUND_WORD.search(text))
    for word in words(_ORDINAL_ENDING.sub("", text)):
        value = _ORDINALS.get(word)
        small = int(value) if value is not None and int(value) < 10 else _AFTER_TEN.get(word)
        if small and hyphened and found and found[-1] in _ROUND:
            found[-1] = str(int(found[-1]) + small)
        else:
            found.append(value or word)
    return found


def answer_terms(text: str) -> list[str]:
    """Return the stems and numbers that a sentence and a question are compared by."""
    return [stem(word) for word in literal_words(text) if word not in FUNCTION_WORDS]


@dataclass(frozen=True)
class Literals:
    """Parts of a question that an answer is expected to repeat unchanged."""

    names: frozenset[str]
    """Words of names, in lower case."""
    numbers: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]
    """Words of each quotation, in order."""

    @property
    def all(self) -> frozenset[str]:
        """All words of names, numbers and quotations."""
        quoted = {word for phrase in self.phrases for word in phrase if word not in FUNCTION_WORDS}
        return self.names | self.numbers | quoted


def literals_of(question: str, capitalised: Set[str]) -> Literals:
    """Return a question's names, numbers and quotations.

    Args:
        question: in the user's words.
        capitalised: words that the document always capitalizes, in lower case.
    """
    asked = literal_words(question)
    wanted = {word for word in asked if word not in FUNCTION_WORDS and not is_number(word)}
    capital = {
        word
        for part in question.split()[1:]
        if part.lstrip("\"'“‘(")[:1].isupper()
        for word in literal_words(part)
    }
    quoted = [literal_words(match[1] or match[2]) for match in _QUOTED.finditer(question)]
    return Literals(
        frozenset(wanted & (capital | capitalised)),
        frozenset(word for word in asked if is_number(word)),
        tuple(tuple(each) for each in quoted if each),
    )


def holds_phrase(found: Sequence[str], phrase: Sequence[str]) -> bool:
    """Return whether a sentence's words contain a phrase."""
    size = len(phrase)
    return any(tuple(found[i : i + size]) == tuple(phrase) for i in range(len(found) - size + 1))
