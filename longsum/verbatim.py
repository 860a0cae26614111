"""Verbatim answers: choose sentences of the document, and show them.

A checkpoint with a selection head uses it, which did best on held-out documents
(`longsum/mini/README.md`): it chooses whole sentences, and no token is decoded. For a summary it
uses the model's hidden states, for a question only words. Any other model chooses by likelihood:
for a summary that of the sentences that a plain statistic proposes, for a question that of the
question after each sentence that the bundled head proposes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple, Protocol

import numpy as np

from longsum.answer import Answer, laid_out
from longsum.config import AskConfig, DecodeConfig, SummaryConfig
from longsum.documents.document import Document, Span
from longsum.errors import EmptyDocument, UsageError
from longsum.events import Listener
from longsum.grounding.grounder import NOT_FOUND, GroundedSentence, ground_verbatim
from longsum.grounding.sources import Sources
from longsum.judge import Judge
from longsum.model.resolve import MINI_FOLDER
from longsum.reading import AnswerStats, Reading
from longsum.receipt import Receipt
from longsum.selection.candidates import (
    Candidate,
    answer_candidates,
    passage_around,
    readable,
    summary_candidates,
)
from longsum.selection.choose import choose_sentences
from longsum.selection.confidence import chances, worth_showing
from longsum.selection.filling import fill
from longsum.selection.head import SelectionHead, load_head
from longsum.selection.sentence_features import Sentences
from longsum.settings import Setting
from longsum.similarity import count_words, sentence_key

NATS_PER_DEVIATION = 3.0
"""Weight of a standard deviation of LexRank or BM25 against the model's log-probability. Best on
average of 0, 1 and 3 over 15 documents of three training sets: too few to prove much."""
QUESTION_WEIGHT, JUDGED_TEMPERATURE = 0.175, 3.1
"""Weight of the question's log-likelihood after a sentence, in the head's scores, and the
temperature of the chances. Chosen with smol on 80 questions of fairytaleqa.val and 60 of
openstax_qa.train in whole chapters, 2026-11-27: the first sentence holds the answer to 51 and 22 %
of them (40 and 17 % by the head alone), one of three to 66 and 38 % (61 and 38 %); of the answers
with a chance of half or more, 83 % on the stories."""
MAX_JUDGED = 16
"""Sentences of which the model judges how well they answer a question."""
MAX_PASSED_OVER = 4
"""Stop filling an answer after this many candidates that did not fit: each costs decoding."""


class Chosen(NamedTuple):
    """Chosen sentences of the document, and the time it took."""

    spans: list[Span]
    stats: AnswerStats
    chance: float | None = None
    """Estimated chance that the first holds the answer to a question; None for a summary."""


class Chooser(Protocol):
    """Chooses the sentences of a verbatim answer."""

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

    def answer(
        self, question: str, config: AskConfig, decode: DecodeConfig, listener: Listener
    ) -> Chosen:
        """Return the sentences that answer a question, best first; none when none is likely to.

        Args:
            question: in the user's words.
            config: the number of sentences.
            decode: temperature and seed.
            listener: its `check` may stop the choice.

        Raises:
            UsageError: when no sentence fits the tokens reserved for the answer.
        """


@dataclass(frozen=True)
class HeadChooser:
    """Chooses with a checkpoint's selection head; no token is decoded."""

    head: SelectionHead
    document: Document
    reading: Reading | None = None
    """The document as the model read it; needed for a summary, not for questions."""

    def summary(self, config: SummaryConfig, decode: DecodeConfig, listener: Listener) -> Chosen:
        """Implement `Chooser.summary` with the head and the model's states."""
        reading = self.reading
        assert reading is not None, "a summary needs the model's hidden states"
        found = readable(self.document, config.focus)
        spans = [span for span in found if reading.was_read(span)]
        require_sentences(spans)
        sentences = Sentences(self.document.text, spans, config.words, config.focus)
        started = time.perf_counter()
        noise = sampling_noise(decode, len(spans))
        encode = reading.tokenizer.encode_many
        chosen = choose_sentences(sentences, reading.token_states, self.head, encode, noise)
        return Chosen([spans[i] for i in chosen], AnswerStats(time.perf_counter() - started))

    def answer(
        self, question: str, config: AskConfig, decode: DecodeConfig, listener: Listener
    ) -> Chosen:
        """Implement `Chooser.answer` with the head; the model is not used."""
        started = time.perf_counter()
        candidates = answer_candidates(self.document, question, self.head)
        return _answer_of(candidates, config, decode, started)


@dataclass(frozen=True)
class LikelihoodChooser:
    """Chooses by likelihood: of the sentences of a summary, of a question after each sentence."""

    reading: Reading
    suffix: str
    """The instruction after the document, for a summary."""

    def summary(self, config: SummaryConfig, decode: DecodeConfig, listener: Listener) -> Chosen:
        """Implement `Chooser.summary` by the model's likelihood."""
        found = summary_candidates(self.reading.prepared.document, config.words, config.focus)
        candidates = [each for each in found if self.reading.was_read(each.span)]
        require_sentences(candidates)
        with closing(self._chosen(candidates, decode, listener)) as choosing:
            taken = fill(
                choosing,
                lambda each: count_words(each.text),
                config.words,
                key=lambda each: sentence_key(each.text),
                max_passed_over=MAX_PASSED_OVER,
            )
        spans = sorted(each.span for each in taken)
        return Chosen(spans, self.reading.answer_stats())

    def answer(
        self, question: str, config: AskConfig, decode: DecodeConfig, listener: Listener
    ) -> Chosen:
        """Implement `Chooser.answer` by how likely the question is after each sentence."""
        reading = self.reading
        document = reading.prepared.document
        found = answer_candidates(document, question, bundled_head())
        read = [each for each in found if reading.was_read(each.span)]
        return judged_answer(
            document, read, question, config, decode, listener, reading.question_likelihoods
        )

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


