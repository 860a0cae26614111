"""Verbatim answers: choose sentences of the document, and show them.

A checkpoint with a selection head uses it, which did best on held-out documents
(`longsum/mini/README.md`): it chooses whole sentences, and no token is decoded. For a summary it
uses the model's hidden states, for a question only words. Any other model chooses by likelihood:
for a summary that of the sentences that a plain statistic proposes, for a question that of the
question after each passage that the bundled head proposes.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple, Protocol

import numpy as np

from longsum.answer import Answer, ShortAnswer
from longsum.config import AskConfig, DecodeConfig, SummaryConfig
from longsum.documents.document import Document, Span
from longsum.errors import EmptyDocument, UsageError
from longsum.events import Listener
from longsum.grounding.grounder import NOT_FOUND, GroundedSentence, ground_verbatim
from longsum.grounding.sources import Sources
from longsum.judge import Judge, Judgement
from longsum.layout import laid_out, nearest_laid_out
from longsum.model.resolve import MINI_FOLDER
from longsum.reading import AnswerStats, Reading
from longsum.receipt import Receipt
from longsum.selection.answer_features import asks_whether
from longsum.selection.answer_spans import answer_spans
from longsum.selection.candidates import (
    Candidate,
    Ranked,
    passage_around,
    ranked_candidates,
    readable,
    summary_candidates,
)
from longsum.selection.choose import choose_sentences
from longsum.selection.confidence import chances, is_sure, worth_showing
from longsum.selection.filling import fill
from longsum.selection.head import SelectionHead, load_head
from longsum.selection.nearest import nearest
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
TUNED_WEIGHT, ANSWERING_WEIGHT, TUNED_TEMPERATURE = 0.1, 3.0, 3.5
"""The same with smol's answer adapter, and the weight of the log-chance that a passage holds the
answer. Chosen on 70 questions of fairytaleqa.val and 38 of openstax_qa.train in whole chapters,
2026-11-28: the first sentence holds the answer to 54 and 21 % of them (39 and 13 % by the head
alone), one of three to 73 and 50 % (60 and 39 %)."""
MIN_SHORT_CHANCE = 0.3
"""Chance from which on the words that a model points at are shown by themselves: on those stories
and chapters their F1 with a person's answer is 0.81 and 0.61, and the sentence holds it in 87 and
50 %."""
SURE_SHORT_CHANCE = 0.65
"""Chance of the words from which on the answer is a sure one, whatever its sentence's chance."""
MIN_ANSWERING_CHANCE = 0.25
"""Chance of the best passage to hold the answer, below which none is shown: 7 % of those questions
fall below it, and six in ten of those that the words let through on another story or chapter."""
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
    short: ShortAnswer | None = None
    nearest: Sequence[Span] = ()
    """Where none is likely to answer a question: those that come nearest to it, best first."""


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


