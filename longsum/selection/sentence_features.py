"""Features of each sentence of a document without a language model, one row per sentence.

Position, length, centrality, similarity to the beginning and the end, surface, and the kind of
document. Independent of the language except for a few English words. Pure; no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from longsum.documents.document import Span
from longsum.selection.asides import shortened
from longsum.selection.back_matter import in_back_matter
from longsum.selection.brackets import Bracket, references_of
from longsum.selection.conclusions import conclusions
from longsum.selection.predicates import is_instruction, is_whole
from longsum.selection.ranking import around, bm25, lexrank_of, standardized, terms_of, tfidf
from longsum.selection.references import (
    is_dependent,
    points_elsewhere,
    refer_elsewhere,
    supposes,
)
from longsum.similarity import FUNCTION_WORDS, count_words, listed, words

OPENING, CLOSING = 8, 15
"""Sentences of a document's beginning and end that the others are compared with."""
MIN_WORDS = 8
"""Words from which on a sentence says something by itself."""
MAX_HEADING_CHARACTERS = 80
"""Longest line that may be a heading."""


_FIRST_PERSON = listed("i we my our me us you your")
_POINTING = listed("he she they it this that these those his her their its such")
_LINKING = listed(
    """
    however but and so thus therefore moreover furthermore yet then also first second third finally
    instead nevertheless for or nor because although while if when
    """
)
Columns = dict[str, np.ndarray]
"""Features by name, each (rows,). Their order is that of a network's inputs, and their names are
saved with the network (`feature_names.py`)."""


def stacked(columns: Columns) -> np.ndarray:
    """Return columns as one matrix: (rows, features) float32."""
    return np.stack(list(columns.values()), axis=1).astype(np.float32)


