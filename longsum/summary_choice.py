"""Choose the sentences of a verbatim summary: with a selection head, or by their likelihood.

A checkpoint with a selection head uses it, which did best on held-out documents
(`longsum/mini/README.md`): from the model's hidden states it chooses whole sentences, and no token
is decoded. Any other model chooses, of the sentences that a plain statistic proposes, those that
are most likely after the document.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from longsum.chosen import Chosen, sampling_noise
from longsum.config import DecodeConfig, SummaryConfig
from longsum.errors import EmptyDocument, UsageError
from longsum.events import Listener
from longsum.reading import AnswerStats, Reading
from longsum.selection.asides import shortened
from longsum.selection.candidates import Candidate, readable, summary_candidates
from longsum.selection.choose import choose_sentences
from longsum.selection.filling import fill
from longsum.selection.head import SummaryHead
from longsum.selection.sentence_features import Sentences
from longsum.settings import Setting
from longsum.similarity import count_words, sentence_key

NATS_PER_DEVIATION = 3.0
"""Weight of a standard deviation of LexRank or BM25 against the model's log-probability. Best on
average of 0, 1 and 3 over 15 documents of three training sets: too few to prove much."""
MAX_PASSED_OVER = 4
"""Stop filling a summary after this many candidates that did not fit: each costs decoding."""


class Chooser(Protocol):
    """Chooses the sentences of a summary."""

    def summary(self, config: SummaryConfig, decode: DecodeConfig, listener: Listener) -> Chosen:
        """Return the sentences of a summary, in the document's order.

        Args:
            config: length and focus.
            decode: temperature and seed.
            listener: its `check` may stop the choice.

        Raises:
            EmptyDocument: when there is no sentence to choose from.
            UsageError: when no sentence fits the tokens reserved for the answer.
        """


@dataclass(frozen=True)
class HeadChooser:
    """Chooses the sentences of a summary with a checkpoint's head; no token is decoded."""

    head: SummaryHead
    reading: Reading

    def summary(self, config: SummaryConfig, decode: DecodeConfig, listener: Listener) -> Chosen:
        """Implement `Chooser.summary` with the head and the model's states."""
        reading = self.reading
        document = reading.prepared.document
        found = readable(document, config.focus)
        spans = [span for span in found if reading.was_read(span)]
        require_sentences(spans)
        shorten = leaves_asides_out(config)
        sentences = Sentences(document.text, spans, config.words, config.focus, shorten)
        started = time.perf_counter()
        noise = sampling_noise(decode, len(spans))
        encode = reading.tokenizer.encode_many
        chosen = choose_sentences(sentences, reading.token_states, self.head, encode, noise)
        return Chosen([spans[i] for i in chosen], AnswerStats(time.perf_counter() - started))


@dataclass(frozen=True)
class LikelihoodChooser:
    """Chooses the sentences of a summary by their likelihood after the document."""

    reading: Reading
    suffix: str
    """The instruction after the document."""

    def summary(self, config: SummaryConfig, decode: DecodeConfig, listener: Listener) -> Chosen:
        """Implement `Chooser.summary` by the model's likelihood."""
        found = summary_candidates(self.reading.prepared.document, config.words, config.focus)
        candidates = [each for each in found if self.reading.was_read(each.span)]
        require_sentences(candidates)
        shorten = leaves_asides_out(config)
        with closing(self._chosen(candidates, decode, listener)) as choosing:
            taken = fill(
                choosing,
                lambda each: count_words(shortened(each.text) if shorten else each.text),
                config.words,
                key=lambda each: sentence_key(each.text),
                max_passed_over=MAX_PASSED_OVER,
            )
        spans = sorted(each.span for each in taken)
        return Chosen(spans, self.reading.answer_stats())

    def _chosen(
        self, candidates: Sequence[Candidate], decode: DecodeConfig, listener: Listener
    ) -> Generator[Candidate, None, None]:
        """Yield candidates in the order in which the model chooses them.

        Raises:
            UsageError: when no sentence fits the tokens reserved for the answer.
        """
        from longsum.engine.choosing import TokenSequence

        reading = self.reading
        # the newline at the end keeps one sentence from being the beginning of another
        lines = [" ".join(each.text.split()) + "\n" for each in candidates]
        available = reading.tokens_after(self.suffix)
        fitting = [
            (each, ids)
            for each, ids in zip(candidates, reading.tokenizer.encode_many(lines), strict=True)
            if len(ids) < available
        ]
        if not fitting:
            raise UsageError(
                f"{Setting('max_new_tokens')} leaves {available} tokens, too few for any sentence "
                "of the document",
                hint="raise it, or leave it out",
            )
        choices = [
            TokenSequence(tuple(ids), NATS_PER_DEVIATION * each.weight, each.group)
            for each, ids in fitting
        ]
        for number in reading.choose(self.suffix, choices, decode, listener):
            yield fitting[number][0]


def leaves_asides_out(config: SummaryConfig) -> bool:
    """Return whether a summary's sentences lack their asides: unless it is to be word for word."""
    return config.verbatim is None


def chooser_for(reading: Reading, suffix: str) -> Chooser:
    """Return the chooser for a reading: the checkpoint's head if it has one, else likelihood.

    Args:
        reading: the document as the model read it.
        suffix: the instruction after the document, for a choice by likelihood.
    """
    if reading.summary_head is not None:
        return HeadChooser(reading.summary_head, reading)
    return LikelihoodChooser(reading, suffix)


def require_sentences(found: Sequence[object]) -> None:
    """Refuse a document that has no sentences to choose from.

    Raises:
        EmptyDocument: when there is none.
    """
    if not found:
        raise EmptyDocument(
            "the document has no complete sentences to choose from",
            hint=f"lists and tables need a larger {Setting('model')}, which writes freely",
        )