class AnswerChooser(Protocol):
    """Chooses the sentences that answer a question."""

    def answer(
        self, question: str, config: AskConfig, decode: DecodeConfig, listener: Listener
    ) -> Chosen:
        """Return the sentences that answer a question, best first; none when none is likely to.

        Then `nearest` holds those that come nearest to it, if any does.

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
        ranked = ranked_candidates(self.document, question, self.head)
        if not ranked.answered:
            stats = AnswerStats(time.perf_counter() - started)
            return _refused(ranked.candidates, question, stats)
        return _answer_of(ranked.candidates, config, decode, started)


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
    """Chooses answers as a model judges the candidates that the bundled head proposes."""

    judge: Judge
    document: Document

    def answer(
        self, question: str, config: AskConfig, decode: DecodeConfig, listener: Listener
    ) -> Chosen:
        """Implement `AnswerChooser.answer` by what the model finds about the best passages."""
        started = time.perf_counter()
        ranked = _proposed(self.document, question)
        candidates = ranked.candidates
        if not ranked.answered or not candidates:
            return _refused(candidates, question, AnswerStats(finish_reason="stop"))
        passages = [passage_around(self.document, each.span) for each in candidates]
        judgement = self.judge.judge(passages, question, listener)
        if _none_answers(judgement, question):
            spent = time.perf_counter() - started
            stats = AnswerStats(spent, finish_reason="stop", judged=len(candidates))
            return _refused(judged(candidates, judgement), question, stats)
        chosen = _answer_of(judged(candidates, judgement), config, decode, started)
        short = self._short(question, chosen)
        if short is not None:
            if short.chance >= SURE_SHORT_CHANCE:
                chosen = chosen._replace(chance=max(chosen.chance or 0.0, short.chance))
            short = short if is_sure(chosen.chance or 0.0) else None
        stats = replace(chosen.stats, judged=len(candidates), seconds=time.perf_counter() - started)
        return chosen._replace(stats=stats, short=short)

    def _short(self, question: str, chosen: Chosen) -> ShortAnswer | None:
        """Return the words of the first sentence that answer, if the model points at some."""
        if not self.judge.points or not chosen.spans:
            return None
        if asks_whether(question):
            return None  # answered by yes or no, which no words of the document are
        document, sentence = self.document, chosen.spans[0]
        spans = answer_spans(document.text, sentence)
        pointed = self.judge.short_answer(passage_around(document, sentence), question, spans)
        if pointed is None or pointed.chance < MIN_SHORT_CHANCE:
            return None
        span = spans.span(pointed.first, pointed.last)
        text = spans.words(pointed.first, pointed.last)
        return ShortAnswer(text, span, document.reference(span), pointed.chance)


def _none_answers(found: Judgement, question: str) -> bool:
    """Return whether a model with an answer adapter finds no answer in any passage.

    Args:
        found: what it found about the best passages.
        question: one for yes or no is left to the words, since the adapter learned few of them.
    """
    if found.answering is None or asks_whether(question):
        return False
    return bool(np.exp(found.answering.max()) < MIN_ANSWERING_CHANCE)


@cache  # every question is answered with its help
def bundled_head() -> SelectionHead:
    """Return the bundled model's head, which proposes sentences to models without one."""
    found = load_head(MINI_FOLDER)
    assert found is not None, "the bundled model has a head"
    return found


def judged_candidates(document: Document, question: str) -> list[Candidate]:
    """Return the sentences whose passages a model judges, best first by their words.

    Args:
        document: the document asked about.
        question: in the user's words.
    """
    ranked = _proposed(document, question)
    return ranked.candidates if ranked.answered else []


def _proposed(document: Document, question: str) -> Ranked:
    """Return the sentences that the bundled head proposes, best first, each once."""
    ranked = ranked_candidates(document, question, bundled_head())
    return ranked._replace(candidates=best_of_groups(ranked.candidates)[:MAX_JUDGED])


def judged(candidates: Sequence[Candidate], found: Judgement) -> list[Candidate]:
    """Return candidates with the weight and the chance that a model's judgement gives them.

    Args:
        candidates: proposed by `bundled_head`.
        found: what the model found about the passage of each.
    """
    scores = np.array([each.score for each in candidates])
    if found.answering is None:
        scores, temperature = scores + QUESTION_WEIGHT * found.likelihoods, JUDGED_TEMPERATURE
    else:
        scores = scores + TUNED_WEIGHT * found.likelihoods + ANSWERING_WEIGHT * found.answering
        temperature = TUNED_TEMPERATURE
    return [
        replace(each, weight=float(score), chance=float(chance))
        for each, score, chance in zip(
            candidates, scores, chances(scores, temperature), strict=True
        )
    ]


def _refused(candidates: Sequence[Candidate], question: str, stats: AnswerStats) -> Chosen:
    """Return that no sentence is likely to answer a question, with those nearest to it.

    Args:
        candidates: with the weights they are ranked by.
        question: in the user's words.
        stats: the time it took.
    """
    return Chosen([], stats, nearest=nearest(best_of_groups(candidates), question))


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
        The answer; without sentences, the note that none was found, and what comes nearest.
    """
    sentences, near = (ground_verbatim(document, spans) for spans in (chosen.spans, chosen.nearest))
    if sources is not None:
        sentences, near = ([sources.added(each) for each in found] for found in (sentences, near))
    if not sentences:  # a note about the sentences, not a claim about the document
        sentences = [GroundedSentence(NOT_FOUND, 0, len(NOT_FOUND), is_refusal=True)]
    marked = ""
    for sentence, piece, mark in laid_out(sentences, style, chosen.short):
        listener.check()
        listener.sentence(piece, mark, sentence)
        marked += piece + mark
    for sentence, piece, mark in nearest_laid_out(near):
        listener.nearest(piece, mark, sentence)
        marked += piece + mark
    text = " ".join(each.text for each in sentences)
    return Answer(
        text,
        marked,
        tuple(sentences),
        receipt,
        question,
        chosen.chance,
        chosen.short,
        nearest=tuple(near),
    )


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