@dataclass(frozen=True)
class Sentences:
    """The sentences of a document that an answer may consist of.

    Args:
        text: the document's text.
        spans: the sentences' spans, in order.
        length: words asked for.
        focus: what the reader cares about.
        shorten: whether asides are left out of the sentences when they are shown.
    """

    text: str
    spans: Sequence[Span]
    length: int
    focus: str | None = None
    shorten: bool = False

    @cached_property
    def texts(self) -> list[str]:
        """The sentences' texts."""
        return [self.text[span.start : span.end] for span in self.spans]

    @cached_property
    def words(self) -> list[list[str]]:
        """Each sentence's words."""
        return [words(text) for text in self.texts]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Each sentence's number of words, at least 1: (sentences,)."""
        return np.array([max(1, len(each)) for each in self.words])

    @cached_property
    def shown(self) -> list[str]:
        """The sentences' texts as they are shown."""
        return [shortened(text) for text in self.texts] if self.shorten else self.texts

    @cached_property
    def subjects(self) -> list[Bracket | None]:
        """Whom or what each sentence's first word stands for, where that is shown in brackets."""
        if not self.shorten:
            return [None] * len(self.spans)
        references = references_of(self.text)
        return [references.subject(span) for span in self.spans]

    @cached_property
    def bracketed(self) -> np.ndarray:
        """Whether each sentence is shown with a person's name in brackets: (sentences,)."""
        found = [subject is not None and subject.is_person for subject in self.subjects]
        return np.array(found, dtype=bool)

    def _named(self, texts: Sequence[str]) -> list[str]:
        """Return the sentences with the names that would be in brackets instead of pronouns."""
        both = zip(texts, self.subjects, strict=True)
        return [subject.instead(text) if subject else text for text, subject in both]

    @cached_property
    def lengths(self) -> np.ndarray:
        """Number of words shown of each sentence, as people count them: (sentences,)."""
        added = [count_words(each.meaning) if each else 0 for each in self.subjects]
        own = [count_words(text) for text in self.shown]
        return np.array([a + b for a, b in zip(own, added, strict=True)], dtype=np.int64)

    @cached_property
    def terms(self) -> list[list[str]]:
        """Stems that each sentence is compared by."""
        return [terms_of(text) for text in self.texts]

    @cached_property
    def vectors(self) -> np.ndarray:
        """Each sentence's tf-idf vector: (sentences, terms)."""
        return tfidf(self.terms)

    @cached_property
    def lexrank(self) -> np.ndarray:
        """LexRank in standard deviations: (sentences,)."""
        return standardized(lexrank_of(self.vectors))

    @cached_property
    def dependent(self) -> np.ndarray:
        """Whether each sentence is shown to refer to the one before it (`This`, `However`)."""
        return np.array([is_dependent(text) for text in self._named(self.shown)])

    @cached_property
    def adjacent(self) -> np.ndarray:
        """Whether each sentence directly follows the one before it, on the same line."""
        between = [self.text[a.end : b.start] for a, b in pairwise(self.spans)]
        return np.array([False, *(gap.isspace() and "\n" not in gap for gap in between)])

    @cached_property
    def questions(self) -> np.ndarray:
        """Whether each sentence is a question."""
        return np.array([text.rstrip(' "”’)').endswith("?") for text in self.texts])

    @cached_property
    def pointers(self) -> np.ndarray:
        """Whether each sentence only says where something is, or prepares an example."""
        found = [points_elsewhere(text) or supposes(text) for text in self.texts]
        return np.array(found, dtype=bool)

    @cached_property
    def instructions(self) -> np.ndarray:
        """Whether each sentence tells its reader to do something."""
        return np.array([is_instruction(text) for text in self.texts], dtype=bool)

    @cached_property
    def strengths(self) -> np.ndarray:
        """How strongly each sentence says what the document concludes, from 0."""
        return conclusions(self.text, self.spans)

    @cached_property
    def riddles(self) -> np.ndarray:
        """Whether each sentence refers, after its opening, to others, or tears a quotation."""
        return np.array(refer_elsewhere(self._named(self.texts)), dtype=bool)

    @cached_property
    def in_back_matter(self) -> np.ndarray:
        """Whether each sentence is about the publication: its funding, its glossary."""
        return in_back_matter(self.text, self.spans)

    @cached_property
    def pieces(self) -> np.ndarray:
        """Whether each sentence is only a piece of one: a heading, an item of a list."""
        return np.array([not is_whole(text) for text in self.shown], dtype=bool)

    @cached_property
    def weak(self) -> np.ndarray:
        """Whether each sentence says little by itself, for its length, form or place."""
        weak: np.ndarray = self.brief | self.pieces | self.pointers | self.in_back_matter
        return weak

    @cached_property
    def refers(self) -> np.ndarray:
        """Whether each sentence refers to others, in its opening or later."""
        refers: np.ndarray = self.dependent | self.riddles
        return refers

    @cached_property
    def brief(self) -> np.ndarray:
        """Whether each sentence has few words."""
        return self.lengths < MIN_WORDS

    @cached_property
    def columns(self) -> Columns:
        """All features by name."""
        columns = _places(self) | _centralities(self) | _surfaces(self)
        return columns | _matches(self) | genre(self, columns)

    @cached_property
    def features(self) -> np.ndarray:
        """(sentences, features) float32, in the order of `columns`."""
        return stacked(self.columns)


def _places(sentences: Sentences) -> Columns:
    """Return the positions of sentences in the document and in their paragraphs."""
    number = np.arange(len(sentences.spans))
    start = np.array([span.start for span in sentences.spans])
    position = start / max(1, len(sentences.text))
    paragraph = np.array([sentences.text.rfind("\n", 0, at) + 1 for at in start])
    new = np.append(True, paragraph[1:] != paragraph[:-1])
    within = number - np.maximum.accumulate(np.where(new, number, 0))
    headed = [
        first and _is_headed(sentences.text, int(at))
        for first, at in zip(new, paragraph, strict=True)
    ]
    return {
        "position": position,
        "middle": (position - 0.5) ** 2,
        "log_number": np.log1p(number),
        "log_from_end": np.log1p(number[::-1]),
        "first_3": number < 3,
        "first_10": number < 10,
        "last_5": number >= len(number) - 5,
        "paragraph_start": paragraph == start,
        "within_paragraph": np.minimum(within, 6) / 6,
        "paragraph_end": np.append(new[1:], True),
        "headed": new & np.array(headed),
    }


