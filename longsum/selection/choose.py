"""Choose a summary's sentences with a checkpoint's selection head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from longsum.selection.cover import Cover, Shared
from longsum.selection.filling import fill
from longsum.selection.head import LARGEST_LOG, Network, SelectionHead, SummaryNetworks
from longsum.selection.ranking import standardized
from longsum.selection.sentence_features import Sentences
from longsum.selection.token_states import TokenStates
from longsum.selection.vocabulary import Vocabulary, vocabulary_of
from longsum.selection.word_pairs import WordPair, pair_features, pairs_of
from longsum.selection.words import Encode, word_features

SCORE_WEIGHT = 0.04
"""What a standard deviation of a sentence's score counts beside the words it shares (words a
word)."""
PAIR_WEIGHT = 2.0
"""What a shared pair of neighbouring words counts beside a shared word: at 2 instead of 1, a fifth
of a point more of ROUGE-2 for a fifteenth less of ROUGE-1 (`recipes/mini/README.md`)."""
HANGING_WEIGHT = 8.0
"""Standard deviations taken off a sentence that begins with `This`, `However` and the like as long
as the one before it is not chosen: alone, it leaves a reader asking. One chosen sentence in five
did so without this, hardly any does with it, for half a point of ROUGE-1, in stories for one
(`recipes/mini/README.md`)."""
BRIEF_WORDS, BRIEF_WEIGHT = 8, 8.0
"""A sentence of fewer words says little by itself, however common its words; standard deviations
taken off. Costs next to no ROUGE (`recipes/mini/README.md`)."""
ASKING_WEIGHT = 4.0
"""Standard deviations taken off a question, which a summary should rather answer."""
TOGETHER_WEIGHT = 1.0
"""Standard deviations added to a sentence once the one next to it in its paragraph is chosen: two
that were written one after the other read as a text. One sentence in five then follows its
neighbour instead of one in seven, for no ROUGE (`recipes/mini/README.md`)."""


@dataclass(frozen=True)
class ReadSentences:
    """A document's sentences, their words, and what the model made of both."""

    sentences: Sentences
    vocabulary: Vocabulary[str]
    pairs: Vocabulary[WordPair]
    sentence_states: np.ndarray
    """(sentences, 2 · directions)."""
    word_states: np.ndarray
    """(words, directions)."""

    def sentence_inputs(self) -> np.ndarray:
        """Return what the head is told of each sentence: (sentences, inputs)."""
        return np.concatenate([self.sentences.features, self.sentence_states], axis=1)

    def word_inputs(self, scores: np.ndarray, encode: Encode) -> np.ndarray:
        """Return what the head is told of each word: (words, inputs)."""
        features = word_features(self.sentences, self.vocabulary, scores, encode)
        return np.concatenate([features, self.word_states], axis=1)

    def pair_inputs(self, scores: np.ndarray, expected: np.ndarray) -> np.ndarray:
        """Return what the head is told of each pair of words: (pairs, inputs)."""
        return pair_features(self.sentences, self.vocabulary, expected, self.pairs, scores)


def read_sentences(s: Sentences, states: TokenStates) -> ReadSentences:
    """Gather what the model made of a document's tokens by sentence and by word."""
    vocabulary = vocabulary_of(s.words)
    return ReadSentences(
        s,
        vocabulary,
        pairs_of(s.words),
        states.of_sentences(s.spans),
        states.of_words(s.text, vocabulary.terms),
    )


def expected_uses(network: Network, inputs: np.ndarray) -> np.ndarray:
    """Return how often a summary is expected to use each term: (terms,)."""
    logs = network(inputs)[:, 0]
    found: np.ndarray = np.exp(logs.clip(-2 * LARGEST_LOG, LARGEST_LOG))
    return found


def cover_of(
    read: ReadSentences,
    networks: SummaryNetworks,
    encode: Encode,
    score_weight: float = SCORE_WEIGHT,
    pair_weight: float = PAIR_WEIGHT,
    noise: np.ndarray | float = 0.0,
) -> Cover:
    """Return what sentences are expected to share with a summary, nothing chosen yet.

    Args:
        read: the sentences.
        networks: of the head.
        encode: of the checkpoint's tokenizer.
        score_weight: of a sentence's own score.
        pair_weight: of a pair of neighbouring words that is shared, beside a word.
        noise: (sentences,) in standard deviations of the scores, for a sampled summary.
    """
    s = read.sentences
    scores = standardized(networks.sentences(read.sentence_inputs())[:, 0])
    words = expected_uses(networks.words, read.word_inputs(scores, encode))
    pairs = expected_uses(networks.pairs, read.pair_inputs(scores, words))
    weak = BRIEF_WEIGHT * s.brief(BRIEF_WORDS) + ASKING_WEIGHT * s.asking
    own = score_weight * (scores + noise - weak)
    alone = score_weight * HANGING_WEIGHT * s.hanging
    together = score_weight * TOGETHER_WEIGHT * s.joined
    shared: list[tuple[Shared[Any], float]] = [
        (Shared(read.vocabulary, words, len(s.spans)), 1.0),
        (Shared(read.pairs, pairs, len(s.spans)), pair_weight),
    ]
    return Cover(shared, own, s.sizes, alone, together)


def choose_sentences(
    s: Sentences,
    states: TokenStates,
    head: SelectionHead,
    encode: Encode,
    noise: np.ndarray | float = 0.0,
) -> list[int]:
    """Return the numbers of the sentences a summary is made of, in document order.

    Args:
        s: the sentences.
        states: what the model made of the document's tokens.
        head: of the checkpoint.
        encode: of the checkpoint's tokenizer.
        noise: (sentences,) in standard deviations of their scores, for a sampled summary.
    """
    read = read_sentences(s, states)
    cover = cover_of(read, head.summary, encode, noise=noise)
    chosen = fill(cover.best_first(), lambda i: int(s.lengths[i]), s.length, add=cover.add)
    return sorted(chosen)
