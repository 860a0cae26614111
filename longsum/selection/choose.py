"""Choose a summary's sentences with a checkpoint's selection head."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from longsum.selection.alike import Unlike
from longsum.selection.conclusions import MIN_STRENGTH
from longsum.selection.cover import Cover, Shared
from longsum.selection.filling import fill
from longsum.selection.head import MAX_LOG_USES, Network, SummaryHead, SummaryNetworks
from longsum.selection.leading import MAX_ALIKE as MAX_ALIKE_CONCLUSIONS
from longsum.selection.leading import leading
from longsum.selection.ranking import standardized
from longsum.selection.sentence_features import Sentences
from longsum.selection.token_states import TokenStates
from longsum.selection.vocabulary import Vocabulary, vocabulary_of
from longsum.selection.word_pairs import WordPair, pair_features, pairs_of
from longsum.selection.words import Encode, word_features
from longsum.similarity import sentence_key

SCORE_WEIGHT = 0.04
"""Weight of a standard deviation of a sentence's score, in shared words per word."""
PAIR_WEIGHT = 2.0
"""Weight of a shared pair of neighbouring words against a shared word. Against 1, 2 gains a fifth
of a point of ROUGE-2 and loses a fifteenth of ROUGE-1 (`recipes/mini/README.md`)."""
DEPENDENT_PENALTY = 8.0
"""Standard deviations subtracted from a sentence that opens with `This`, `However` and the like
while its predecessor is not chosen. Reduces such sentences from one in five to hardly any, and
costs half a point of ROUGE-1, one in stories (`recipes/mini/README.md`)."""
BRIEF_PENALTY = 8.0
"""Standard deviations subtracted from a sentence of few words, which says little by itself. Costs
almost no ROUGE (`recipes/mini/README.md`)."""
MIN_INSTRUCTION_WORDS = 12
"""Words from which on an instruction says something by itself; shorter ones belong to a list."""
QUESTION_PENALTY = 4.0
"""Standard deviations subtracted from a question, which a summary should rather answer."""
NEIGHBOUR_BONUS = 1.0
"""Standard deviations added to a sentence once its neighbour in the paragraph is chosen, since
neighbours read as a text. One sentence in five then follows its neighbour instead of one in seven,
at no cost in ROUGE (`recipes/mini/README.md`)."""
PIECE_PENALTY = 8.0
"""Standard deviations subtracted from headings and items of lists that end like sentences, from
sentences that only say where something is, and from what is about the publication."""
RIDDLE_PENALTY = 3.0
"""Standard deviations subtracted from a sentence that refers to something else in its middle while
its predecessor is not chosen."""
BRACKET_PENALTY = 3.0
"""Standard deviations subtracted from a sentence that is shown with a name in brackets while its
predecessor is not chosen."""
SPREAD_BONUS = 1.0
"""Standard deviations added to sentences in parts of the document that have none yet. It costs no
ROUGE; without it, summaries of papers and chapters end before the middle."""
WORDS_PER_PART, MAX_PARTS = 50, 8
"""Words of a summary for each such part, and the most of them."""
MAX_ALIKE = 0.75
"""Share of the shorter one's stems from which on a sentence repeats one that was chosen."""


@dataclass(frozen=True)
class ReadSentences:
    """A document's sentences and words, with the model's states of both."""

    sentences: Sentences
    vocabulary: Vocabulary[str]
    pairs: Vocabulary[WordPair]
    sentence_states: np.ndarray
    """(sentences, 2 · directions)."""
    word_states: np.ndarray
    """(words, directions)."""

    def sentence_inputs(self) -> np.ndarray:
        """Return the head's input features per sentence: (sentences, inputs)."""
        return np.concatenate([self.sentences.features, self.sentence_states], axis=1)

    def word_inputs(self, scores: np.ndarray, encode: Encode) -> np.ndarray:
        """Return the head's input features per word: (words, inputs)."""
        features = word_features(self.sentences, self.vocabulary, scores, encode)
        return np.concatenate([features, self.word_states], axis=1)

    def pair_inputs(self, scores: np.ndarray, expected: np.ndarray) -> np.ndarray:
        """Return the head's input features per pair of words: (pairs, inputs)."""
        return pair_features(self.sentences, self.vocabulary, expected, self.pairs, scores)


def read_sentences(sentences: Sentences, states: TokenStates) -> ReadSentences:
    """Average the model's token states by sentence and by word."""
    vocabulary = vocabulary_of(sentences.words)
    return ReadSentences(
        sentences,
        vocabulary,
        pairs_of(sentences.words),
        states.of_sentences(sentences.spans),
        states.of_words(sentences.text, vocabulary.terms),
    )


