"""Features of each word of a document, one row per word.

They predict how often a summary would use the word. Pure; no torch.
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
"""Features of the document, taken from the sentences' columns."""
_CAPITALISED = re.compile(r"(?<=[\w,] )[A-Z]\w+")

Encode = Callable[[Sequence[str]], Sequence[Sequence[int]]]
"""Maps texts to token ids without special tokens."""


def word_features(
    sentences: Sentences, vocabulary: Vocabulary[str], scores: np.ndarray, encode: Encode
) -> np.ndarray:
    """Return the features of `word_columns` as a matrix.

    Args:
        sentences: the document's sentences.
        vocabulary: their words.
        scores: of the sentences, in standard deviations: (sentences,).
        encode: the model's tokenizer.

    Returns:
        (words, features) float32.
    """
    return stacked(word_columns(sentences, vocabulary, scores, encode))


def word_columns(
    sentences: Sentences, vocabulary: Vocabulary[str], scores: np.ndarray, encode: Encode
) -> Columns:
    """Return the features of words by name, each (words,).

    Args:
        sentences: the document's sentences.
        vocabulary: their words.
        scores: of the sentences, in standard deviations: (sentences,).
        encode: the model's tokenizer.
    """
    count = len(sentences.spans)
    occurrences = occurrences_of(sentences, vocabulary, scores)
    size = occurrences.times.sum()
    counts = {
        "log_times": np.log(occurrences.times),
        "share_of_words": occurrences.times / size * 100,
        "log_sentences": np.log(occurrences.held),
        "share_of_sentences": occurrences.held / count,
        "log_first": np.log1p(occurrences.first),
        "first": occurrences.first / count,
        "last": occurrences.last / count,
        "spread": (occurrences.last - occurrences.first) / count,
        "mean_score": occurrences.mean_score,
        "best_score": occurrences.best_score,
        "mean_lexrank": occurrences.mean_lexrank,
        "log_early": np.log1p(occurrences.early),
        "log_late": np.log1p(occurrences.late),
        "early_share": occurrences.early / occurrences.held,
        "late_share": occurrences.late / occurrences.held,
        "log_in_best": np.log1p(occurrences.in_best),
        "in_best_share": occurrences.in_best / occurrences.best_sentences,
        "log_expected": np.log(occurrences.times * sentences.length / size),
    }
    return (
        counts
        | _document(sentences, size, len(vocabulary.terms))
        | _surface(sentences, vocabulary, occurrences.times, encode)
    )


def _document(sentences: Sentences, size: float, count: int) -> Columns:
    """Return the features that all words of a document share."""
    values = {
        "answer": np.log(sentences.length),
        "words": np.log(size),
        "compression": np.log(sentences.length / size),
    } | {name: sentences.columns[name][0] for name in GENRE}
    return {name: np.full(count, value) for name, value in values.items()}


def _surface(
    sentences: Sentences, vocabulary: Vocabulary[str], times: np.ndarray, encode: Encode
) -> Columns:
    """Return words' form, their rarity in the language, and whether the focus names them."""
    found = vocabulary.terms
    names = Counter(
        m[0].casefold() for text in sentences.texts for m in _CAPITALISED.finditer(text)
    )
    asked = set(words(sentences.focus or ""))
    # byte-pair tokens are numbered in the order of their merges: frequent ones are low
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
