"""What is known of each word of a document: one row of numbers each.

It is to tell how often a summary would use the word. Pure; no torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from longsum.selection.sentence_features import Sentences
from longsum.selection.vocabulary import Vocabulary, occurrences_of
from longsum.similarity import FUNCTION_WORDS, is_number, words

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


def word_features(
    s: Sentences, vocabulary: Vocabulary[str], scores: np.ndarray, encode: Encode
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
    n = len(s.spans)
    o = occurrences_of(s, vocabulary, scores)
    size = o.times.sum()
    columns = [
        np.log(o.times),
        o.times / size * 100,
        np.log(o.held),
        o.held / n,
        np.log1p(o.first),
        o.first / n,
        o.last / n,
        (o.last - o.first) / n,
        o.mean_score,
        o.best_score,
        o.mean_lexrank,
        np.log1p(o.early),
        np.log1p(o.late),
        o.early / o.held,
        o.late / o.held,
        np.log1p(o.in_best),
        o.in_best / o.best_sentences,
        np.log(o.times * s.length / size),
        *_document(s, size, len(vocabulary.terms)),
        *_surface(s, vocabulary, o.times, encode),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _document(s: Sentences, size: float, count: int) -> list[np.ndarray]:
    """Return what is the same for all words of a document."""
    values = [np.log(s.length), np.log(size), np.log(s.length / size)]
    values += [s.columns[name][0] for name in GENRE]
    return [np.full(count, value) for value in values]


def _surface(
    s: Sentences, vocabulary: Vocabulary[str], times: np.ndarray, encode: Encode
) -> list[np.ndarray]:
    """Return how words look, how rare they are in the language, and whether they are asked for."""
    found = vocabulary.terms
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