def expected_uses(network: Network, inputs: np.ndarray) -> np.ndarray:
    """Return the expected number of uses of each term in a summary: (terms,)."""
    logs = network(inputs)[:, 0]
    found: np.ndarray = np.exp(logs.clip(-2 * MAX_LOG_USES, MAX_LOG_USES))
    return found


def cover_of(
    read: ReadSentences,
    networks: SummaryNetworks,
    encode: Encode,
    score_weight: float = SCORE_WEIGHT,
    pair_weight: float = PAIR_WEIGHT,
    noise: np.ndarray | float = 0.0,
) -> Cover:
    """Return the cover that scores sentences by what they are expected to share with a summary.

    Args:
        read: the sentences with their states.
        networks: the head's networks for summaries.
        encode: the checkpoint's tokenizer.
        score_weight: weight of a sentence's own score.
        pair_weight: weight of a shared pair of neighbouring words against a shared word.
        noise: (sentences,) in standard deviations of the scores, for a sampled summary.

    Returns:
        A cover of which no sentence is chosen yet.
    """
    sentences = read.sentences
    scores = standardized(networks.sentences(read.sentence_inputs())[:, 0])
    words = expected_uses(networks.words, read.word_inputs(scores, encode))
    pairs = expected_uses(networks.pairs, read.pair_inputs(scores, words))
    brief_instructions = sentences.instructions & (sentences.lengths < MIN_INSTRUCTION_WORDS)
    weak = (
        BRIEF_PENALTY * (sentences.brief | brief_instructions)
        + QUESTION_PENALTY * sentences.questions
        + PIECE_PENALTY * (sentences.pieces | sentences.pointers | sentences.in_back_matter)
    )
    own = score_weight * (scores + noise - weak)
    alone = np.maximum.reduce(
        [
            DEPENDENT_PENALTY * sentences.dependent,
            RIDDLE_PENALTY * sentences.riddles,
            BRACKET_PENALTY * sentences.bracketed,
        ]
    )
    penalties = score_weight * alone
    bonuses = score_weight * NEIGHBOUR_BONUS * sentences.adjacent
    shared: list[tuple[Shared[Any], float]] = [
        (Shared(read.vocabulary, words, len(sentences.spans)), 1.0),
        (Shared(read.pairs, pairs, len(sentences.spans)), pair_weight),
    ]
    parts = parts_of(sentences.sizes, sentences.length)
    spread = score_weight * SPREAD_BONUS
    return Cover(shared, own, sentences.sizes, penalties, bonuses, parts, spread)


def parts_of(sizes: np.ndarray, length: int) -> np.ndarray:
    """Return the part of the document that each sentence is in, from 0: (sentences,).

    Args:
        sizes: words of each sentence: (sentences,).
        length: words of the summary, which decide on the number of parts.
    """
    count = min(MAX_PARTS, max(1, length // WORDS_PER_PART))
    before = np.cumsum(sizes) - sizes
    found: np.ndarray = before * count // max(1, int(sizes.sum()))
    return found


def choose_sentences(
    sentences: Sentences,
    states: TokenStates,
    head: SummaryHead,
    encode: Encode,
    noise: np.ndarray | float = 0.0,
) -> list[int]:
    """Return the indices of a summary's sentences, in document order.

    Args:
        sentences: the candidates.
        states: the model's states of the document's tokens.
        head: the checkpoint's selection head.
        encode: the checkpoint's tokenizer.
        noise: (sentences,) in standard deviations of their scores, for a sampled summary.
    """
    read = read_sentences(sentences, states)
    cover = cover_of(read, head.summary, encode, noise=noise)
    keys = [sentence_key(text) for text in sentences.texts]
    unlike = Unlike(sentences.terms, MAX_ALIKE)
    unlike_conclusions = Unlike(sentences.terms, MAX_ALIKE_CONCLUSIONS)
    concludes = sentences.strengths >= MIN_STRENGTH

    def is_new(sentence: int) -> bool:
        if concludes[sentence] and not unlike_conclusions(sentence):
            return False
        return unlike(sentence)

    weak = sentences.weak | sentences.questions
    taken: set[int] = set()

    def says_little(sentence: int) -> bool:
        return bool(weak[sentence] or (sentences.refers[sentence] and sentence - 1 not in taken))

    def add(sentence: int) -> None:
        taken.add(sentence)
        cover.add(sentence)
        unlike.add(sentence)
        if concludes[sentence]:
            unlike_conclusions.add(sentence)

    first = leading(sentences, [cover.gain(i) for i in range(len(keys))])
    best = chain(first, cover.best_first())
    chosen = fill(
        (i for i in best if is_new(i)),
        lambda i: int(sentences.lengths[i]),
        sentences.length,
        key=lambda i: keys[i],
        add=add,
        says_little=says_little,
    )
    return sorted(keys.index(keys[i]) for i in chosen)  # of copies, the first is shown
