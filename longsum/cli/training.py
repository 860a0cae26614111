"""Show a training: its steps, its dry run, and its result."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.bytesize import format_bytes
from longsum.cli.console import Reporter
from longsum.cli.flags import with_flags
from longsum.cli.output import as_json_text
from longsum.config import LoadConfig
from longsum.errors import LongsumError
from longsum.extend.config import ExtendConfig
from longsum.extend.training_events import ExtendListener, ExtendResult, StepReport, TrainingExtent
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    from longsum.extend.training_memory import TrainingPlan


class Interrupted(LongsumError):
    """Raised when Ctrl-C stops a training that can continue."""

    exit_code = 130


class TrainingReporter(Reporter, ExtendListener):
    """Shows the progress of a training."""

    def step(self, report: StepReport) -> None:
        """Show a step: a bar on a terminal, a line now and then in a pipe."""
        if self.display.draws:
            self.display.draw(
                "training",
                report.step,
                report.steps,
                "step {task.completed:,.0f} of {task.total:,.0f}",
                "{task.fields[figures]}",
                figures=_figures(report),
            )
        elif not self.quiet and (self.display.is_due() or report.step in (1, report.steps)):
            done = f"step {report.step:,} of {report.steps:,}"
            self.display.console.print(f"{done}: {_figures(report)}")


def _figures(report: StepReport) -> str:
    """Return a step's loss, speed and time left."""
    return (
        f"loss {report.loss:.4f}, {report.tokens_per_s:,.0f} tok/s, "
        f"{_duration(report.remaining_s)} left"
    )


def _duration(seconds: float) -> str:
    """Return a duration as text: `2 h 05 min`, `4 min 10 s`, `8 s`."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"


def run_extension(
    load: LoadConfig,
    files: Sequence[Path],
    output: Path,
    config: ExtendConfig,
    reporter: TrainingReporter,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Extend a model, or show what that takes.

    Args:
        load: the base model, and the new window.
        files: training texts.
        output: folder for the extended model.
        config: settings of the training.
        reporter: shows the progress.
        dry_run: only show what the run reads and needs.
        as_json: print the result as JSON.

    Raises:
        Interrupted: on Ctrl-C, with the step from which the same command continues.
    """
    if dry_run:
        _dry_run(load, files, output, config, reporter, as_json=as_json)
        return
    reporter.phase("starting")
    from longsum.extend.folder import last_step
    from longsum.extend.train import extend

    try:
        result = extend(load, files, output, config, reporter)
    except KeyboardInterrupt:
        reporter.clear()
        step = last_step(output)
        where = f"continues from step {step:,}" if step else "starts over: no checkpoint was saved"
        raise Interrupted("interrupted", hint=f"the same command {where}") from None
    reporter.clear()
    if os.environ.get("RANK", "0") != "0":
        return  # only the first of several processes prints
    if as_json:
        print(as_json_text(result_dict(result)))
    elif reporter.quiet:
        print(escape_for_terminal(str(result.output)))
    else:
        for line in _final_lines(result):
            print(escape_for_terminal(line))


def _dry_run(
    load: LoadConfig,
    files: Sequence[Path],
    output: Path,
    config: ExtendConfig,
    reporter: TrainingReporter,
    *,
    as_json: bool,
) -> None:
    """Print what a run reads and needs; refuse what the run would refuse."""
    from longsum.extend.folder import require_disk
    from longsum.extend.training_memory import require_training_fit
    from longsum.extend.training_plan import plan_extension

    job = plan_extension(load, files, output, config, reporter)
    reporter.clear()
    if as_json:
        extent = _extent_dict(job.extent) | {"epochs": job.extent.epochs, "dtype": job.dtype}
        print(as_json_text(extent | {"memory": _plan_dict(job.plan)}))
    else:
        for line in (f"{job.base.source.name}: {job.rope.reason}", *_extent_lines(job.extent)):
            print(escape_for_terminal(line))
    require_training_fit(job.plan)
    require_disk(output, job.extent.disk_bytes)


def _extent_lines(extent: TrainingExtent) -> list[str]:
    """Return what a run reads and needs."""
    read = [f"data: {f.name}: {f.texts:,} texts, {f.tokens:,} tokens" for f in extent.files]
    return [
        *read,
        _rows(extent),
        _passes(extent),
        f"memory: {format_bytes(extent.memory_bytes)} of {format_bytes(extent.free_bytes)} free; "
        f"{with_flags(extent.memory_reason)}",
        f"disk: {format_bytes(extent.disk_bytes)} of {format_bytes(extent.free_disk_bytes)} free",
    ]


def _rows(extent: TrainingExtent) -> str:
    """Return the number of sequences and their lengths."""
    rows = f"rows: {extent.rows:,} of {extent.train_tokens:,} tokens"
    if extent.train_tokens == extent.context:
        return f"{rows}, {extent.held_out:,} more held out"
    return (
        f"{rows}, positions spread over {extent.context:,}; {extent.held_out:,} of "
        f"{extent.context:,} tokens held out"
    )


MANY_PASSES = 20
"""Passes over a text after which a model has memorized it."""


def _passes(extent: TrainingExtent) -> str:
    """Return the length of the training, and whether the data is too short for it."""
    rows = "1 row" if extent.batch == 1 else f"{extent.batch:,} rows"
    passes = f"{extent.epochs:.2f} passes over your data"
    if extent.epochs >= MANY_PASSES:
        passes = f"{extent.epochs:,.0f} passes over your data (that is far too many; add text)"
    return f"training: {extent.steps:,} steps, {rows} each: {passes}"


def _final_lines(result: ExtendResult) -> list[str]:
    """Return where the model is, its losses, and what to do next."""
    native, extended = f"{result.native_window:,}", f"{result.context:,}"
    where = shlex.quote(str(result.output))
    state = "was finished before" if result.finished_before else "extended"
    lines = [f"{state}: {result.model} to {extended} tokens ({result.position}) in {where}"]
    if result.after.extended is not None:
        lines += [
            f"held-out loss at {extended}: {_loss(result.before.extended)} before, "
            f"{_loss(result.after.extended)} after {result.steps:,} steps",
            f"held-out loss at {native}: {_loss(result.before.native)} before, "
            f"{_loss(result.after.native)} after; the base's own: {_loss(result.base.native)}",
        ]
    return [*lines, f"next: longsum summarize FILE --model {where}"]


def _loss(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"


def result_dict(result: ExtendResult) -> dict[str, Any]:
    """Return a result for JSON; losses in nats per token."""
    extent = _extent_dict(result.extent) if result.extent else None
    return asdict(result) | {"output": str(result.output), "extent": extent}


def _extent_dict(extent: TrainingExtent) -> dict[str, Any]:
    return asdict(extent) | {"memory_reason": with_flags(extent.memory_reason)}


def _plan_dict(plan: TrainingPlan) -> dict[str, Any]:
    remedies = tuple(map(with_flags, plan.remedies))
    return asdict(plan) | {"reason": with_flags(plan.reason), "remedies": remedies}
