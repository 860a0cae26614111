"""Features of a document's sentences that no question changes: words, rarity, names, form.

Computed once per document, which may be asked many questions. Pure; no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from longsum.documents.statements import is_statement
from longsum.selection.literals import answer_terms, literal_words
from longsum.selection.months import MONTH
from longsum.selection.sentence_features import Columns
from longsum.similarity import idf_weights, is_number

_NAMED = re.compile(r"(?<=[\w,;] )[A-Z][\w’'-]+")
_DATE = re.compile(
    rf"\b(?:1[5-9]\d\d|20\d\d)\b|\b(?:{MONTH}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b"
)
_LOOKS = {
    "reason": re.compile(
        r"\b(?:because|since|therefore|so that|in order to|as|due|cause[sd]?|reason|for)\b", re.I
    ),
    "place": re.compile(r"\b(?:in|at|on|near|under|into|to|from)\s+(?:the\s+)?[\w’'-]+", re.I),
    "time": re.compile(
        r"\b(?:1\d{3}|20\d\d|day|night|morning|evening|year|month|week|when|after)\b", re.I
    ),
    "money": re.compile(
        r"[$€£¥]\s?\d|\b\d[\d,.]*\s(?:million|billion|dollars?|euros?|pounds?|cents?)\b"
    ),
    "percent": re.compile(r"\d\s?%|\bper ?cent\b", re.I),
    "asking": re.compile(r"\?[\"'”’) ]*$"),
    "quotes": re.compile(r"[\"“”]"),
}
_DEFINING = re.compile(r"\b(?:is|are|was|were|means?|refers? to|called|known as|defined)\b", re.I)
_DEFINING_WITHIN = 120
"""Characters from a sentence's beginning that are searched for a definition."""
_LABEL = re.compile(r"[^.?!]{2,40}:\s+\S")
_SPELLED = re.compile(r"[^\W\d_][\w’'-]*")


@dataclass(frozen=True)
class AskedDocument:
    """The sentences of a document that questions are asked about."""

    texts: tuple[str, ...]

    @cached_property
    def words(self) -> list[tuple[str, ...]]:
        """Each sentence's words, ordinals as numbers."""
        return [tuple(literal_words(text)) for text in self.texts]

    @cached_property
    def word_sets(self) -> list[frozenset[str]]:
        """The set of each sentence's words."""
        return [frozenset(each) for each in self.words]

    @cached_property
    def word_weights(self) -> dict[str, float]:
        """Inverse document frequency of each word."""
        return idf_weights(self.word_sets)

    @cached_property
    def bags(self) -> list[list[str]]:
        """Stems that each sentence is compared by."""
        return [answer_terms(text) for text in self.texts]

    @cached_property
    def sets(self) -> list[frozenset[str]]:
        """The set of each sentence's stems."""
        return [frozenset(bag) for bag in self.bags]

    @cached_property
    def weights(self) -> dict[str, float]:
        """Inverse document frequency of each stem."""
        return idf_weights(self.sets)

    @cached_property
    def capitalised(self) -> Set[str]:
        """Words that sentences capitalize after their first word, and never write in lower case."""
        large: set[str] = set()
        small: set[str] = set()
        for text in self.texts:
            if text.isupper():
                continue
            for match in _SPELLED.finditer(text):
                word = re.sub(r"[’']s?$", "", match[0])
                if not word[0].isupper():
                    small.add(word.casefold())
                elif text[: match.start()].strip(" \"'“‘([—–-"):
                    large.add(word.casefold())
        return large - small

    @cached_property
    def surface(self) -> Columns:
        """Features of the form of sentences."""
        texts = self.texts
        looks = {
            f"has_{name}": [bool(pattern.search(t)) for t in texts]
            for name, pattern in _LOOKS.items()
        }
        looks["has_defining"] = [bool(_DEFINING.search(t[:_DEFINING_WITHIN])) for t in texts]
        looks["statement"] = [is_statement(t) for t in texts]
        looks["label"] = [bool(_LABEL.match(t)) for t in texts]
        looks["ended"] = [t.rstrip("\"'”’) ")[-1:] in (".", "!", "?") for t in texts]
        looks["shouted"] = [t.isupper() for t in texts]
        columns: Columns = {name: np.array(each, dtype=float) for name, each in looks.items()}
        return columns | {"log_words": np.log1p([len(each) for each in self.words])}

    @cached_property
    def names(self) -> list[frozenset[str]]:
        """Each sentence's capitalized words except its first, in lower case."""
        return [frozenset(n.casefold() for n in _NAMED.findall(t)) for t in self.texts]

    @cached_property
    def dates(self) -> list[frozenset[str]]:
        """Each sentence's years, months and days of the week, in lower case."""
        return [frozenset(d.casefold() for d in _DATE.findall(t)) for t in self.texts]

    @cached_property
    def numbers(self) -> list[frozenset[str]]:
        """Each sentence's numbers."""
        return [frozenset(filter(is_number, each)) for each in self.words]


def asked_document(texts: Sequence[str]) -> AskedDocument:
    """Return the features of sentences, cached for the last two documents."""
    return _asked_document(tuple(texts))


@lru_cache(maxsize=2)
def _asked_document(texts: tuple[str, ...]) -> AskedDocument:
    return AskedDocument(texts)
