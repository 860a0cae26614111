"""Questions on documents, and the sentences with their answers.

Which sentences have an answer is what `longsum evaluate answers` measures (`evaluate/holding.py`).
Every sentence is a candidate, as in the program. Questions of textbooks are asked of their section,
or of the whole chapter it is in.
"""

from __future__ import annotations

import io
import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.evaluate.holding import holding
from longsum.evaluate.reference_pairs import Pair, read_pairs
from longsum.selection.candidates import sentences
from longsum.similarity import content_words, words

MAX_ANSWER_SHARE = 0.1
"""Maximum share of sentences with the answer; beyond it, the question is too easy and left out."""
CHAPTER = "/chapter"
"""Suffix of a file's name for asking its questions of whole chapters."""
PROBE_CHARACTERS = 200
"""Characters from the middle of a section, by which its chapter is found."""


@dataclass(frozen=True, eq=False)
class Question:
    """A question on a document, and the sentences with its answer."""

    file: str
    document: Document
    texts: Sequence[str]
    query: str
    holds: np.ndarray
    """Whether each sentence has the answer: (sentences,) bool."""


def questions(data: Path, files: dict[str, int]) -> Iterator[Question]:
    """Yield questions whose answer is in a sentence of the document, a given number per file."""
    for name, count in files.items():
        taken = 0
        for question in _questions(data, name):
            if taken == count:
                break
            taken += 1
            yield question
        print(f"{name}: {taken} questions", flush=True)


def _questions(data: Path, name: str) -> Iterator[Question]:
    """Yield the questions of a file, shuffled."""
    file = name.removesuffix(CHAPTER)
    pairs = [p for p in read_pairs([data / "pairs" / f"{file}.jsonl.xz"]) if p.query]
    random.Random(0).shuffle(pairs)
    whole = _chapters(data, file, pairs) if name.endswith(CHAPTER) else {}
    known: dict[str, tuple[Document, list[str], list[frozenset[str]]]] = {}
    for pair in pairs:
        raw = whole.get(pair.text) if name.endswith(CHAPTER) else pair.text
        if raw is None:
            continue
        if raw not in known:
            document = _read(raw)
            texts = [document.text[a:b] for a, b in sentences(document)]
            known[raw] = document, texts, [frozenset(words(text)) for text in texts]
        document, texts, bags = known[raw]
        holds = np.array(holding(bags, pair), dtype=bool)
        if 0 < holds.sum() <= max(1, MAX_ANSWER_SHARE * len(texts)):
            yield Question(name, document, texts, pair.query or "", holds)


def _chapters(data: Path, file: str, pairs: Sequence[Pair]) -> dict[str, str]:
    """Return the chapter of each section."""
    split = file.rsplit(".", 1)[-1]
    path = data / "pairs" / f"openstax_chapter_summ.{split}.jsonl.xz"
    chapters = {" ".join(pair.text.split()): pair.text for pair in read_pairs([path])}
    found: dict[str, str] = {}
    for text in {pair.text for pair in pairs}:
        flat = " ".join(text.split())
        probe = flat[len(flat) // 2 :][:PROBE_CHARACTERS]
        for chapter, raw in chapters.items():
            if probe in chapter:
                found[text] = raw
                break
    return found


def brief(question: Question) -> Question:
    """Return a question shortened to a few of its words, at least one of them in the document."""
    rng = random.Random(question.query)
    said = {word for text in question.texts for word in words(text)}
    first, *rest = question.query.rstrip("?").split() or [""]
    content = [part for part in rest if content_words(part)]
    known = [part for part in content if any(word in said for word in content_words(part))]
    if not known:
        return question
    chosen = {rng.choice(known), *rng.sample(content, rng.randint(0, min(2, len(content))))}
    query = " ".join([first, *(part for part in content if part in chosen)]) + "?"
    return replace(question, query=query)


def among(question: Question, others: Sequence[Question], size: int) -> Question:
    """Return a question with its document among others, which are not taken to answer it.

    Args:
        question: a question on a document.
        others: questions on other documents, of which these are taken, in a random order.
        size: words of the whole, at least those of the document.
    """
    rng = random.Random(question.query)
    own = question.document.text
    texts = dict.fromkeys(each.document.text for each in others)
    texts.pop(own, None)
    drawn, left = [], size - len(own.split())
    for text in rng.sample(list(texts), len(texts)):
        if left <= 0:
            break
        kept = text[: _end_of(text, left)]
        drawn.append(kept)
        left -= len(kept.split())
    place = rng.randint(0, len(drawn))
    whole = "\n\n".join([*drawn[:place], own, *drawn[place:]])
    document = _read(whole)
    right = {text for text, holds in zip(question.texts, question.holds, strict=True) if holds}
    found = [document.text[a:b] for a, b in sentences(document)]
    holds = np.array([text in right for text in found], dtype=bool)
    return Question(question.file, document, found, question.query, holds)


def _end_of(text: str, count: int) -> int:
    """Return where the first words of a text end."""
    first = itertools.islice(re.finditer(r"\S+", text), count)
    return max((word.end() for word in first), default=0)


def _read(raw: str) -> Document:
    """Return a text as a document."""
    return read_document("-", stdin=io.BytesIO(raw.encode("utf-8", "replace")))


def elsewhere(ready: Sequence[Question]) -> list[Question]:
    """Return each question with another document of its file, which does not answer it."""
    found = []
    rng = random.Random(0)
    for file in sorted({question.file for question in ready}):
        own = [question for question in ready if question.file == file]
        for question in own:
            others = [q for q in own if q.document.sha256 != question.document.sha256]
            other = rng.choice(others)
            nowhere = np.zeros(len(other.texts), dtype=bool)
            found.append(Question(file, other.document, other.texts, question.query, nowhere))
    return found
