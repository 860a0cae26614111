"""What a sentence refers to, in brackets: `He [Tom Lund] left.`, `ARDS [acute … syndrome]`. Pure.

A sentence of a summary has lost those before it. The document's own words say
whom its pronoun stands for (`antecedents.py`), which body its noun (`namesakes.py`) and what its
short forms mean (`definitions.py`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from longsum.documents.document import Span
from longsum.documents.statements import sentence_spans
from longsum.selection.antecedents import PRONOUNS, Antecedent, antecedents, speaks_of_somebody
from longsum.selection.definitions import SHORT_FORM, Definition, definitions
from longsum.selection.namesakes import Namesake, namesakes, speaks_of_a_body
from longsum.selection.people import People
from longsum.similarity import count_words

_SEVERAL = re.compile(r"(?<![sui])s$")
"""The end of a noun that stands for several, unlike `locus`."""
MAX_ADDED, MIN_ADDED = 0.08, 5
"""Share of the words of sentences that explanations of their short forms may add to them, and
words that they may add to any."""


class Bracket(NamedTuple):
    """What a word of a sentence stands for."""

    word: str
    """As the sentence has it: `He`, `The court`, `ARDS`."""
    meaning: str
    """The document's words."""
    places: tuple[Span, ...]
    """Where the document says so: the sentences that name the person or body, the nearest one
    first; the meaning of a short form."""

    @property
    def is_person(self) -> bool:
        """Whether it is a person that a pronoun stands for."""
        return self.word.casefold() in PRONOUNS

    def added(self, text: str) -> str:
        """Return a sentence with this in brackets after its word."""
        return self._written(text, "{0} [{1}]")

    def instead(self, text: str) -> str:
        """Return a sentence with this in place of its word."""
        return self._written(text, "{1}")

    def _written(self, text: str, form: str) -> str:
        """Return a sentence with its word in another form; the same if the word is not there."""
        found = re.search(rf"(?<!\w){re.escape(self.word)}(?!\w|['’]\w)", text, re.IGNORECASE)
        if found is None:
            return text
        owner = "’s" if self.word.casefold() in ("his", "her") else ""
        written = form.format(found[0], self.meaning + owner)
        return text[: found.start()] + written + text[found.end() :]


@dataclass(frozen=True)
class References:
    """What the sentences of a document refer to.

    Args:
        text: the document's text.
    """

    text: str

    def subject(self, span: Span) -> Bracket | None:
        """Return whom or what the first word of a sentence stands for, if it is sure."""
        sentence = self._spaced(span)
        if not (speaks_of_somebody(sentence) or speaks_of_a_body(sentence)):
            return None  # without finding all people first
        number = self._number(span)
        if number < 0 or self._spans[number].end < span.end:
            return None
        if person := self._antecedents[number]:
            return Bracket(person.pronoun, person.name, self._places(person))
        if body := self._namesakes[number]:
            return Bracket(body.noun, body.name, (self._spans[body.sentence],))
        return None

    def short_forms(self, span: Span) -> list[Bracket]:
        """Return the short forms in a sentence that the document defines elsewhere."""
        sentence = self._spaced(span)
        found: dict[str, Bracket] = {}
        for used in SHORT_FORM.finditer(sentence):
            defined = self._definitions.get(used["short"])
            if defined is None or defined.long_form.casefold() in sentence.casefold():
                continue
            several = bool(_SEVERAL.search(defined.long_form))
            if used["plural"] and not several:
                continue
            meaning = defined.long_form
            if several and not used["plural"]:
                meaning = self._one(meaning)
            bracket = Bracket(used[0], meaning, (defined.place,))
            found.setdefault(used["short"], bracket)
        return list(found.values())

    def _one(self, several: str) -> str:
        """Return what stands for one of several, if the document says it: `dialogue act`."""
        ways = (("s", ""), ("es", ""), ("ies", "y"))
        ones = (
            several.removesuffix(end) + instead for end, instead in ways if several.endswith(end)
        )
        for one in ones:
            if re.search(rf"\b{re.escape(one)}\b", self.text):
                return one
        return several

    def shown(self, spans: Sequence[Span]) -> list[list[Bracket]]:
        """Return what each of some sentences needs in brackets where they are shown in this order.

        Short forms are explained once, and only as far as that does not make the text much longer.

        Args:
            spans: the sentences.
        """
        shown = sum(count_words(self.text[a:b]) for a, b in spans)
        left = max(MIN_ADDED, MAX_ADDED * shown)
        explained: set[str] = set()
        needed: list[list[Bracket]] = []
        subjects = [self.subject(span) for span in spans]
        for number, (span, subject) in enumerate(zip(spans, subjects, strict=True)):
            brackets = []
            if subject and (number == 0 or not self._is_about(spans[number - 1], subject)):
                brackets.append(subject)
            for short in self.short_forms(span):
                if (
                    short.word.removesuffix("s") not in explained
                    and (added := count_words(short.meaning)) <= left
                ):
                    brackets.append(short)
                    left -= added
            used = SHORT_FORM.finditer(self.text, span.start, span.end)
            explained |= {each["short"] for each in used}
            needed.append(brackets)
        return needed

    def _spaced(self, span: Span) -> str:
        """Return a sentence with single spaces."""
        return " ".join(self.text[span.start : span.end].split())

    def _number(self, span: Span) -> int:
        """Return the number of the sentence that a span begins in; -1 before the first."""
        return bisect_right(self._starts, span.start) - 1

    def _places(self, found: Antecedent) -> tuple[Span, ...]:
        """Return the sentence that names a person nearest, and one that does so in full."""
        nearest = self._spans[found.sentence]
        if found.name in self._texts[found.sentence]:
            return (nearest,)
        full = next(number for number, text in enumerate(self._texts) if found.name in text)
        return (nearest, self._spans[full])

    def _is_about(self, span: Span, subject: Bracket) -> bool:
        """Return whether a sentence speaks of a person and nobody else, or names a body."""
        own = self.subject(span)
        if own is not None:
            return own.meaning == subject.meaning
        if not subject.is_person:
            return subject.meaning in self._spaced(span)
        number = self._number(span)
        people = self._people
        found = people.in_sentence(number) if number >= 0 else []
        names = {people.full_name(each.person, each.name) for each in found}
        return names == {subject.meaning}

    @cached_property
    def _spans(self) -> list[Span]:
        return list(sentence_spans(self.text))

    @cached_property
    def _starts(self) -> list[int]:
        return [span.start for span in self._spans]

    @cached_property
    def _texts(self) -> list[str]:
        return [self._spaced(span) for span in self._spans]

    @cached_property
    def _people(self) -> People:
        return People(self._texts)

    @cached_property
    def _antecedents(self) -> list[Antecedent | None]:
        return antecedents(self._texts, self._people)

    @cached_property
    def _namesakes(self) -> list[Namesake | None]:
        return namesakes(self._texts)

    @cached_property
    def _definitions(self) -> dict[str, Definition]:
        return definitions(self.text)


@lru_cache(maxsize=2)  # a document is summarized, and its sentences shown
def references_of(text: str) -> References:
    """Return what the sentences of a text refer to."""
    return References(text)
