"""What all evaluations share on the command line: the run, the files they write, the table."""

from __future__ import annotations

import contextlib
import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from longsum import config
from longsum.cli.console import Reporter, print_line
from longsum.cli.output import as_json_text, check_output
from longsum.cli.run import load_config
from longsum.config import LoadConfig
from longsum.errors import OutputError, UsageError
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    from longsum.evaluate.evaluation_journal import Journal
    from longsum.evaluate.loading import Opened
    from longsum.evaluate.report import Column, Report
    from longsum.events import Listener
    from longsum.model.find import Model


@dataclass(frozen=True)
class Files:
    """What an evaluation writes, and how it shows it."""

    output: Path | None
    plot: Path | None
    redo: bool
    as_json: bool
    quiet: bool

    def check(self) -> None:
        """Refuse what could not be written, before any work is done for it.

        Raises:
            OutputError: when a file exists and `--redo` is absent, or cannot be written.
            UsageError: when a plot cannot be drawn.
        """
        if self.plot is not None and self.plot == self.output:
            raise UsageError("--output and --plot name the same file", hint="name two")
        for path in (self.output, self.plot):
            if path is not None and path.is_file() and not self.redo:
                raise OutputError(
                    f"{path} exists", hint="add --redo to measure anew, or name another file"
                )
            check_output(path, force=True)
        if self.plot is not None:
            from longsum.evaluate.plot import require_matplotlib

            require_matplotlib(self.plot)

    def open_journal(self, settings: dict[str, Any]) -> Journal:
        """Return the journal beside the output file, emptied for `--redo`."""
        from longsum.evaluate.evaluation_journal import Journal, journal_path

        path = journal_path(self.output) if self.output else None
        if path is not None:
            check_output(path, force=True)
            if self.redo:
                path.unlink(missing_ok=True)
        return Journal(path, settings)

    @contextlib.contextmanager
    def journal(self, settings: dict[str, Any], reporter: Reporter) -> Iterator[Journal]:
        """Open the journal; keep it when the work is interrupted, remove it when it is done."""
        journal = self.open_journal(settings)
        if journal.finished:
            reporter.notice(f"going on: {journal.finished:,} parts were measured before")
        try:
            yield journal
        except KeyboardInterrupt:
            journal.close(finished=False)
            reporter.clear()
            if journal.finished:
                print_line("hint", "cyan", "run the same command again to go on from here")
            elif self.output is None:
                print_line("hint", "cyan", "with --output, the same command would go on from here")
            raise
        except BaseException:
            journal.close(finished=False)
            raise
        else:
            journal.close(finished=True)

    def deliver(self, report: Report, draw: Callable[[Report, Path], None] | None) -> None:
        """Write the report's files and show it on stdout.

        Args:
            report: the result.
            draw: draws its plot; None where it has none.
        """
        from longsum.evaluate.report import write_report

        if self.output is not None:
            write_report(report, self.output)
        if self.plot is not None and draw is not None:
            draw(report, self.plot)
        if self.as_json:
            sys.stdout.write(as_json_text(report.as_dict()) + "\n")
        else:
            show(report)
        sys.stdout.flush()


def show(report: Report) -> None:
    """Print a report as a table on stdout: with lines on a terminal, aligned words in a pipe."""
    from rich import box
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=10_000)
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for column in report.columns:
        values = [row.get(column.key) for row in report.rows]
        numeric = any(isinstance(value, int | float) for value in values)
        # a narrow terminal gets more lines, never fewer digits
        table.add_column(
            column.title, justify="right" if numeric else "left", overflow="fold", no_wrap=False
        )
    for row in report.rows:
        table.add_row(*(escape(escape_for_terminal(c.text(row))) for c in report.columns))
    console.print(table)
    for note in report.notes:
        print(escape_for_terminal(note))


Found = tuple[str, LoadConfig, "Model"]
"""A model that is found and not yet loaded: its label, how to load it, and what is known of it."""


