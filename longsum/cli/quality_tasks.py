"""What `longsum evaluate summaries` and `short` measure, once their options are read."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.cli.evaluation import Found, Task
from longsum.config import ShortConfig, SummariesConfig

if TYPE_CHECKING:
    from longsum.evaluate.choices import Item
    from longsum.evaluate.evaluation_journal import Journal
    from longsum.evaluate.loading import Opened
    from longsum.evaluate.reference_pairs import Pair
    from longsum.evaluate.summary_rows import System
    from longsum.events import Listener
    from longsum.model.find import Model


class SummariesRun:
    """Measures one model after the other; the table is made with the last."""

    def __init__(
        self,
        found: list[Found],
        pairs: list[Pair],
        config: SummariesConfig,
        save_to: Path | None,
    ) -> None:
        self.pairs, self.config, self.save_to = pairs, config, save_to
        self._models = {label: model for label, _, model in found}
        self.systems: list[System] = []

    def tokens(self, model: Model) -> int:
        """Return the most tokens a model holds at once."""
        from longsum.evaluate.summarizing import longest_run

        return longest_run(model, self.pairs, self.config)

    def measure(self, opened: Opened, journal: Journal, listener: Listener) -> list[dict[str, Any]]:
        """Have a model summarize; with the last one, the baselines, too."""
        from longsum.evaluate.summaries import Bench, save_summaries
        from longsum.evaluate.summarizing import Summarizer
        from longsum.evaluate.summary_rows import summary_rows

        bench = Bench(self.pairs, self.config, journal, listener)
        self.systems.append(bench.model(Summarizer(opened, self._models[opened.label])))
        if len(self.systems) < len(self._models):
            return []
        self.systems += bench.baselines()
        if self.save_to is not None:
            save_summaries(self.save_to, self.pairs, self.systems)
        return summary_rows(self.systems, self.pairs)

    def notes(self, rows: list[dict[str, Any]]) -> list[str]:
        """Return what a reader of the numbers has to know."""
        from longsum.evaluate.summary_rows import notes

        return notes(self.systems, self.pairs, self.config)


def summaries_task(
    found: list[Found],
    listener: Listener,
    *,
    data: list[Path],
    chosen: dict[str, Any],
    config: SummariesConfig,
    save_to: Path | None,
) -> Task:
    """Read the pairs, and say what is measured."""
    from longsum.evaluate.bars import plot_summaries
    from longsum.evaluate.reference_pairs import read_pairs
    from longsum.evaluate.summaries import summaries_settings
    from longsum.evaluate.summary_rows import COLUMNS

    listener.phase("reading the documents")
    pairs = read_pairs(data, **chosen)
    run = SummariesRun(found, pairs, config, save_to)
    names = [str(path) for path in data]
    return Task(
        kind="summaries",
        settings={"data": names, **chosen, **summaries_settings(pairs, config)},
        columns=COLUMNS,
        tokens=run.tokens,
        measure=run.measure,
        notes=run.notes,
        draw=plot_summaries,
    )


def _items(data: list[Path], chosen: dict[str, Any], listener: Listener) -> list[Item]:
    """Read items, or make them."""
    from longsum.corpus.texts import read_corpus
    from longsum.evaluate.choices import make_cloze, read_items
    from longsum.evaluate.windows import evenly_spaced

    if chosen["make_cloze"] is None:
        items = read_items(data)
    else:
        texts = list(read_corpus(data, listener))
        items = make_cloze(texts, chosen["make_cloze"], seed=chosen["seed"])
    return [items[i] for i in evenly_spaced(len(items), chosen["limit"] or len(items))]


def short_task(
    found: list[Found],
    listener: Listener,
    *,
    data: list[Path],
    chosen: dict[str, Any],
    config: ShortConfig,
) -> Task:
    """Read the items, and say what is measured."""
    from longsum.evaluate.bars import plot_short
    from longsum.evaluate.choices import fingerprint
    from longsum.evaluate.short import COLUMNS, measure_short, short_notes, short_rows

    listener.phase("reading the items")
    items = _items(data, chosen, listener)
    measured: list[dict[str, Any]] = []

    def measure(opened: Opened, journal: Journal, listener: Listener) -> list[dict[str, Any]]:
        """Measure a model; the table is made with the last."""
        measured.append(measure_short(opened, items, config, journal, listener))
        return short_rows(measured) if len(measured) == len(found) else []

    names = [str(path) for path in data]
    own = asdict(config)
    own.pop("batch_size")  # the numbers do not depend on it
    return Task(
        kind="short",
        settings={
            "data": names,
            **chosen,
            **own,
            "items": len(items),
            "sha256": fingerprint(items),
        },
        columns=COLUMNS,
        tokens=lambda model: config.length or model.rope.native_window,
        measure=measure,
        notes=lambda rows: short_notes(measured),
        draw=plot_short,
    )
