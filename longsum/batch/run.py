"""Run a batch from beginning to end: what `longsum batch` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from longsum.batch.batch_events import BatchListener, Stop
from longsum.batch.batch_journal import journal_path, journals
from longsum.batch.devices import worker_environments
from longsum.batch.export import export, is_current
from longsum.batch.inputs import Input, Passed, in_shard
from longsum.batch.job import Job, settings_of, with_settings
from longsum.batch.lock import locked
from longsum.batch.progress_db import Counts, Ledger
from longsum.batch.reading import ReadTask
from longsum.batch.recorder import RowRecorder, Tally
from longsum.documents.formats import format_names
from longsum.errors import DocumentNotFound

FindInputs = Callable[[Passed], Iterator[Input]]
"""Yields the documents, and counts what it passes over."""


class BatchEngine(Protocol):
    """Works through documents and passes their rows to the recorder."""

    def run(self, tasks: Iterator[ReadTask]) -> None:
        """Work on all documents, or until asked to stop."""


@dataclass(frozen=True)
class Outcome:
    """Result of a run."""

    counts: Counts
    """What was found before it."""
    tally: Tally
    """What it did."""
    passed: Passed
    elapsed_s: float
    """Time of the work itself, in seconds."""
    stopped: bool
    """Whether it was stopped before the end."""

    @property
    def failed(self) -> int:
        """Number of documents of this run that failed, now or before."""
        return self.tally.failed + self.counts.failed_before

    @property
    def succeeded(self) -> int:
        """Number of documents of this run that have a result, made now or before."""
        return self.tally.done + self.tally.unchanged + self.counts.done_before

    @property
    def per_hour(self) -> float:
        """Documents answered per hour in this run; failures take hardly any time."""
        return 3600 * self.tally.done / self.elapsed_s if self.elapsed_s > 0 else 0.0

    def exit_code(self, fail_on: str) -> int:
        """Return 0, 1 for failures that count, or 130 for an interrupted run."""
        if self.stopped:
            return 130
        if fail_on == "any":
            return int(self.failed > 0)
        if fail_on == "all":
            return int(self.failed > 0 and not self.succeeded)
        return 0

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        counts, tally = self.counts, self.tally
        return {
            "documents": counts.documents,
            "done": tally.done,
            "done_before": counts.done_before + tally.unchanged,
            "failed": tally.failed,
            "failed_before": counts.failed_before,
            "skipped": tally.skipped + counts.skipped_before,
            "tokens_read": tally.tokens_read,
            "tokens_written": tally.tokens_written,
            "seconds": round(self.elapsed_s, 3),
            "documents_per_hour": round(self.per_hour, 1),
            "interrupted": self.stopped,
        }


def run_batch(
    job: Job,
    find_inputs: FindInputs,
    *,
    listener: BatchListener | None = None,
    stop: Stop | None = None,
) -> Outcome:
    """Work through documents; run again, it continues where it stopped.

    Args:
        job: what is asked of every document, and where results go; from `with_model`.
        find_inputs: yields the documents.
        listener: receives the events of the run.
        stop: asked once, the run finishes the documents in progress; asked twice, it drops them.

    Raises:
        DocumentNotFound: when there are no documents.
        OutputError: when another run uses the folder, or it cannot be written.
        LongsumError: when the model cannot be used.
    """
    listener, stop = listener or BatchListener(), stop or Stop()
    job = with_settings(job)
    with locked(job.output, job.batch.shard):
        ledger = Ledger()
        try:
            return _run(job, find_inputs, ledger, listener, stop)
        finally:
            ledger.close()


def _run(
    job: Job, find_inputs: FindInputs, ledger: Ledger, listener: BatchListener, stop: Stop
) -> Outcome:
    for path in journals(job.output):
        ledger.load(path)
    passed = Passed()
    shard = job.batch.shard
    ours = (each for each in find_inputs(passed) if in_shard(each.name, shard))
    counts = ledger.plan(ours, job)
    if not counts.documents and shard is None:
        raise DocumentNotFound(
            f"no {format_names()} files found",
            hint="; ".join(passed.lines()) or "add -r to look in subfolders",
        )
    listener.planned(counts, passed, len(worker_environments(job.load.device, job.batch.workers)))
    recorder = RowRecorder(journal_path(job.output, shard), ledger, listener)
    started = time.monotonic()
    try:
        if counts.todo:
            recorder.begin(settings_of(job), job.settings)
            open_engine(job, listener, stop, recorder).run(ledger.todo())
    finally:
        recorder.close()
    elapsed = time.monotonic() - started if counts.todo else 0.0
    stopped = stop.level > 0 and recorder.tally.finished < counts.todo
    if shard is None and stop.level < 2 and (recorder.tally.finished or not is_current(job.output)):
        listener.exporting()
        export(job.output, ledger)
    return Outcome(counts, recorder.tally, passed, elapsed, stopped)


def open_engine(
    job: Job, listener: BatchListener, stop: Stop, recorder: RowRecorder
) -> BatchEngine:
    """Return the engine that the job names.

    Args:
        job: what is asked of every document.
        listener: receives the events of the run.
        stop: a request to stop.
        recorder: takes finished rows.
    """
    if job.batch.engine == "ray":
        from longsum.batch.ray_engine import RayEngine

        return RayEngine(job, listener, stop, recorder)
    from longsum.batch.local import LocalEngine

    return LocalEngine(job, listener, stop, recorder)


def folder_inputs(folder: Path, job: Job) -> FindInputs:
    """Return a function that yields a folder's documents."""
    from longsum.batch.inputs import walk

    return lambda passed: walk(folder.absolute(), job.output, job.batch, passed)