def _is_headed(text: str, paragraph: int) -> bool:
    """Return whether the line before a paragraph looks like a heading."""
    line = text[max(0, paragraph - 200) : paragraph].rstrip().rsplit("\n", 1)[-1]
    return paragraph == 0 or (0 < len(line) < MAX_HEADING_CHARACTERS and line[-1] not in '.?!:;”"')


def _centralities(sentences: Sentences) -> Columns:
    """Return the similarity of sentences to the whole, the beginning and the end."""
    frequency = Counter(term for bag in sentences.terms for term in dict.fromkeys(bag))
    common = [
        float(np.mean([np.log(frequency[t]) for t in bag])) if bag else 0.0
        for bag in sentences.terms
    ]
    centrality = _likeness(sentences.vectors, sentences.vectors)
    opening = _likeness(sentences.vectors, sentences.vectors[:OPENING])
    closing = _likeness(sentences.vectors, sentences.vectors[-CLOSING:])
    return {
        "lexrank": sentences.lexrank,
        "centrality": centrality,
        "centrality_z": standardized(centrality),
        "opening": opening,
        "opening_z": standardized(opening),
        "closing": closing,
        "closing_z": standardized(closing),
        "common": np.array(common),
        "common_z": standardized(np.array(common)),
    }


def _likeness(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the cosine of each unit vector with the sum of others: (sentences,)."""
    total = others.sum(axis=0)
    found: np.ndarray = vectors @ total / max(1e-9, float(np.linalg.norm(total)))
    return found


def _surfaces(sentences: Sentences) -> Columns:
    """Return the form of sentences: length, capitals, punctuation, kinds of words."""
    texts, sizes = sentences.texts, sentences.sizes
    opened = [each[0] if each else "" for each in sentences.words]

    def share(vocabulary: frozenset[str]) -> np.ndarray:
        found: np.ndarray = (
            np.array([sum(w in vocabulary for w in e) for e in sentences.words]) / sizes
        )
        return found

    return {
        "length": sizes / 30,
        "log_length": np.log1p(sizes),
        "capitals": np.array([_share(part[:1].isupper() for part in t.split()) for t in texts]),
        "digits": np.array([_share(c.isdigit() for c in t) for t in texts]),
        "quoted": np.array([any(c in '"“”‘' for c in t) for t in texts]),
        "brackets": np.array([_share(c in "()[]" for c in t) for t in texts]) * 20,
        "question": np.array([t.rstrip().endswith("?") for t in texts]),
        "commas": np.array([t.count(",") for t in texts]) / (sizes + 1) * 5,
        "colon": np.array([":" in t[:40] for t in texts]),
        "pointing": np.array([word in _POINTING for word in opened]),
        "linking": np.array([word in _LINKING for word in opened]),
        "first_person": share(_FIRST_PERSON) * 5,
        "function_words": share(FUNCTION_WORDS),
    }


def _share(flags: Iterable[bool]) -> float:
    """Return the share of flags that are set; 0 without flags."""
    found = list(flags)
    return sum(found) / len(found) if found else 0.0


def _matches(sentences: Sentences) -> Columns:
    """Return how well sentences match the focus; zeros without one."""
    focus, count = sentences.focus, len(sentences.spans)
    match = standardized(bm25(sentences.terms, terms_of(focus))) if focus else np.zeros(count)
    return {
        "focus": match,
        "focus_around": around(match),
        "focused": np.full(count, float(bool(focus))),
    }


def genre(sentences: Sentences, columns: Columns) -> Columns:
    """Return the kind of document, the same for each sentence."""
    total = float(sentences.sizes.sum())
    values = {
        "sentences": np.log(len(sentences.spans)),
        "answer": np.log(sentences.length),
        "compression": np.log(sentences.length / total),
        "mean_length": columns["length"].mean(),
        "mean_quoted": columns["quoted"].mean(),
        "mean_digits": columns["digits"].mean() * 10,
        "mean_first_person": columns["first_person"].mean(),
        "mean_question": columns["question"].mean() * 3,
        "mean_paragraph_start": columns["paragraph_start"].mean(),
        "mean_capitals": columns["capitals"].mean() * 3,
        "mean_brackets": columns["brackets"].mean(),
        "mean_colon": columns["colon"].mean() * 3,
    }
    return {name: np.full(len(sentences.spans), value) for name, value in values.items()}
