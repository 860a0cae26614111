"""What all evaluations share on the command line: the models, and the run over them."""

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
        help="mini, aliases of `longsum models list`, folders, GGUF files, or Hugging Face ids, "
        "side by side.",
    ),
]


@dataclass(frozen=True)
class PositionOptions:
    """Another position scheme than the models' own."""

    position: Position | None = o.in_model(
        None,
        help="Rotate positions another way, for comparison; the weights are not tuned for it. "
        "pi interpolates, none extrapolates. Needs --context.",
    )
    context: str | None = o.in_model(
        None, metavar="TOKENS", help="Window in tokens that --position stretches to."
    )


@dataclass(frozen=True)
class _Measured(o.ModelOptions):
    """How models are held while they are measured: nothing is chosen for them by itself."""

    kv_cache: config.KVCache = o.in_model(
        "native",
        help="How keys and values are held: native is the compute dtype and loses nothing; "
        "int8 and int4 take a half and a quarter of 16 bits' memory.",
    )


MeasuredOptions = Annotated[
    _Measured, Without("model", "context", "force_context", "attention", "download")
]


@dataclass(frozen=True)
class RunsOptions:
    """How often, and how long, writing is timed."""

    new_tokens: int = in_measurement(
        SpeedConfig.new_tokens, metavar="N", help="Tokens written behind them."
    )
    runs: int = in_measurement(
        SpeedConfig.runs, metavar="N", help="Repetitions; the median counts."
    )


def parse_lengths(texts: list[str] | None) -> tuple[int, ...]:
    """Return the windows or lengths of an option, sorted, each once."""
    from longsum.checkpoint.rope import parse_context

    return tuple(sorted({parse_context(text) for text in texts or ()}))


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
    measure: Callable[[Opened, EvaluationJournal, Listener], list[dict[str, Any]]]
    notes: Callable[[list[dict[str, Any]]], list[str]]
    draw: Callable[[Report, Path], None] | None


def evaluate(
    names: list[str],
    load: LoadConfig,
    files: Files,
    make_task: Callable[[list[Found], Listener], Task],
    *,
    scheme: PositionOptions = PositionOptions(),
) -> None:
    """Measure models one after the other, and deliver the report.

    Args:
        names: the models.
        load: how to load them.
        files: what to write.
        make_task: says what to measure, once the models are found; reads the data.
        scheme: another position scheme than theirs.
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
    names: list[str], load: LoadConfig, scheme: PositionOptions, reporter: Reporter
) -> tuple[list[Found], list[str]]:
    """Find all models before any is loaded, so that a wrong name costs no time."""
    from longsum.checkpoint.rope import parse_context
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
        found.append((label, asked, model))
    reporter.clear()
    return found, notes


def _model_settings(names: list[str], load: LoadConfig, scheme: PositionOptions) -> dict[str, Any]:
    """Return what of the models' options the numbers depend on."""
    held = ("revision", "dtype", "device", "quantize", "kv_cache")
    return {"models": names, **{name: getattr(load, name) for name in held}, **vars(scheme)}


def _free() -> None:
    """Give a dropped model's memory back to the device."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