@dataclass(frozen=True)
class Task:
    """What an evaluation measures."""

    kind: str
    settings: dict[str, Any]
    """What its numbers depend on, besides the models."""
    columns: Sequence[Column]
    tokens: Callable[[Model], int]
    """Most tokens a model holds at once."""
    measure: Callable[[Opened, Journal, Listener], list[dict[str, Any]]]
    notes: Callable[[list[dict[str, Any]]], list[str]]
    draw: Callable[[Report, Path], None] | None


def evaluate(
    names: list[str],
    load: LoadConfig,
    position: config.Position | None,
    context: str | None,
    files: Files,
    make_task: Callable[[list[Found], Listener], Task],
) -> None:
    """Measure models one after the other, and deliver the report.

    Args:
        names: the models.
        load: how to load them.
        position: another position scheme than theirs.
        context: the window of that scheme.
        files: what to write.
        make_task: says what to measure, once the models are found; reads the data.
    """
    from longsum.evaluate.report import Report

    files.check()
    started = time.perf_counter()
    with Reporter(quiet=files.quiet) as reporter:
        found, notes = find_models(names, load, position, context, reporter)
        task = make_task(found, reporter)
        reporter.clear()
        settings = {"kind": task.kind, **_model_settings(names, load, position, context)}
        settings |= task.settings
        rows: list[dict[str, Any]] = []
        machine: dict[str, Any] = {}
        with files.journal(settings, reporter) as journal:
            for each in found:
                rows += _measure(each, task, journal, reporter, machine)
                _free()
            reporter.clear()
            report = Report(
                kind=task.kind,
                model=", ".join(label for label, _, _ in found),
                settings=settings,
                columns=task.columns,
                rows=rows,
                notes=[*notes, *task.notes(rows)],
                machine=machine,
                seconds=time.perf_counter() - started,
            )
            files.deliver(report, task.draw)


def _measure(
    found: Found, task: Task, journal: Journal, reporter: Reporter, machine: dict[str, Any]
) -> list[dict[str, Any]]:
    """Load a model and measure it; it is dropped before the next one is loaded."""
    from longsum.evaluate.loading import open_model

    label, load, model = found
    reporter.phase(f"loading {label}")
    tokens = task.tokens(model)
    opened = open_model(load, tokens=tokens, listener=reporter, model=model, label=label)
    reporter.clear()
    machine.update(opened.machine)
    return task.measure(opened, journal, reporter)


def find_models(
    names: list[str],
    load: LoadConfig,
    position: config.Position | None,
    context: str | None,
    reporter: Reporter,
) -> tuple[list[Found], list[str]]:
    """Find all models before any is loaded, so that a wrong name costs no time."""
    from longsum.checkpoint.rope import parse_context
    from longsum.evaluate.loading import find_for_evaluation, labels_for

    names = list(dict.fromkeys(names))
    window = parse_context(context) if context else None
    found: list[Found] = []
    notes: list[str] = []
    for name, label in zip(names, labels_for(names), strict=True):
        reporter.phase(f"looking at {label}")
        asked = replace(load, model=name)
        model = find_for_evaluation(asked, position=position, context=window)
        if position is not None:
            label = f"{label}, {position} {window:,}"
            notes.append(f"{label}: {model.rope.reason}; the weights are not tuned for it")
        found.append((label, asked, model))
    reporter.clear()
    return found, notes


def measured_load(
    quantize: config.Quantize,
    device: str,
    dtype: str,
    memory: str | None,
    revision: str | None,
    offline: bool,
    kv_cache: config.KVCache = "native",
) -> LoadConfig:
    """Return the settings of an evaluation's options about its models."""
    return load_config(
        None,
        None,
        False,
        quantize,
        device,
        dtype,
        LoadConfig.attention,
        memory,
        revision,
        offline,
        False,
        kv_cache=kv_cache,
    )


def _model_settings(
    names: list[str], load: LoadConfig, position: config.Position | None, context: str | None
) -> dict[str, Any]:
    """Return what of the models' options the numbers depend on."""
    return {
        "models": names,
        "revision": load.revision,
        "dtype": load.dtype,
        "device": load.device,
        "quantize": load.quantize,
        "kv_cache": load.kv_cache,
        "position": position,
        "context": context,
    }


def _free() -> None:
    """Give a dropped model's memory back to the device."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
