"""What all evaluations share on the command line: their models, and the run over them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longsum import config
from longsum.cli import options as o
from longsum.cli.console import Reporter
from longsum.cli.evaluate.files import Files
from longsum.cli.flags import with_flags
from longsum.cli.grouping import Without, panel
from longsum.config import LoadConfig
from longsum.evaluate.config import SpeedConfig
from longsum.extend.config import Position

if TYPE_CHECKING:
    from longsum.evaluate.evaluation_journal import EvaluationJournal
    from longsum.evaluate.loading import Opened
    from longsum.evaluate.report import Column, Report
    from longsum.events import Listener
    from longsum.model.find import Model

in_measurement = panel("Measurement")

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL",
        help="Models to compare: aliases (see `longsum models list`), folders, GGUF files, or "
        "Hugging Face ids.",
    ),
]


@dataclass(frozen=True)
class PositionOptions:
    """A position scheme or a window other than the models' own."""

    position: Position | None = o.in_model(
        None,
        help="Position scheme for comparison; the weights are not tuned for it. pi interpolates, "
        "none extrapolates. Requires --context.",
    )
    context: str | None = o.in_model(
        None,
        metavar="TOKENS",
        help="Window in tokens: of --position, or one that weights or adapter were tuned for.",
    )


@dataclass(frozen=True)
class _Measured(o.ModelOptions):
    """How models are held while they are measured, without automatic choices."""

    kv_cache: config.KVCache = o.in_model(
        "native",
        help="Format of keys and values: native is the compute dtype; int8 takes half the "
        "memory of 16 bits, int4 a quarter.",
    )


MeasuredOptions = Annotated[
    _Measured, Without("model", "context", "force_context", "attention", "download")
]


@dataclass(frozen=True)
class RunsOptions:
    """How many tokens are written, and how often."""

    new_tokens: int = in_measurement(
        SpeedConfig.new_tokens, metavar="N", help="Tokens to write after them."
    )
    runs: int = in_measurement(
        SpeedConfig.runs, metavar="N", help="Repetitions, of which the median counts."
    )


def parse_lengths(texts: list[str] | None) -> tuple[int, ...]:
    """Return the windows or lengths given with an option, sorted, without duplicates."""
    from longsum.checkpoint.context import parse_context

    return tuple(sorted({parse_context(text) for text in texts or ()}))


Found = tuple[str, LoadConfig, "Model"]
"""A model found but not loaded: its label, how to load it, and its description."""


@dataclass(frozen=True)
class Task:
    """What an evaluation measures."""

    kind: str
    """Name of the evaluation's command."""
    settings: dict[str, Any]
    """Settings that its numbers depend on, apart from the models."""
    columns: Sequence[Column]
    """Columns of the table."""
    tokens: Callable[[Model], int]
    """Maximum tokens a model holds at once."""
    measure: Callable[[Opened, EvaluationJournal, Listener], list[dict[str, Any]]]
    """Measures a loaded model and returns rows of the table."""
    notes: Callable[[list[dict[str, Any]]], list[str]]
    """Returns the notes printed below the rows."""
    draw: Callable[[Report, Path], None] | None
    """Plots the report into a file; None where there is no plot."""
    loads: Callable[[Model], Model] = lambda model: model
    """Returns the model to load: itself, or one with an adapter."""


def evaluate(
    names: list[str],
    load: LoadConfig,
    files: Files,
    make_task: Callable[[list[Found], Listener], Task],
    *,
    scheme: PositionOptions = PositionOptions(),
) -> None:
    """Measure models one after another, and deliver the report.

    Args:
        names: names of the models.
        load: how to load them.
        files: what to write and print.
        make_task: reads the data and returns what to measure, once the models are found.
        scheme: position scheme or window other than the models' own.

    Raises:
        LongsumError: when a model, the data or the output cannot be used.
    """
    from longsum.evaluate.report import Report

    files.check()
    started = time.perf_counter()
    with Reporter(quiet=files.quiet) as reporter:
        found, notes = find_models(names, load, scheme, reporter)
        task = make_task(found, reporter)
        reporter.clear()
        settings = {"kind": task.kind, **_model_settings(names, load, scheme), **task.settings}
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
                notes=[*notes, *map(with_flags, task.notes(rows))],
                machine=machine,
                seconds=time.perf_counter() - started,
            )
            files.deliver(report, task.draw)


def _measure(
    found: Found,
    task: Task,
    journal: EvaluationJournal,
    reporter: Reporter,
    machine: dict[str, Any],
) -> list[dict[str, Any]]:
    """Load a model and measure it; it is released before the next one is loaded."""
    from longsum.evaluate.loading import open_model

    label, load, model = found
    model = task.loads(model)
    reporter.phase(f"loading {label}")
    tokens = task.tokens(model)
    opened = open_model(load, tokens=tokens, listener=reporter, model=model, label=label)
    reporter.clear()
    machine.update(opened.machine)
    return task.measure(opened, journal, reporter)


def find_models(
    names: list[str], load: LoadConfig, scheme: PositionOptions, reporter: Reporter
) -> tuple[list[Found], list[str]]:
    """Find all models before any is loaded, so that a wrong name costs no time.

    Args:
        names: names of the models.
        load: how to load them.
        scheme: position scheme or window other than the models' own.
        reporter: shows which model is looked at.

    Returns:
        The models, and notes about their position scheme.

    Raises:
        ModelUnavailable: when one is not on this disk or cannot be used.
    """
    from longsum.checkpoint.context import parse_context
    from longsum.evaluate.loading import find_for_evaluation, labels_for

    names = list(dict.fromkeys(names))
    position, window = scheme.position, parse_context(scheme.context) if scheme.context else None
    found: list[Found] = []
    notes: list[str] = []
    for name, label in zip(names, labels_for(names), strict=True):
        reporter.phase(f"looking at {label}")
        asked = replace(load, model=name)
        model = find_for_evaluation(asked, position=position, context=window)
        if position is not None:
            label = f"{label}, {position} {window:,}"
            notes.append(f"{label}: {model.rope.reason}; the weights are not tuned for it")
        elif window is not None:
            label = f"{label} ({window:,})"
            notes.append(f"{label}: {model.rope.reason}")
        found.append((label, asked, model))
    reporter.clear()
    return found, notes


def _model_settings(names: list[str], load: LoadConfig, scheme: PositionOptions) -> dict[str, Any]:
    """Return the model options that the numbers depend on."""
    held = ("revision", "dtype", "device", "quantize", "kv_cache")
    return {"models": names, **{name: getattr(load, name) for name in held}, **vars(scheme)}


def _free() -> None:
    """Return the memory of a released model to the device."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
