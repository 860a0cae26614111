"""A batch from beginning to end: what `longsum batch` does."""

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
from longsum.batch.recorder import Book, Tally
from longsum.documents.formats import format_names
from longsum.errors import DocumentNotFound

FindInputs = Callable[[Passed], Iterator[Input]]
"""Yields the documents, and counts what it passes over."""


class BatchEngine(Protocol):
    """Works through documents and gives their rows to the book."""

    def run(self, tasks: Iterator[ReadTask]) -> None:
        """Work on all documents, or until asked to stop."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    counts: Counts
    """What was found before."""
    tally: Tally
    """What this run did."""
    passed: Passed
    elapsed_s: float
    """Of the work itself."""
    stopped: bool
    """Asked to stop before the end."""

    @property
    def failed(self) -> int:
        """Documents of this run that have failed, now or before."""
        return self.tally.failed + self.counts.failed_before

    @property
    def succeeded(self) -> int:
        """Documents of this run that have a result, made now or before."""
        return self.tally.done + self.tally.unchanged + self.counts.done_before

    @property
    def per_hour(self) -> float:
        """Documents that this run answered in an hour; failures take hardly any time."""
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
    """Work through documents; run again, it goes on where it was.

    Args:
        job: what is asked of every document, and where results go; its model found already.
        find_inputs: yields the documents.
        listener: hears how it goes.
        stop: asked to stop, the run finishes what is in hand; asked twice, it leaves it.

    Raises:
        DocumentNotFound: when there are no documents.
        OutputError: when the folder is another run's, or cannot be written.
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
    book = Book(journal_path(job.output, shard), ledger, listener)
    started = time.monotonic()
    try:
        if counts.todo:
            book.begin(settings_of(job), job.settings)
            open_engine(job, listener, stop, book).run(ledger.todo())
    finally:
        book.close()
    elapsed = time.monotonic() - started if counts.todo else 0.0
    stopped = stop.level > 0 and book.tally.finished < counts.todo
    if shard is None and stop.level < 2 and (book.tally.finished or not is_current(job.output)):
        listener.exporting()
        export(job.output, ledger)
    return Outcome(counts, book.tally, passed, elapsed, stopped)


def open_engine(job: Job, listener: BatchListener, stop: Stop, book: Book) -> BatchEngine:
    """Return the engine that was asked for."""
    if job.batch.engine == "ray":
        from longsum.batch.ray_engine import RayEngine

        return RayEngine(job, listener, stop, book)
    from longsum.batch.local import LocalEngine

    return LocalEngine(job, listener, stop, book)


def folder_inputs(folder: Path, job: Job) -> FindInputs:
    """Return what yields a folder's documents."""
    from longsum.batch.inputs import walk

    return lambda passed: walk(folder.absolute(), job.output, job.batch, passed)
