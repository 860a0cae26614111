"""Choose the sentences that answer a question as a model judges them: any model without a head.

The bundled head proposes sentences by their words; the model finds how likely the question is after
the passage around each and, with an answer adapter, whether the passage holds the answer and which
of its words are it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from longsum.answer import ShortAnswer
from longsum.answer_choice import WordChooser, answer_of, best_of_groups, refused
from longsum.chosen import Chosen
from longsum.config import AskConfig, DecodeConfig
from longsum.documents.document import Document
from longsum.events import Listener
from longsum.judge import Judge, Judgement
from longsum.model.resolve import MINI_FOLDER
from longsum.reading import AnswerStats
from longsum.selection.answer_features import asks_whether
from longsum.selection.answer_spans import answer_spans
from longsum.selection.candidates import Candidate, Ranked, passage_around, ranked_candidates
from longsum.selection.confidence import chances, is_sure
from longsum.selection.head import SelectionHead, load_head
from longsum.selection.question_kinds import asks_conclusion

QUESTION_WEIGHT, JUDGED_TEMPERATURE = 0.175, 3.1
"""Weight of the question's log-likelihood after a sentence, in the head's scores, and the
temperature of the chances. Chosen with smol on 80 questions of fairytaleqa.val and 60 of
openstax_qa.train in whole chapters, 2026-11-27: the first sentence holds the answer to 51 and 22 %
of them (40 and 17 % by the head alone), one of three to 66 and 38 % (61 and 38 %); of the answers
with a chance of half or more, 83 % on the stories."""
TUNED_WEIGHT, ANSWERING_WEIGHT, TUNED_TEMPERATURE = 0.1, 3.0, 4.0
"""The same with smol's answer adapter, and the weight of the log-chance that a passage holds the
answer. Chosen on 70 questions of fairytaleqa.val and 38 of openstax_qa.train in whole chapters,
2026-11-28: the first sentence holds the answer to 54 and 21 % of them (39 and 13 % by the head
alone), one of three to 73 and 50 % (60 and 39 %). At this temperature, 87 % of the 23 answers with
a chance of half or more are right; at 3.5, where the likelihood of all chances is largest, 81 % of
31."""
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


@dataclass(frozen=True)
class JudgeChooser:
    """Chooses answers as a model judges the candidates that the bundled head proposes."""

    judge: Judge
    document: Document

    def answer(
        self, question: str, config: AskConfig, decode: DecodeConfig, listener: Listener
    ) -> Chosen:
        """Implement `AnswerChooser.answer` by what the model finds about the best passages."""
        if asks_conclusion(question):  # conclusions are known by where and how they stand
            words = WordChooser(bundled_head(), self.document)
            return words.answer(question, config, decode, listener)
        started = time.perf_counter()
        ranked = _proposed(self.document, question)
        candidates = ranked.candidates
        if not ranked.answered or not candidates:
            return refused(candidates, question, AnswerStats(finish_reason="stop"))
        passages = [passage_around(self.document, each.span) for each in candidates]
        judgement = self.judge.judge(passages, question, listener)
        if _none_answers(judgement, question):
            spent = time.perf_counter() - started
            stats = AnswerStats(spent, finish_reason="stop", judged=len(candidates))
            return refused(judged(candidates, judgement), question, stats)
        chosen = answer_of(judged(candidates, judgement), config, decode, started)
        chosen = chosen._replace(by_words=[each.span for each in candidates[: config.sentences]])
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
