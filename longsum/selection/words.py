"""What is known of each word of a document: one row of numbers each.

It is to tell how often a summary would use the word. Pure; no torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from longsum.selection.sentence_features import Columns, Sentences, stacked
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
    """Return the same as `word_columns` as one matrix: (words, features) float32."""
    return stacked(word_columns(s, vocabulary, scores, encode))


def word_columns(
    s: Sentences, vocabulary: Vocabulary[str], scores: np.ndarray, encode: Encode
) -> Columns:
    """Return what is known of each word, by name, each (words,).

    Args:
        s: the sentences.
        vocabulary: of their words.
        scores: of the sentences, in standard deviations: (sentences,).
        encode: of the model's tokenizer.
    """
    n = len(s.spans)
    o = occurrences_of(s, vocabulary, scores)
    size = o.times.sum()
    counts = {
        "log_times": np.log(o.times),
        "share_of_words": o.times / size * 100,
        "log_sentences": np.log(o.held),
        "share_of_sentences": o.held / n,
        "log_first": np.log1p(o.first),
        "first": o.first / n,
        "last": o.last / n,
        "spread": (o.last - o.first) / n,
        "mean_score": o.mean_score,
        "best_score": o.best_score,
        "mean_lexrank": o.mean_lexrank,
        "log_early": np.log1p(o.early),
        "log_late": np.log1p(o.late),
        "early_share": o.early / o.held,
        "late_share": o.late / o.held,
        "log_in_best": np.log1p(o.in_best),
        "in_best_share": o.in_best / o.best_sentences,
        "log_expected": np.log(o.times * s.length / size),
    }
    return (
        counts
        | _document(s, size, len(vocabulary.terms))
        | _surface(s, vocabulary, o.times, encode)
    )


def _document(s: Sentences, size: float, count: int) -> Columns:
    """Return what is the same for all words of a document."""
    values = {
        "answer": np.log(s.length),
        "words": np.log(size),
        "compression": np.log(s.length / size),
    } | {name: s.columns[name][0] for name in GENRE}
    return {name: np.full(count, value) for name, value in values.items()}


def _surface(
    s: Sentences, vocabulary: Vocabulary[str], times: np.ndarray, encode: Encode
) -> Columns:
    """Return how words look, how rare they are in the language, and whether they are asked for."""
    found = vocabulary.terms
    names = Counter(m[0].casefold() for text in s.texts for m in _CAPITALISED.finditer(text))
    asked = set(words(s.focus or ""))
    # byte-pair tokens are numbered as they were merged: the more frequent, the lower
    tokens = [np.array(ids or [0]) for ids in encode([f" {word}" for word in found])]
    return {
        "named": np.minimum(1.0, np.array([names[word] for word in found]) / times),
        "number": np.array([is_number(word) for word in found]),
        "length": np.array([len(word) for word in found]) / 8,
        "function_word": np.array([word in FUNCTION_WORDS for word in found]),
        "log_rarest_token": np.log1p([ids.max() for ids in tokens]),
        "tokens": np.array([len(ids) for ids in tokens]),
        "log_mean_token": np.log1p([ids.mean() for ids in tokens]),
        "focused": np.array([word in asked for word in found]),
    }
