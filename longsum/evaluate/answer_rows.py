"""The table of `evaluate answers`: a row per model and measure, paired differences, notes.

Pure: outcomes in, rows out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from longsum.bytesize import MIB
from longsum.evaluate.answer_outcomes import AnswerOutcome
from longsum.evaluate.asked import Asked
from longsum.evaluate.config import AnswersConfig
from longsum.evaluate.means import mean_and_error, ratio_and_error
from longsum.evaluate.peak import PEAK_NOTE
from longsum.evaluate.report import Column
from longsum.evaluate.support import SUPPORT

COLUMNS = (
    Column("system", "system"),
    Column("measure", "measure"),
    Column("n", "n"),
    Column("value", "value", 1),
    Column("se", "±", 1),
    Column("aim", "aim"),
    Column("remark", "remark"),
)


@dataclass(frozen=True)
class AnswerMeasure:
    """A measure of single answers, in percent."""

    key: str
    title: str
    of: Callable[[AnswerOutcome], float | bool | None]
    """Its value for an answer, from 0 to 1; None where it has none."""
    wrong: bool = False
    """Whether it is measured on wrong documents."""
    aim: str = ""
    is_paired: bool = True
    """Whether two models have values for the same questions."""


def _get(key: str) -> Callable[[AnswerOutcome], Any]:
    """Return a function that takes one value of an outcome."""
    return lambda outcome: outcome[key]


def _right_if_sure(outcome: AnswerOutcome) -> bool | None:
    """Return whether an answer that is shown as sure holds the reference; None of others."""
    right: bool = outcome["evidence_1"]
    return right if outcome["sure"] else None


def _f1_if_short(outcome: AnswerOutcome) -> float | None:
    """Return the F1 of a short answer; None of others."""
    f1: float = outcome["f1"]
    return f1 if outcome["pointed"] else None


def _supported_share(outcome: AnswerOutcome) -> float | None:
    """Return the share of an answer's sentences that is supported; None of a refusal."""
    claims: int = outcome["claims"]
    return outcome["supported"] / claims if claims else None


MEASURES = (
    AnswerMeasure("evidence_1", "evidence@1", _get("evidence_1")),
    AnswerMeasure("evidence_3", "evidence@3", _get("evidence_3")),
    AnswerMeasure("f1", "F1", _get("f1")),
    AnswerMeasure("exact", "exact match", _get("exact")),
    AnswerMeasure("short", "short answer", _get("pointed")),
    AnswerMeasure("short_f1", "F1 of short answers", _f1_if_short, is_paired=False),
    AnswerMeasure("answered", "answered", _get("answered"), aim="≥ 90"),
    AnswerMeasure("sure", "sure", _get("sure")),
    AnswerMeasure("sure_right", "right where sure", _right_if_sure, is_paired=False),
    AnswerMeasure(
        "wrong_answered", "answered, wrong document", _get("answered"), wrong=True, aim="≤ 10"
    ),
    AnswerMeasure("wrong_sure", "sure, wrong document", _get("sure"), wrong=True),
)
SUPPORTED = AnswerMeasure("supported", "supported", _supported_share)
"""Support of single answers, for paired differences; that of a model is over all sentences."""


@dataclass(frozen=True)
class AnsweringSystem:
    """A model, and its outcome for each question put to a document."""

    name: str
    asked: Sequence[Asked]
    outcomes: Sequence[AnswerOutcome]

    def values(self, measure: AnswerMeasure) -> list[float | None]:
        """Return a measure's value for each question, in percent; None where it has none."""
        found: list[float | None] = []
        for each, outcome in zip(self.asked, self.outcomes, strict=True):
            counts = (each.wrong > 0) == measure.wrong and "error" not in outcome
            value = measure.of(outcome) if counts else None
            found.append(None if value is None else 100 * float(value))
        return found

    @property
    def own(self) -> list[AnswerOutcome]:
        """Outcomes of the questions put to their own documents, without those that failed."""
        return [
            outcome
            for each, outcome in zip(self.asked, self.outcomes, strict=True)
            if not each.wrong and "error" not in outcome
        ]


def answer_rows(systems: Sequence[AnsweringSystem]) -> list[dict[str, Any]]:
    """Return the models' measures, their paired differences, and the failures."""
    rows = [row for system in systems for row in system_rows(system)]
    for i, system in enumerate(systems):
        for other in systems[:i]:
            rows += _difference_rows(system, other)
    for system in systems:
        rows += _failure_rows(system)
    return rows


def system_rows(system: AnsweringSystem) -> list[dict[str, Any]]:
    """Return a model's measures; none of those without a value."""
    rows = []
    for measure in MEASURES:
        values = [value for value in system.values(measure) if value is not None]
        mean, error = mean_and_error(values)
        rows.append(_row(system, measure.key, measure.title, len(values), mean, error, measure.aim))
    own = system.own
    claims = [outcome["claims"] for outcome in own]
    for key in SUPPORT:
        share, error = ratio_and_error([outcome[key] for outcome in own], claims)
        value = None if share is None else 100 * share
        error = None if error is None else 100 * error
        rows.append(_row(system, key, key, sum(claims), value, error))
    return [row for row in (*rows, *_cost_rows(system)) if row["n"]]


