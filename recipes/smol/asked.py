"""Queries on documents: summaries that people wrote, and questions with answers.

The training documents are those of the bundled model's head; the test documents those of
`longsum evaluate summaries --limit 60`, and the questions of `recipes.mini.answers`. A question on
a section is asked of the whole chapter.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from longsum.documents.document import Document, Span
from longsum.errors import DocumentError
from longsum.evaluate.holding import holding
from longsum.evaluate.reference_pairs import Pair, read_pairs
from longsum.selection.ranking import around, bm25, terms_of
from longsum.selection.sentence_features import Sentences
from longsum.similarity import words
from recipes.mini.examples import FILES, VALIDATION, documents, is_held_out, shared_with
from recipes.mini.questions import MAX_ANSWER_SHARE

QUESTIONS = {
    "fairytaleqa.train": (4000, "train"),
    "openstax_qa.train": (1500, "train"),
    "fairytaleqa.val": (400, "val"),
    "covidqa": (500, "test"),
    "openstax_qa.test": (500, "test"),
    "fairytaleqa.test": (500, "test"),
    "xquad_en": (300, "test"),
}
"""Number of questions taken from each file, and its split."""
MEASURED = {
    "scotus_syllabus.test": None,
    "openstax_chapter_summ.test": None,
    "oa_papers.test": None,
    "wiki_leads.test": None,
    "qmsum.test": "whole meeting",
    "squality.test": "plot",
}
"""Test files of summaries, and what their queries contain."""
MEASURED_DOCUMENTS = 60
QUERIES = 3
"""Queries for a part of a document, besides the one for the whole."""


@dataclass
class Query:
    """A query on a document, and the labels of its sentences."""

    kind: str
    """`nothing`, `summary`, `focus` or `question`."""
    document: Document
    file: str
    place: str
    split: str
    text: str
    references: tuple[str, ...] = ()
    words: int = 0
    labels: np.ndarray | None = None
    """How much of each sentence is in the summary, or whether it has the answer: (sentences,)."""
    lexical: tuple[np.ndarray, ...] | None = None
    """BM25 of each sentence, without and with its neighbours'; only for questions."""

    @classmethod
    def nothing(cls, other: Query, sentences: int) -> Query:
        """Return a question without content on the same document, for comparison."""
        labels = np.zeros(sentences)
        return cls("nothing", other.document, other.file, "", other.split, "", labels=labels)

    def prepare(self, texts: Sequence[str]) -> bool:
        """Compute the labels; return whether there is anything to learn from."""
        if self.kind == "question":
            bags = [bag(text) for text in texts]
            pair = Pair("", "", None, "", self.text, self.references)
            holds = np.array(holding(bags, pair), dtype=bool)
            if not 0 < holds.sum() <= max(1, MAX_ANSWER_SHARE * len(texts)):
                return False
            self.labels = holds.astype(np.float32)
            match = bm25([terms(text) for text in texts], terms(self.text))
            self.lexical = (match, around(match))
            return True
        sentences = Sentences("\n".join(texts), _lines(texts), self.words, self.text or None)
        self.labels = shared_with(sentences, [words(each) for each in self.references])
        return True


@cache  # questions on the same document come far apart
def bag(text: str) -> frozenset[str]:
    """Return the words of a sentence, cached for further questions."""
    return frozenset(words(text))


@cache
def terms(text: str) -> list[str]:
    """Return the terms of a text, cached for further questions."""
    return terms_of(text)


def _lines(texts: Sequence[str]) -> list[Span]:
    """Return the spans of texts that are joined by line breaks."""
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)]).tolist()
    return [Span(start, start + len(text)) for start, text in zip(starts, texts, strict=False)]


def all_queries(data: Path, limit: int | None, only: tuple[str, ...] = ("",)) -> Iterator[Query]:
    """Yield all queries, file after file.

    Args:
        data: folder with pairs/.
        limit: maximum documents or questions per file; None for all.
        only: prefixes of the names of files to take.
    """
    yield from _summaries(data, limit, only)
    yield from _questions(data, limit, only)


