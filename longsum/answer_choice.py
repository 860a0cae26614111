"""Choose the sentences that answer a question, best first: by their words, with a selection head.

What is shown of the ranked sentences, or named as nearest where none is likely to answer, is the
same for whatever ranks them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from longsum.chosen import Chosen, sampling_noise
from longsum.config import AskConfig, DecodeConfig
from longsum.documents.document import Document
from longsum.events import Listener
from longsum.grounding.whether import verdict
from longsum.reading import AnswerStats
from longsum.selection.candidates import Candidate, ranked_candidates
from longsum.selection.confidence import worth_showing
from longsum.selection.head import SelectionHead
from longsum.selection.nearest import nearest

SAID_CHANCE = 0.95
"""Chance of a sentence that says yes or no: of 407 verdicts on questions made by rule from
sentences of an encyclopaedia, court opinions, textbooks, handbooks and novels, 98 % were right
(`python -m benchmarks.answers.whether`, 2026-11-28)."""


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
        """


@dataclass(frozen=True)
class WordChooser:
    """Chooses answers by their words, with a selection head; no model is used."""

    head: SelectionHead
    document: Document

    def answer(
        self, question: str, config: AskConfig, decode: DecodeConfig, listener: Listener
    ) -> Chosen:
        """Implement `AnswerChooser.answer` with the head."""
        started = time.perf_counter()
        ranked = ranked_candidates(self.document, question, self.head)
        if not ranked.answered:
            stats = AnswerStats(time.perf_counter() - started)
            return refused(ranked.candidates, question, stats)
        return answer_of(ranked.candidates, config, decode, started)


def refused(candidates: Sequence[Candidate], question: str, stats: AnswerStats) -> Chosen:
    """Return that no sentence is likely to answer a question, with those nearest to it.

    Args:
        candidates: with the weights they are ranked by.
        question: in the user's words.
        stats: the time it took.
    """
    return Chosen([], stats, nearest=nearest(best_of_groups(candidates), question))


def answer_of(
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


def with_verdict(document: Document, question: str, chosen: Chosen) -> Chosen:
    """Return an answer to a question for yes or no with the sentence first that says it.

    Args:
        document: the document asked about.
        question: in the user's words.
        chosen: the sentences that answer it, best first; unchanged where none says it for sure.
    """
    spans = list(dict.fromkeys([*chosen.spans, *chosen.by_words]))
    texts = [" ".join(document.text[span.start : span.end].split()) for span in spans]
    found = verdict(question, texts)
    if found is None:
        return chosen
    spans.insert(0, spans.pop(found.number))
    del spans[max(1, len(chosen.spans)) :]
    chance = None if chosen.chance is None else max(chosen.chance, SAID_CHANCE)
    return chosen._replace(spans=spans, chance=chance, says=found.says)


def best_of_groups(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates by falling weight, only the best of each group."""
    seen: dict[int, Candidate] = {}
    for candidate in sorted(candidates, key=lambda each: -each.weight):
        seen.setdefault(candidate.group, candidate)
    return list(seen.values())
