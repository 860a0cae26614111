"""`longsum evaluate summaries`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from longsum import config as settings
from longsum.cli import options as o
from longsum.cli.evaluate import common as c
from longsum.cli.evaluate.files import Files
from longsum.cli.grouping import Without, grouped
from longsum.cli.output import check_output
from longsum.errors import OutputError, UsageError
from longsum.evaluate.config import SummariesConfig, ZeroShotPrompt

if TYPE_CHECKING:
    from longsum.evaluate.evaluation_journal import EvaluationJournal
    from longsum.evaluate.loading import Opened
    from longsum.evaluate.reference_pairs import Pair
    from longsum.evaluate.summary_rows import System
    from longsum.events import Listener
    from longsum.model.find import Model


@dataclass(frozen=True)
class SummariesOptions:
    """Which summaries are compared, and how they are made."""

    data: list[Path] = c.in_measurement(
        metavar="FILE",
        help='.jsonl[.gz|.xz] of {"id", "task", "doc", "query", "target"}, where target is a '
        "text or a list of references; repeatable.",
    )
    limit: int | None = c.in_measurement(
        None, metavar="N", min=1, help="Maximum number of rows, evenly spaced over all."
    )
    task_filter: str | None = c.in_measurement(
        None, metavar="TASK", help="Use only rows of this task, such as summ."
    )
    query_filter: str | None = c.in_measurement(
        None,
        metavar="TEXT",
        help='Use only rows whose query contains this, such as "whole meeting".',
    )
    words: int | None = c.in_measurement(
        SummariesConfig.words,
        metavar="N",
        help="Length of every summary in words (default: the length of each reference).",
    )
    zero_shot_prompt: ZeroShotPrompt = c.in_measurement(
        SummariesConfig.zero_shot_prompt,
        help="own summarizes as `longsum summarize` does; paper follows the paper's protocol "
        "(section 3.5).",
    )
    baselines: str = c.in_measurement(
        ",".join(SummariesConfig.baselines),
        metavar="NAMES",
        help="Baselines among lead, lexrank, textrank, lsa and luhn, or none.",
    )
    stemmer: bool = c.in_measurement(
        SummariesConfig.stemmer,
        "--stemmer",
        help="Compare English words without their endings (Porter stemmer).",
    )
    seed: int = c.in_measurement(
        SummariesConfig.seed, metavar="N", help="Random seed for sampling."
    )
    verbatim: o.Verbatim = SummariesConfig.verbatim
    truncate: settings.Truncate | None = c.in_measurement(
        SummariesConfig.truncate,
        help="Leave out this part of a document that is too long (default: count it as failed).",
    )

    def config(self) -> SummariesConfig:
        """Return the settings of the measurement.

        Raises:
            UsageError: when a baseline is unknown.
        """
        from longsum.evaluate.baselines import parse_baselines

        return SummariesConfig(
            words=self.words,
            zero_shot_prompt=self.zero_shot_prompt,
            verbatim=self.verbatim,
            truncate=self.truncate,
            baselines=parse_baselines(self.baselines),
            stemmer=self.stemmer,
            seed=self.seed,
        )


@grouped
def summaries(
    models: c.Models,
    measured: SummariesOptions,
    scheme: c.PositionOptions,
    held: Annotated[c.MeasuredOptions, Without("kv_cache")],
    save_summaries: Path | None = o.in_output(
        None,
        metavar="FILE",
        help="JSON lines file for every summary with its scores, or the reason for none.",
    ),
    *,
    files: Files,
) -> None:
    """Measure how close summaries come to human ones: ROUGE-1, 2, L and Lsum.

    Words are split as Unicode defines them, for every language; of several references, the best one
    counts. Differences are paired, over the documents that both models have summarized. A document
    that does not fit the window is a row of its own, with the reason.

    Also how many of the sentences the document supports, and how much summaries repeat: rep-4 is
    the share of runs of four words that occurred before in the same summary.

    --zero-shot-prompt own passes a query as --focus. paper, for base or fine-tuned models, reads
    the first 15,000 tokens with the paper's prompt, temperature 0.5 and top-p 0.95, and writes at
    most 1,000 tokens.

    A baseline takes sentences in its own order until the next would exceed 1.1 times the words of
    the reference; lexrank, textrank and lsa leave out documents of over 900 sentences.
    """
    from longsum.evaluate.baselines import require_baselines
    from longsum.evaluate.rouge import require_rouge

    config, load = measured.config(), held.load_config()
    _check_saved(save_summaries, files)
    require_rouge()
    require_baselines(config.baselines)
    chosen = {"task": measured.task_filter, "query": measured.query_filter, "limit": measured.limit}
    make = partial(
        summaries_task, data=measured.data, chosen=chosen, config=config, save_to=save_summaries
    )
    c.evaluate(models, load, files, make, scheme=scheme)


def _check_saved(path: Path | None, files: Files) -> None:
    """Refuse a file of summaries that cannot be written, before any work is done."""
    if path is None:
        return
    if path in (files.output, files.plot):
        raise UsageError("--save-summaries names the same file as --output or --plot")
    if path.is_file() and not files.redo:
        raise OutputError(
            f"{path} exists", hint="add --redo to measure again, or name another file"
        )
    check_output(path, force=True)


class SummariesRun:
    """Measures one model after another; the last one completes the table.

    Args:
        found: the models.
        pairs: documents with their references.
        config: settings of the summaries.
        save_to: file for every summary; None writes none.
    """

    def __init__(
        self, found: list[c.Found], pairs: list[Pair], config: SummariesConfig, save_to: Path | None
    ) -> None:
        self.pairs, self.config, self.save_to = pairs, config, save_to
        self._models = {label: model for label, _, model in found}
        self.systems: list[System] = []

    def tokens(self, model: Model) -> int:
        """Return the maximum tokens a model holds at once."""
        from longsum.evaluate.summarizing import longest_run

        return longest_run(model, self.pairs, self.config)

    def measure(
        self, opened: Opened, journal: EvaluationJournal, listener: Listener
    ) -> list[dict[str, Any]]:
        """Score a model's summaries, and after the last model those of the baselines.

        Args:
            opened: the loaded model.
            journal: holds the summaries of an interrupted run.
            listener: receives the progress.

        Returns:
            All rows after the last model, and none before.
        """
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
        """Return the notes printed below the table."""
        from longsum.evaluate.summary_rows import notes

        return notes(self.systems, self.pairs, self.config)


def summaries_task(
    found: list[c.Found],
    listener: Listener,
    *,
    data: list[Path],
    chosen: dict[str, Any],
    config: SummariesConfig,
    save_to: Path | None,
) -> c.Task:
    """Read the pairs, and return what is measured.

    Args:
        found: the models.
        listener: receives the progress of reading.
        data: files of documents with their references.
        chosen: filters of the rows.
        config: settings of the summaries.
        save_to: file for every summary; None writes none.

    Raises:
        LongsumError: when the data cannot be read.
    """
    from longsum.evaluate.bars import plot_summaries
    from longsum.evaluate.reference_pairs import read_pairs
    from longsum.evaluate.summaries import summaries_settings
    from longsum.evaluate.summary_rows import COLUMNS

    listener.phase("reading the documents")
    pairs = read_pairs(data, **chosen)
    run = SummariesRun(found, pairs, config, save_to)
    names = [str(path) for path in data]
    return c.Task(
        kind="summaries",
        settings={"data": names, **chosen, **summaries_settings(pairs, config)},
        columns=COLUMNS,
        tokens=run.tokens,
        measure=run.measure,
        notes=run.notes,
        draw=plot_summaries,
    )
