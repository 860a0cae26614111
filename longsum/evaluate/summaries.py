"""Compare the summaries of models and baselines with references by ROUGE.

A unit of the journal is one document's summary by one system, with its scores.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from longsum.errors import DocumentError
from longsum.evaluate.baselines import (
    MAX_SENTENCES,
    baseline_sentences,
    baseline_summary,
    is_too_long,
    require_baselines,
)
from longsum.evaluate.config import SummariesConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import evaluating
from longsum.evaluate.reference_pairs import Pair, pairs_hash
from longsum.evaluate.repeated import repeated_share
from longsum.evaluate.report import Report
from longsum.evaluate.rouge import Rouge
from longsum.evaluate.summarizing import Summarizer, summarize_pair
from longsum.evaluate.summary_rows import (
    COLUMNS,
    SummaryOutcome,
    System,
    notes,
    result_line,
    summary_rows,
)
from longsum.events import Listener
from longsum.files import replacing
from longsum.similarity import count_words


def measure_summaries(
    summarizers: Iterable[Summarizer],
    pairs: Sequence[Pair],
    config: SummariesConfig,
    journal: EvaluationJournal,
    listener: Listener,
    *,
    save: Path | None = None,
) -> Report:
    """Summarize documents with models and baselines, and compare with the references.

    Args:
        summarizers: models; a lazy iterable can load one after the other.
        pairs: documents and references.
        config: length, prompt, baselines.
        journal: provides results of an earlier run; one unit per document and system.
        listener: notified of each document's progress, and of each system's result.
        save: file for the summaries, a JSON object per line; None saves none.

    Returns:
        The table, with its notes.

    Raises:
        UsageError: when a package is missing.
        OutputError: when the summaries cannot be written.
    """
    started = time.perf_counter()
    bench = Bench(pairs, config, journal, listener)
    baselines = bench.baselines()
    models = []
    machine: dict[str, Any] = {}
    for summarizer in summarizers:
        models.append(bench.model(summarizer))
        machine = machine or summarizer.opened.machine
    systems = [*models, *baselines]
    if save is not None:
        save_summaries(save, pairs, systems)
    return Report(
        kind="summaries",
        model=", ".join(system.name for system in models),
        settings=summaries_settings(pairs, config),
        columns=COLUMNS,
        rows=summary_rows(systems, pairs),
        notes=notes(systems, pairs, config),
        machine=machine,
        seconds=time.perf_counter() - started,
    )


def summaries_settings(pairs: Sequence[Pair], config: SummariesConfig) -> dict[str, Any]:
    """Return what the results depend on besides the model, for the journal and the report."""
    return {**asdict(config), "documents": len(pairs), "sha256": pairs_hash(pairs)}


class Bench:
    """Summarizes the same documents with several systems, and scores the summaries.

    Args:
        pairs: documents and references.
        config: length, prompt, baselines.
        journal: provides results of an earlier run; one unit per document and system.
        listener: notified of each document's progress, and of each system's result.

    Raises:
        UsageError: when a package is missing.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        config: SummariesConfig,
        journal: EvaluationJournal,
        listener: Listener,
    ) -> None:
        require_baselines(config.baselines)
        self.pairs, self.config = pairs, config
        self.journal, self.listener = journal, listener
        self._rouge = Rouge(stemmer=config.stemmer)

    def model(self, summarizer: Summarizer) -> System:
        """Return a model's outcome for each document."""
        opened = summarizer.opened

        def summarize(pair: Pair) -> SummaryOutcome:
            return summarize_pair(summarizer, pair, self.config, self.listener)

        with evaluating(opened.model):
            outcomes = self._outcomes(opened.label, opened.unit, summarize)
        return System(opened.label, "model", outcomes)

    def baselines(self) -> list[System]:
        """Return each baseline's outcomes."""
        return [self._baseline(name) for name in self.config.baselines]

    def _baseline(self, name: str) -> System:
        def summarize(pair: Pair) -> SummaryOutcome:
            sentences = baseline_sentences(pair.document)
            if is_too_long(name, sentences):
                return {"left_out": f"{len(sentences):,} sentences, over {MAX_SENTENCES}"}
            words = self.config.words or pair.words
            summary = baseline_summary(name, pair.document, sentences, words)
            taken = len(summary.split("\n"))  # whole sentences of the document, one per line
            return {"summary": summary, "claims": taken, "supported": taken}

        return System(name, "baseline", self._outcomes(name, f"baseline {name}", summarize))

    def _outcomes(
        self, name: str, unit: str, summarize: Callable[[Pair], SummaryOutcome]
    ) -> list[SummaryOutcome]:
        """Summarize and score each document, unless the journal has it."""
        outcomes = []
        for number, pair in enumerate(self.pairs, 1):
            key = f"{unit} | {number} {pair.place} | {pairs_hash([pair])}"
            outcome = self.journal.get(key)
            if outcome is None or not is_measured(outcome):
                self.listener.phase(f"{name}: document {number:,} of {len(self.pairs):,}")
                try:
                    outcome = summarize(pair)
                except DocumentError as error:
                    outcome = {"error": error.message}
                if "summary" in outcome:
                    outcome["words"] = count_words(outcome["summary"])
                    outcome["repetition"] = 100 * repeated_share(outcome["summary"])
                    outcome["scores"] = self._rouge.score(outcome["summary"], pair.references)
                self.journal.add(key, outcome)
            outcomes.append(outcome)
        self.listener.notice(result_line(System(name, "", outcomes)))
        return outcomes


def is_measured(outcome: SummaryOutcome) -> bool:
    """Return whether a recorded outcome has all measures: earlier versions had fewer."""
    return "summary" not in outcome or {"claims", "repetition"} <= outcome.keys()


def save_summaries(path: Path, pairs: Sequence[Pair], systems: Sequence[System]) -> None:
    """Write every summary, or why there is none, as JSON lines; complete or not at all.

    Args:
        path: file to write.
        pairs: the documents, in the order of each system's outcomes.
        systems: models and baselines.

    Raises:
        OutputError: when the file cannot be written.
    """
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for system in systems:
            for pair, outcome in zip(pairs, system.outcomes, strict=True):
                row = {"system": system.name, "id": pair.id, "place": pair.place, **outcome}
                text = json.dumps(row, ensure_ascii=False)
                file.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")
