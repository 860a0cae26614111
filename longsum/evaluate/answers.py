"""Measure the answers of models to questions whose answers are known.

A unit of the journal is one question put to one document by one model, with its measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from longsum.errors import DocumentError
from longsum.evaluate.answer_outcomes import AnswerOutcome, can_be_found, outcome_of
from longsum.evaluate.answer_rows import AnsweringSystem, answers_line
from longsum.evaluate.answering import QuestionAnswerer, ask
from longsum.evaluate.asked import Asked
from longsum.evaluate.config import AnswersConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import evaluating
from longsum.evaluate.peak import peak_bytes, reset_peak
from longsum.evaluate.reference_pairs import Pair, pairs_hash
from longsum.events import Listener
from longsum.session import Session

MEASURES_VERSION = 1
"""Raised when an outcome means something else, so that no journal mixes two meanings."""


def answers_settings(pairs: Sequence[Pair], config: AnswersConfig) -> dict[str, Any]:
    """Return what the results depend on besides the model, for the journal and the report."""
    return {
        **asdict(config),
        "measures": MEASURES_VERSION,
        "questions": len(pairs),
        "documents": len({pair.text for pair in pairs}),
        "sha256": pairs_hash(pairs),
    }


class AnswersBench:
    """Puts the same questions to the same documents with several models.

    Args:
        groups: the questions of each document, from `asked_of_documents`.
        config: how they are answered.
        journal: provides results of an earlier run; one unit per question and document.
        listener: notified of each document's progress, and of each model's result.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Asked]],
        config: AnswersConfig,
        journal: EvaluationJournal,
        listener: Listener,
    ) -> None:
        self.groups, self.config = groups, config
        self.journal, self.listener = journal, listener

    def measure(self, model: QuestionAnswerer) -> AnsweringSystem:
        """Return a model's outcome for each question put to a document."""
        opened = model.opened
        reset_peak(opened.model.device)
        outcomes: list[AnswerOutcome] = []
        with evaluating(opened.model):
            for number, asked in enumerate(self.groups, 1):
                self.listener.phase(f"{opened.label}: document {number:,} of {len(self.groups):,}")
                outcomes += self._document(model, asked)
        flat = [each for asked in self.groups for each in asked]
        system = AnsweringSystem(opened.label, flat, outcomes)
        self.listener.notice(answers_line(system))
        return system

    def _document(self, model: QuestionAnswerer, asked: Sequence[Asked]) -> list[AnswerOutcome]:
        """Return the outcomes of a document's questions; it is opened for those without one."""
        units = [f"{model.opened.unit} | {_unit(each)}" for each in asked]
        found = {unit: outcome for unit in units if (outcome := self.journal.get(unit))}
        pending = {u: each for u, each in zip(units, asked, strict=True) if u not in found}
        if pending:
            try:
                with model.open(list(pending.values()), self.config, self.listener) as session:
                    for unit, each in pending.items():
                        found[unit] = self._outcome(model, session, each)
                        self.journal.add(unit, found[unit])
            except DocumentError as error:
                for unit in pending:
                    found[unit] = {"error": error.message}
                    self.journal.add(unit, found[unit])
        return [found[unit] for unit in units]

    def _outcome(self, model: QuestionAnswerer, session: Session, asked: Asked) -> AnswerOutcome:
        """Ask a question, and compare the answer with the references."""
        self.listener.check()
        answer, seconds = ask(session, asked.question, self.config)
        outcome = outcome_of(answer, asked.pair)
        if not asked.wrong:
            outcome["findable"] = can_be_found(session.document, asked.pair)
        return outcome | {
            "seconds": seconds,
            "read_s": 0.0 if answer is None else answer.receipt.prefill_s,
            "peak_bytes": peak_bytes(model.opened),
        }


def _unit(asked: Asked) -> str:
    """Return the question's part of a unit's name."""
    own = f"{asked.number} {asked.pair.place} | {pairs_hash([asked.pair])}"
    if not asked.wrong:
        return own
    return f"{own} | wrong {asked.wrong} {asked.host.place} {pairs_hash([asked.host])}"
