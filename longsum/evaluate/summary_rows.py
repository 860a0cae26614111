"""The table of `evaluate summaries`: means, paired differences, failures and notes.

Pure: scores in, rows out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from longsum.evaluate.baselines import MAX_SENTENCES
from longsum.evaluate.config import SummariesConfig
from longsum.evaluate.means import mean_and_error, ratio_and_error
from longsum.evaluate.reference_pairs import Pair
from longsum.evaluate.report import Column
from longsum.evaluate.rouge import GEOMETRIC, MEASURES, geometric_mean
from longsum.settings import Setting

TITLES = dict(zip(MEASURES, ("R-1", "R-2", "R-L", "R-Lsum"), strict=True))

COLUMNS = (
    Column("system", "system"),
    Column("n", "n"),
    *(c for m, title in TITLES.items() for c in (Column(m, title, 1), Column(f"{m}_se", "±", 1))),
    Column("geometric_mean", "geo. mean", 1),
    Column("words", "words", 0),
    Column("supported", "supported", 1),
    Column("supported_se", "±", 1),
    Column("repetition", "rep-4", 1),
    Column("repetition_se", "±", 1),
    Column("repeating", "repeating"),
    Column("remark", "remark"),
)
SummaryOutcome = dict[str, Any]
"""A `summary` with `words`, `scores`, the number of its `claims` and of those `supported`, and its
`repetition` in percent; or the reason why there is none: `error` or `left_out`."""


@dataclass(frozen=True)
class System:
    """A model or a baseline, and its outcome for each pair."""

    name: str
    kind: str
    """`model` or `baseline`."""
    outcomes: Sequence[SummaryOutcome]

    def scores(self, measure: str) -> list[float | None]:
        """Return a measure's score for each pair; None where there is no summary."""
        return [
            outcome["scores"][measure] if "scores" in outcome else None for outcome in self.outcomes
        ]

    @property
    def repetition(self) -> list[float | None]:
        """The share of repeated runs of words of each summary, in percent; None of no summary."""
        return [outcome.get("repetition") for outcome in self.outcomes]

    @property
    def support(self) -> list[float | None]:
        """The share of each summary's sentences that is supported, in percent; None of none."""
        return [
            100 * outcome["supported"] / outcome["claims"] if outcome.get("claims") else None
            for outcome in self.outcomes
        ]