@dataclass(frozen=True)
class JudgeChooser:
    """Chooses answers as `LikelihoodChooser` does, in a document that the model has not read."""

    judge: Judge
    document: Document

    def answer(
        self, question: str, config: AskConfig, decode: DecodeConfig, listener: Listener
    ) -> Chosen:
        """Implement `Chooser.answer` by how likely the question is after each sentence."""
        found = answer_candidates(self.document, question, bundled_head())
        return judged_answer(
            self.document, found, question, config, decode, listener, self.judge.likelihoods
        )


Likelihoods = Callable[[Sequence[str], str, Listener], np.ndarray]
"""Returns how likely a question is after each passage."""


def judged_answer(
    document: Document,
    found: Sequence[Candidate],
    question: str,
    config: AskConfig,
    decode: DecodeConfig,
    listener: Listener,
    likelihoods: Likelihoods,
) -> Chosen:
    """Return the sentences that answer a question, as a model judges the best candidates.

    Args:
        document: the document asked about.
        found: candidates that the bundled head proposes.
        question: in the user's words.
        config: the number of sentences.
        decode: temperature and seed.
        listener: its `check` may stop the choice.
        likelihoods: the model's judgement.
    """
    started = time.perf_counter()
    candidates = best_of_groups(found)[:MAX_JUDGED]
    if not candidates:
        return Chosen([], AnswerStats(finish_reason="stop"))
    passages = [passage_around(document, each.span) for each in candidates]
    ranked = judged(candidates, likelihoods(passages, question, listener))
    chosen = _answer_of(ranked, config, decode, started)
    return chosen._replace(stats=replace(chosen.stats, judged=len(candidates)))


@cache  # every question is answered with its help
def bundled_head() -> SelectionHead:
    """Return the bundled model's head, which proposes sentences to models without one."""
    found = load_head(MINI_FOLDER)
    assert found is not None, "the bundled model has a head"
    return found


def judged(candidates: Sequence[Candidate], likelihoods: np.ndarray) -> list[Candidate]:
    """Return candidates with the weight and the chance that a model's judgement gives them.

    Args:
        candidates: proposed by `bundled_head`.
        likelihoods: (candidates,) logarithms, from `question_likelihoods`.
    """
    scores = np.array([each.score for each in candidates]) + QUESTION_WEIGHT * likelihoods
    return [
        replace(each, weight=float(score), chance=float(chance))
        for each, score, chance in zip(
            candidates, scores, chances(scores, JUDGED_TEMPERATURE), strict=True
        )
    ]


def _answer_of(
    candidates: Sequence[Candidate], config: AskConfig, decode: DecodeConfig, started: float
) -> Chosen:
    """Return the candidates to show, best first.

    Args:
        candidates: with the weights they are ranked by.
        config: the number of sentences.
        decode: temperature and seed.
        started: when the choice began.
    """
    noise = sampling_noise(decode, len(candidates))
    drawn = [
        replace(each, weight=each.weight + float(extra))
        for each, extra in zip(candidates, noise, strict=True)
    ]
    shown = worth_showing(best_of_groups(drawn), config.sentences)
    stats = AnswerStats(time.perf_counter() - started)
    return Chosen([each.span for each in shown], stats, shown[0].chance if shown else None)


def chooser_for(reading: Reading, suffix: str) -> Chooser:
    """Return the chooser for a reading: the checkpoint's head if it has one, else likelihood.

    Args:
        reading: the document as the model read it.
        suffix: the instruction after the document, for a choice by likelihood.
    """
    if reading.head is not None:
        return HeadChooser(reading.head, reading.prepared.document, reading)
    return LikelihoodChooser(reading, suffix)


def verbatim_answer(
    document: Document,
    chosen: Chosen,
    style: str,
    receipt: Receipt,
    listener: Listener,
    question: str | None = None,
    sources: Sources | None = None,
) -> Answer:
    """Show sentences of the document one by one, and return them as an answer.

    Args:
        document: the source.
        chosen: the sentences, in the order of the answer.
        style: layout, see `laid_out`.
        receipt: what was read, and how.
        listener: receives each sentence.
        question: the question answered; None for a summary.
        sources: shows each sentence again, with those around it; None does not.

    Returns:
        The answer; without sentences, the note that none was found.
    """
    sentences = ground_verbatim(document, chosen.spans)
    if not sentences:  # a note about the sentences, not a claim about the document
        sentences = [GroundedSentence(NOT_FOUND, 0, len(NOT_FOUND), is_refusal=True)]
    elif sources is not None:
        sentences = [sources.added(sentence) for sentence in sentences]
    marked = ""
    for sentence, piece, mark in laid_out(sentences, style):
        listener.check()
        listener.sentence(piece, mark, sentence)
        marked += piece + mark
    text = " ".join(each.text for each in sentences)
    return Answer(text, marked, tuple(sentences), receipt, question, chosen.chance)


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


def sampling_noise(decode: DecodeConfig, count: int) -> np.ndarray:
    """Return Gumbel noise for scores, scaled by the temperature: (count,).

    The best noisy scores are a sample without replacement from the softmax of score / temperature.
    At temperature 0 the noise is zero.
    """
    drawn = np.random.default_rng(decode.seed).gumbel(size=count)
    return decode.temperature * drawn


def best_of_groups(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates by falling weight, only the best of each group."""
    seen: dict[int, Candidate] = {}
    for candidate in sorted(candidates, key=lambda each: -each.weight):
        seen.setdefault(candidate.group, candidate)
    return list(seen.values())
