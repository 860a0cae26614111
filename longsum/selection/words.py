"""What is known of each word of a document: one row of numbers each.

It is to tell how often a summary would use the word. Pure; no torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from longsum.selection.sentences import Sentences
from longsum.similarity import FUNCTION_WORDS, is_number, words

MARGIN = 0.1
"""Share of the sentences that is the document's beginning, and its end."""
BEST = 0.1
"""Share of the sentences, the best scored, whose words are counted apart."""
LEAST_MARGIN = 3
"""Sentences of each of these at least."""
GENRE = (
    "mean_length",
    "mean_quoted",
    "mean_digits",
    "mean_first_person",
    "mean_question",
    "mean_paragraph_start",
    "mean_capitals",
    "mean_brackets",
    "mean_colon",
)
"""Features of the document that come from the sentences' columns."""
_CAPITALISED = re.compile(r"(?<=[\w,] )[A-Z]\w+")

Encode = Callable[[Sequence[str]], Sequence[Sequence[int]]]
"""From texts to token ids without special tokens."""


@dataclass(frozen=True)
class Vocabulary:
    """The distinct words of sentences, and where they occur."""

    words: tuple[str, ...]
    word: np.ndarray
    """Number of the word of each occurrence: (occurrences,); a word counts once a sentence."""
    sentence: np.ndarray
    """Number of the sentence of each occurrence: (occurrences,)."""
    count: np.ndarray
    """How often the word stands in that sentence: (occurrences,)."""


def vocabulary_of(sentences: Sequence[Sequence[str]]) -> Vocabulary:
    """Return the vocabulary of sentences, words in the order in which they first occur."""
    number: dict[str, int] = {}
    found: list[tuple[int, int, int]] = []
    for sentence, each in enumerate(sentences):
        for word, count in Counter(each).items():
            found.append((number.setdefault(word, len(number)), sentence, count))
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    return Vocabulary(tuple(number), table[:, 0], table[:, 1], table[:, 2])


def word_features(
    s: Sentences, vocabulary: Vocabulary, scores: np.ndarray, encode: Encode
) -> np.ndarray:
    """Return what is known of each word.

    Args:
        s: the sentences.
        vocabulary: of their words.
        scores: of the sentences, in standard deviations: (sentences,).
        encode: of the model's tokenizer.

    Returns:
        (words, features) float32.
    """
    v, n = len(vocabulary.words), len(s.spans)
    word, sentence = vocabulary.word, vocabulary.sentence

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(word, weights=values, minlength=v)

    ones = np.ones(len(word))
    times, held = total(vocabulary.count), total(ones)
    first, last, best = np.full(v, n), np.zeros(v, dtype=np.int64), np.full(v, -np.inf)
    np.minimum.at(first, word, sentence)
    np.maximum.at(last, word, sentence)
    np.maximum.at(best, word, scores[sentence])
    margin = max(LEAST_MARGIN, MARGIN * n)
    early, late = total(1.0 * (sentence < margin)), total(1.0 * (sentence >= n - margin))
    leading = np.zeros(n, dtype=bool)
    leading[np.argsort(-scores, kind="stable")[: max(LEAST_MARGIN, int(BEST * n))]] = True
    in_best = total(1.0 * leading[sentence])
    size = times.sum()
    columns = [
        np.log(times),
        times / size * 100,
        np.log(held),
        held / n,
        np.log1p(first),
        first / n,
        last / n,
        (last - first) / n,
        total(scores[sentence]) / held,
        best,
        total(s.lexrank[sentence]) / held,
        np.log1p(early),
        np.log1p(late),
        early / held,
        late / held,
        np.log1p(in_best),
        in_best / leading.sum(),
        np.log(times * s.length / size),
        *_document(s, size, v),
        *_surface(s, vocabulary, times, encode),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _document(s: Sentences, size: float, count: int) -> list[np.ndarray]:
    """Return what is the same for all words of a document."""
    values = [np.log(s.length), np.log(size), np.log(s.length / size)]
    values += [s.columns[name][0] for name in GENRE]
    return [np.full(count, value) for value in values]


def _surface(
    s: Sentences, vocabulary: Vocabulary, times: np.ndarray, encode: Encode
) -> list[np.ndarray]:
    """Return how words look, how rare they are in the language, and whether they are asked for."""
    found = vocabulary.words
    names = Counter(m[0].casefold() for text in s.texts for m in _CAPITALISED.finditer(text))
    asked = set(words(s.focus or ""))
    # byte-pair tokens are numbered as they were merged: the more frequent, the lower
    tokens = [np.array(ids or [0]) for ids in encode([f" {word}" for word in found])]
    return [
        np.minimum(1.0, np.array([names[word] for word in found]) / times),
        np.array([is_number(word) for word in found]),
        np.array([len(word) for word in found]) / 8,
        np.array([word in FUNCTION_WORDS for word in found]),
        np.log1p([ids.max() for ids in tokens]),
        np.array([len(ids) for ids in tokens]),
        np.log1p([ids.mean() for ids in tokens]),
        np.array([word in asked for word in found]),
    ]