def _cost_rows(system: AnsweringSystem) -> list[dict[str, Any]]:
    """Return the median time of a question and of reading a document, and the peak memory."""
    own = system.own
    seconds = [outcome["seconds"] for outcome in own]
    read = [outcome["read_s"] for outcome in own if outcome["read_s"]]
    peaks = [outcome["peak_bytes"] for outcome in system.outcomes if "peak_bytes" in outcome]
    rows = []
    if seconds:
        value = 1000 * median(seconds)
        rows.append(_row(system, "question_ms", "ms per question", len(seconds), value))
    if read:
        value = 1000 * median(read)
        rows.append(_row(system, "read_ms", "ms to read the document", len(read), value))
    if peaks:
        rows.append(_row(system, "peak_mib", "memory, MiB", len(peaks), max(peaks) / MIB))
    return rows


def _row(
    system: AnsweringSystem,
    key: str,
    title: str,
    count: int,
    value: float | None,
    error: float | None = None,
    aim: str = "",
) -> dict[str, Any]:
    """Return a row of a model."""
    named = {"system": system.name, "kind": "model", "key": key, "measure": title}
    return {**named, "n": count, "value": value, "se": error, "aim": aim}


def _difference_rows(first: AnsweringSystem, second: AnsweringSystem) -> list[dict[str, Any]]:
    """Return the mean differences over the questions that both have a value for."""
    rows = []
    for measure in (*(each for each in MEASURES if each.is_paired), SUPPORTED):
        values = zip(first.values(measure), second.values(measure), strict=True)
        differences = [a - b for a, b in values if a is not None and b is not None]
        mean, error = mean_and_error(differences)
        if differences:
            row = {"system": f"{first.name} - {second.name}", "kind": "difference"}
            row |= {"key": measure.key, "measure": measure.title, "remark": "paired"}
            rows.append({**row, "n": len(differences), "value": mean, "se": error})
    return rows


def _failure_rows(system: AnsweringSystem) -> list[dict[str, Any]]:
    """Return a row for each document about which a model's questions failed, with the reason."""
    failed: dict[tuple[str, str], int] = {}
    for each, outcome in zip(system.asked, system.outcomes, strict=True):
        if "error" in outcome:
            place = each.host.id, outcome["error"]
            failed[place] = failed.get(place, 0) + 1
    return [
        {
            "system": system.name,
            "kind": "failure",
            "document": document,
            "n": count,
            "remark": f"{document}: {error}",
        }
        for (document, error), count in failed.items()
    ]


def answer_notes(systems: Sequence[AnsweringSystem], config: AnswersConfig) -> list[str]:
    """Return the notes a reader of the rows needs.

    Args:
        systems: models with their outcomes.
        config: how questions were answered.
    """
    notes = [
        "in percent unless a unit is named, ± standard error over questions; supported, contrary "
        "and misquoted are shares of the answers' sentences: sentences of the document are "
        "supported",
        "evidence@1, @3: the first sentence, or one of three, has at least 60 % of the reference "
        "answer's words; F1 and exact match as in SQuAD, of the short answer, or else of the "
        "first sentence",
    ]
    if own := systems[0].own if systems else []:
        found = sum(outcome["findable"] for outcome in own)
        notes.append(
            f"the reference answer is in a sentence of the document for {found:,} of {len(own):,} "
            "questions; the others count as missed"
        )
    if config.wrong_documents:
        notes.append(
            "wrong document: another row's, which should not be answered from "
            f"(seed {config.seed}); refused is what is not answered"
        )
    notes.append(f"ms: median, without loading the model; {PEAK_NOTE}")
    return notes + [note for system in systems for note in _system_notes(system)]


def _system_notes(system: AnsweringSystem) -> list[str]:
    """Return notes on a model's answers that were not ordinary."""
    pairs = list(zip(system.asked, system.outcomes, strict=True))
    wrong = [outcome for each, outcome in pairs if each.wrong and outcome.get("answered")]
    held = sum(outcome["evidence_3"] for outcome in wrong)
    empty = sum(outcome.get("empty", False) for outcome in system.outcomes)
    failed = sum("error" in outcome for outcome in system.outcomes)
    total = len(system.outcomes)
    notes = []
    if held:
        notes.append(
            f"{system.name}: {held:,} of {len(wrong):,} answers from wrong documents hold the "
            "reference answer all the same"
        )
    if empty:
        notes.append(f"{system.name}: {empty:,} of {total:,} answers are empty, which is a refusal")
    if failed:
        notes.append(f"{system.name}: {failed:,} of {total:,} questions could not be put")
    return notes


def answers_line(system: AnsweringSystem) -> str:
    """Return a model's result in one line."""
    rows = {row["key"]: row for row in system_rows(system)}
    titles = {"evidence_1": "evidence@1", "evidence_3": "evidence@3", "f1": "F1"}
    titles |= {"answered": "answered", "wrong_answered": "from wrong documents"}
    shown = [f"{title} {rows[key]['value']:.1f}" for key, title in titles.items() if key in rows]
    if not shown:
        return f"{system.name}: none of {len(system.outcomes):,} questions could be put"
    return f"{system.name}: {', '.join(shown)}"
