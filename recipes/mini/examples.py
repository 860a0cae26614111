"""Documents with summaries that people wrote, as training examples.

The target of a sentence is how much of it is in the summary, compared with the document's others;
that of a word or a pair of neighbouring words is how often the summary uses it. Test splits are
never opened.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from longsum.documents.document import Span
from longsum.errors import DocumentError
from longsum.evaluate.reference_pairs import Pair, read_pairs
from longsum.selection.candidates import statements
from longsum.selection.choose import ReadSentences, read_sentences
from longsum.selection.sentence_features import Sentences
from longsum.selection.vocabulary import Term
from longsum.similarity import FUNCTION_WORDS, words
from recipes.mini.states import StateReader

FILES = {
    "openstax_chapter_summ.train": 140,
    "openstax_section_summ.train": 300,
    "scotus_syllabus.train": 180,
    "qmsum.train": 140,
    "squality.train": 50,
    "wiki_leads.train": 450,
    "spec_abstracts": 80,
    "oa_papers.train": 85,
}
"""Number of documents taken from each file; queries for the whole document first."""
VALIDATION = {"qmsum.val": 25, "squality.val": 20}
QUERIES = 3
"""Maximum queries for a part of each of these documents, besides the one for the whole."""
SAMPLE = 40
"""Number of documents that the directions are computed from."""
MIN_SENTENCES = 5


@dataclass(frozen=True)
class Known:
    """The sentences and words of a document whose states are known."""

    sentences: np.ndarray
    """(sentences,) bool."""
    words: np.ndarray
    """(words,) bool."""

    @property
    def is_whole(self) -> bool:
        """Whether the model read the whole document."""
        return bool(self.sentences.all())


@dataclass(frozen=True)
class Example:
    """A document and the targets from its references."""

    file: str
    pair: Pair
    read: ReadSentences
    shared: np.ndarray
    """How much of each sentence is in the references, standardized: (sentences,)."""
    uses: np.ndarray
    """Mean number of uses of each word in the references: (words,)."""
    pair_uses: np.ndarray
    """Mean number of uses of each pair of neighbouring words: (pairs,)."""
    known: Known
    """What of it the model read."""


def documents(data: Path, files: dict[str, int]) -> Iterator[tuple[str, Pair]]:
    """Yield the pairs taken from each file, those about the whole document first."""
    for name, count in files.items():
        pairs = read_pairs([data / "pairs" / f"{name}.jsonl.xz"])
        random.Random(0).shuffle(pairs)
        pairs.sort(key=lambda pair: pair.focus is not None)
        yield from ((name, pair) for pair in pairs[:count])


def example_of(name: str, pair: Pair, reader: StateReader) -> Example | None:
    """Return the example of a pair; None if there are too few sentences to choose from.

    Args:
        name: name of its file.
        pair: document and references.
        reader: model whose states are used.
    """
    try:
        document = pair.document
    except DocumentError:
        return None
    spans = statements(document)
    states = reader(document.text) if len(spans) >= MIN_SENTENCES else None
    if states is None:
        return None
    return example_with(name, pair, read_sentences(sentences_of(pair, spans), states))


def sentences_of(pair: Pair, spans: Sequence[Span]) -> Sentences:
    """Return the sentences of a pair's document with their features."""
    s = Sentences(pair.document.text, spans, pair.words, pair.focus)
    _ = s.features
    del s.__dict__["vectors"]  # megabytes that are not needed again
    return s


def example_with(name: str, pair: Pair, read: ReadSentences, known: Known | None = None) -> Example:
    """Return the example of a pair whose document has been read.

    Args:
        name: name of its file.
        pair: document and references.
        read: sentences, states and words of the document.
        known: what of it the model read; None for all of it.
    """
    references = [words(reference) for reference in pair.references]
    spans, terms = read.sentences.spans, read.vocabulary.terms
    return Example(
        name,
        pair,
        read,
        shared_with(read.sentences, references),
        uses_in(references, terms),
        uses_in([list(pairwise(reference)) for reference in references], read.pairs.terms),
        known or Known(np.ones(len(spans), bool), np.ones(len(terms), bool)),
    )


def with_queries(examples: Sequence[Example], data: Path) -> list[Example]:
    """Return examples, each followed by those for a part of the same document."""
    rest: dict[tuple[str, str], list[Pair]] = {}
    for name in {example.file for example in examples}:
        for pair in read_pairs([data / "pairs" / f"{name}.jsonl.xz"]):
            if pair.focus is not None:
                rest.setdefault((name, pair.text), []).append(pair)
    found: list[Example] = []
    for example in examples:
        found.append(example)
        queries = rest.get((example.file, example.pair.text), [])
        random.Random(0).shuffle(queries)
        found += [with_query(example, pair) for pair in queries[:QUERIES]]
    return found


def with_query(example: Example, pair: Pair) -> Example:
    """Return the example of a document for another query, without reading it again."""
    s = sentences_of(pair, example.read.sentences.spans)
    read = replace(example.read, sentences=s)
    return example_with(f"{example.file} focused", pair, read, example.known)


def shared_with(sentences: Sentences, references: Sequence[Sequence[str]]) -> np.ndarray:
    """Return how much of each sentence is in the references, by words and pairs of words."""
    content, pairs = np.zeros(len(sentences.spans)), np.zeros(len(sentences.spans))
    for reference in references:
        known = set(reference) - FUNCTION_WORDS
        joined = set(pairwise(reference))
        for number, each in enumerate(sentences.words):
            own = [word for word in each if word not in FUNCTION_WORDS]
            content[number] += sum(word in known for word in own) / (len(own) + 2)
            pairs[number] += sum(pair in joined for pair in pairwise(each)) / (len(each) + 3)
    return sum((part - part.mean()) / (part.std() + 1e-3) for part in (content, pairs)) / 2  # type: ignore[return-value]


def uses_in(references: Sequence[Sequence[Term]], terms: Sequence[Term]) -> np.ndarray:
    """Return the mean number of uses of each term in the references: (terms,)."""
    counts = [Counter(reference) for reference in references]
    found: np.ndarray = np.mean([[count[term] for term in terms] for count in counts], axis=0)
    return found


def is_held_out(text: str) -> bool:
    """Return whether a document is held out from training, for comparing methods: every tenth."""
    return hashlib.sha256(text[:2000].encode()).digest()[0] % 10 == 0