def summary_rows(systems: Sequence[System], pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Return the systems' means, the models' paired differences, and the failures."""
    rows = [system_row(system) for system in systems]
    models = [system for system in systems if system.kind == "model"]
    for i, model in enumerate(models):
        for other in [*models[:i], *(s for s in systems if s.kind == "baseline")]:
            rows.append(_difference_row(model, other))
    for system in systems:
        for pair, outcome in zip(pairs, system.outcomes, strict=True):
            if "error" in outcome:
                row = {"system": system.name, "kind": "failure", "document": pair.id}
                rows.append({**row, "remark": f"{pair.id}: {outcome['error']}"})
    return rows


def system_row(system: System) -> dict[str, Any]:
    """Return a system's means."""
    done = [outcome for outcome in system.outcomes if "scores" in outcome]
    row: dict[str, Any] = {"system": system.name, "kind": system.kind, "n": len(done)}
    for measure in MEASURES:
        mean, error = mean_and_error([outcome["scores"][measure] for outcome in done])
        row |= {measure: mean, f"{measure}_se": error}
    if done:
        row["geometric_mean"] = geometric_mean([row[measure] for measure in GEOMETRIC])
    row |= _faithfulness(done)
    row["words"] = mean_and_error([outcome["words"] for outcome in done])[0]
    row["failed"] = sum("error" in outcome for outcome in system.outcomes)
    row["left_out"] = sum("left_out" in outcome for outcome in system.outcomes)
    counts = {"failed": row["failed"], "left out": row["left_out"]}
    row["remark"] = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    return row


def _faithfulness(done: Sequence[SummaryOutcome]) -> dict[str, Any]:
    """Return which share of all sentences is supported, and how much summaries repeat."""
    claims = [outcome["claims"] for outcome in done]
    supported = [100 * outcome["supported"] for outcome in done]
    repetition = [outcome["repetition"] for outcome in done]
    found: dict[str, Any] = {"claims": sum(claims)}
    found["supported"], found["supported_se"] = ratio_and_error(supported, claims)
    found["repetition"], found["repetition_se"] = mean_and_error(repetition)
    return found | {"repeating": sum(share > 0 for share in repetition)}


def _difference_row(first: System, second: System) -> dict[str, Any]:
    """Return the mean differences over the documents that both systems summarized."""
    row: dict[str, Any] = {"system": f"{first.name} - {second.name}", "kind": "difference"}
    row["remark"] = "paired"
    values = {measure: (first.scores(measure), second.scores(measure)) for measure in MEASURES}
    values |= {"supported": (first.support, second.support)}
    values |= {"repetition": (first.repetition, second.repetition)}
    for key, (ours, theirs) in values.items():
        both = zip(ours, theirs, strict=True)
        differences = [a - b for a, b in both if a is not None and b is not None]
        mean, error = mean_and_error(differences)
        row |= {key: mean, f"{key}_se": error}
        row.setdefault("n", len(differences))  # that of the scores
    return row


def notes(systems: Sequence[System], pairs: Sequence[Pair], config: SummariesConfig) -> list[str]:
    """Return the notes a reader of the rows needs.

    Args:
        systems: models and baselines, with their outcomes.
        pairs: the documents.
        config: how they were summarized.
    """
    found = [
        "F1 in percent, for each measure that of the best reference; ± standard error over "
        "documents; words in any script, " + ("stemmed" if config.stemmer else "not stemmed"),
        "R-Lsum compares sentences as longsum splits them; the geometric mean is that of the means "
        "of R-1, R-2 and R-L",
        "supported: share of all sentences of the summaries that the document supports, 100 for "
        "sentences of the document; rep-4: share of runs of four words that a summary repeats; "
        "repeating: summaries that repeat any",
        "differences are means over the documents that both have summarized",
    ]
    whole = sum(bool(pair.query) and pair.focus is None for pair in pairs)
    if whole and config.zero_shot_prompt == "own":
        found.append(f"{whole:,} queries ask for the whole document and were no {Setting('focus')}")
    if config.zero_shot_prompt == "paper":
        found.append(
            "summaries as in arXiv 2306.15595, section 3.5: the first 15,000 tokens, the prompt of "
            "figure 4, temperature 0.5, top-p 0.95, at most 1,000 tokens"
        )
    for system in systems:
        found += _system_notes(system)
    if len({tuple("scores" in each for each in system.outcomes) for system in systems}) > 1:
        found.append("the means are not all over the same documents; the differences are")
    return found


def _system_notes(system: System) -> list[str]:
    """Return notes on a system's documents that were not summarized normally."""
    outcomes = system.outcomes
    failed = sum("error" in outcome for outcome in outcomes)
    left_out = sum("left_out" in outcome for outcome in outcomes)
    cut = sum(each.get("tokens_read", 0) < each.get("tokens_total", 0) for each in outcomes)
    empty = sum(outcome.get("summary") == "" for outcome in outcomes)
    finish = Counter(outcome.get("finish") for outcome in outcomes)
    counts = {
        "could not be summarized": failed,
        f"were left out, having over {MAX_SENTENCES} sentences": left_out,
        "were read in part": cut,
        "got empty summaries, which score 0": empty,
        "got summaries cut off at the token limit": finish["length"],
        "got summaries stopped in a loop": finish["loop"],
    }
    return [
        f"{system.name}: {count:,} of {len(outcomes):,} documents {what}"
        for what, count in counts.items()
        if count
    ]


def result_line(system: System) -> str:
    """Return a system's result in one line."""
    row = system_row(system)
    if not row["n"]:
        return f"{system.name}: none of {len(system.outcomes):,} documents summarized"
    shown = ", ".join(f"{title} {row[measure]:.1f}" for measure, title in TITLES.items())
    return f"{system.name}: {shown} ({row['n']:,} of {len(system.outcomes):,} documents)"