def _summaries(data: Path, limit: int | None, only: tuple[str, ...]) -> Iterator[Query]:
    """Yield summaries of whole documents, then those of a part of the same documents."""
    wanted = _wanted(data, limit, only)
    for name, taken in wanted.items():
        rest = _focused(data, name) if name.startswith(("qmsum", "squality")) else {}
        for pair, split in taken:
            first = _summary(name, pair, split)
            if first is None:
                continue
            yield first
            for other in rest.get(pair.text, [])[:QUERIES]:
                query_of_part = _summary(name, other, first.split)
                if query_of_part is not None and other.place != pair.place:
                    yield replace(query_of_part, document=first.document)
        print(f"{name}: {len(taken)} documents", flush=True)


def _wanted(
    data: Path, limit: int | None, only: tuple[str, ...]
) -> dict[str, list[tuple[Pair, str]]]:
    """Return the pairs of whole documents by file, each with its split."""
    wanted: dict[str, list[tuple[Pair, str]]] = {}
    for files, split in ((FILES, "train"), (VALIDATION, "val")):
        for name, pair in documents(data, _limited(files, limit, only)):
            wanted.setdefault(name, []).append((pair, split))
    for name, query in MEASURED.items():
        if not name.startswith(only):
            continue
        path = data / "pairs" / f"{name}.jsonl.xz"
        count = min(limit or MEASURED_DOCUMENTS, MEASURED_DOCUMENTS)
        for pair in read_pairs([path], query=query, limit=count):
            wanted.setdefault(name, []).append((pair, "test"))
    return wanted


def _focused(data: Path, name: str) -> dict[str, list[Pair]]:
    """Return the queries for a part of each document of a file."""
    found: dict[str, list[Pair]] = {}
    for pair in read_pairs([data / "pairs" / f"{name}.jsonl.xz"]):
        if pair.focus is not None:
            found.setdefault(pair.text, []).append(pair)
    for each in found.values():
        random.Random(0).shuffle(each)
    return found


def _summary(name: str, pair: Pair, split: str) -> Query | None:
    """Return a pair as a query; None if its document cannot be read."""
    try:
        document = pair.document
    except DocumentError:
        return None
    if split == "train" and is_held_out(document.text):
        split = "kept"
    kind = "summary" if pair.focus is None else "focus"
    return Query(
        kind, document, name, pair.place, split, pair.focus or "", pair.references, pair.words
    )


def _questions(data: Path, limit: int | None, only: tuple[str, ...]) -> Iterator[Query]:
    """Yield questions in the order that `recipes.mini.answers` takes them."""
    chapters = [
        pair
        for part in ("train", "test")
        for pair in read_pairs([data / "pairs" / f"openstax_chapter_summ.{part}.jsonl.xz"])
    ]
    for name, (count, split) in QUESTIONS.items():
        if not name.startswith(only):
            continue
        pairs = [p for p in read_pairs([data / "pairs" / f"{name}.jsonl.xz"]) if p.query]
        random.Random(0).shuffle(pairs)
        held: dict[str, Document] = {}
        taken = 0
        for pair in pairs:
            if taken == (min(count, limit) if limit else count):
                break
            if pair.text not in held:
                inside = chapters if name.startswith("openstax") else []
                held[pair.text] = _whole(pair, inside).document
            document = held[pair.text]
            held_out = split == "train" and is_held_out(document.text)
            query = Query(
                "question", document, name, pair.place, "kept" if held_out else split,
                pair.query or "", pair.references,
            )  # fmt: skip
            yield query
            taken += query.lexical is not None
        print(f"{name}: {taken} questions", flush=True)


def _whole(pair: Pair, chapters: Sequence[Pair]) -> Pair:
    """Return the chapter of a section; the section if there is none."""
    section = pair.text.strip()
    return next((chapter for chapter in chapters if section in chapter.text), pair)


def _limited(files: Mapping[str, int], limit: int | None, only: tuple[str, ...]) -> dict[str, int]:
    """Return the number of documents to take from each file."""
    taken = {name: count for name, count in files.items() if name.startswith(only)}
    return {name: min(count, limit or count) for name, count in taken.items()}
