"""Show a batch: bars on a terminal, a line now and then in a pipe, a closing table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from longsum.batch.batch_events import BatchListener, Stop
from longsum.batch.eta import Pace
from longsum.batch.inputs import Passed
from longsum.batch.outcome import DONE, FAILED, Row
from longsum.batch.progress_db import Counts
from longsum.batch.result_files import INDEX
from longsum.cli.console import Display, print_line
from longsum.cli.wrapping import stdout_console
from longsum.documents.formats import format_of_name
from longsum.terminal import shown_name

if TYPE_CHECKING:
    from rich.progress import TaskID

    from longsum.batch.job import Job
    from longsum.batch.run import Outcome

MAX_FAILURES_SHOWN = 20
"""Failures printed while a batch runs; the rest is listed in the index only."""
NAME_WIDTH = 40
"""Characters of a document's name on a bar."""


def duration(seconds: float) -> str:
    """Return a duration as text: `2 h 05 min`, `3 min 20 s`, `45 s`."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


class BatchReporter(BatchListener):
    """Shows the progress of a batch.

    Args:
        stop: reports when the user has asked the run to stop.
        quiet: print warnings only.
    """

    def __init__(self, stop: Stop, *, quiet: bool = False) -> None:
        self.stop = stop
        self.display = Display(quiet=quiet)
        self.display.last_line = time.monotonic()
        self._bars: dict[int, TaskID] = {}
        self._pace: Pace | None = None
        self._todo = self._done = self._failed = self._in_part = 0
        self._started: float | None = None  # when the first document began, after loading the model
        self._stop_shown = 0

    def __enter__(self) -> BatchReporter:
        return self

    def __exit__(self, *raised: object) -> None:
        self.display.clear()

    def notice(self, line: str) -> None:
        """Print a line about the run."""
        self.display.notice(line)

    def warning(self, line: str) -> None:
        """Print a line that even a quiet run must show."""
        self.display.warning(line)

    def planned(self, counts: Counts, passed: Passed, workers: int) -> None:
        """Show what was found, and open the bars.

        Args:
            counts: documents to work on, and those finished before.
            passed: files that were left out.
            workers: number of processes that hold the model.
        """
        self._todo = counts.todo
        self._pace = Pace(counts.work)
        before = [
            f"{number:,} {what}"
            for number, what in (
                (counts.done_before, "done before"),
                (counts.failed_before, "failed before (--retry-failed tries again)"),
                (counts.skipped_before, "in a format that cannot be read"),
            )
            if number
        ]
        self.notice("; ".join([f"{counts.todo:,} documents to work on", *before]))
        for line in passed.lines():
            self.notice(line)
        if self.display.draws and counts.todo:
            self._open_bars(counts.todo, workers)

    def _open_bars(self, total: int, workers: int) -> None:
        from rich.progress import BarColumn, TextColumn

        progress = self.display.begin(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            refresh_per_second=4,
        )
        self._bars[-1] = progress.add_task("documents", total=total, figures="")
        for worker in range(workers if workers <= 16 else 0):
            self._bars[worker] = progress.add_task(
                f"worker {worker + 1}", total=1, figures="waiting"
            )
        progress.start()

    def begun(self, worker: int, name: str) -> None:
        """Show which document a worker has begun."""
        self._started = self._started or time.monotonic()
        self._draw(worker, completed=0, total=1, figures=_short(name))

    def prefill(self, worker: int, done: int, total: int) -> None:
        """Show how far a worker has read.

        Args:
            worker: its number, from 0.
            done: tokens read.
            total: tokens to read.
        """
        self._draw(worker, completed=done, total=total)

    def _draw(self, worker: int, **fields: Any) -> None:
        if self.display.progress is not None and worker in self._bars:
            self.display.progress.update(self._bars[worker], **fields)

    def finished(self, row: Row, worker: int | None) -> None:
        """Count a document, and report a failure."""
        self._done += 1
        if self._pace is not None:
            name, size = row["document"], row["size"]
            # a refused document took the model no time: it says nothing about the others
            worked = row["seconds"] if row["outcome"] == DONE else None
            self._pace.add(format_of_name(name), size=size, seconds=worked)
        if row["outcome"] == FAILED:
            self._failed += 1
            if self._failed <= MAX_FAILURES_SHOWN:
                self.warning(failure(row))
            if self._failed == MAX_FAILURES_SHOWN:
                self.warning(f"further failures are not shown here; see {INDEX}")
            return
        self._in_part += bool((row.get("receipt") or {}).get("truncated"))
        if row["outcome"] == DONE:
            self._draw(-1, completed=self._done)

    def figures(self) -> str:
        """Return the progress of the run as text."""
        parts = [f"{self._done:,} of {self._todo:,} documents"]
        if self._failed:
            parts.append(f"{self._failed:,} failed")
        if self._started is None:
            return ", ".join([*parts, "starting"])
        elapsed = time.monotonic() - self._started
        if self._pace is not None and self._pace.answered:
            parts.append(f"{self._pace.per_hour(elapsed):,.0f} per hour")
            left = self._pace.left_s(elapsed)
            if left is not None:
                parts.append(f"{duration(left)} left")
        return ", ".join(parts)

    def tick(self) -> None:
        """Draw the progress of the run, or print a line of it now and then."""
        if self.stop.level > self._stop_shown:
            self._stop_shown = self.stop.level
            if self.stop.level == 1:
                self.warning("finishing the current document; Ctrl-C again stops at once")
        if self.display.progress is not None:
            self._draw(-1, completed=self._done, figures=self.figures())
        elif not self.display.quiet and self.display.is_due():
            self.notice(self.figures())

    def exporting(self) -> None:
        """Remove the bars, as only the overviews are left to write; warn of truncated documents."""
        self.display.clear()
        if self._in_part:
            documents = "document was" if self._in_part == 1 else "documents were"
            self.warning(
                f"{self._in_part:,} {documents} read in part (--truncate); "
                f"{INDEX} says which pages are LEFT OUT"
            )


def failure(row: Row) -> str:
    """Return why a document failed, in one line that names it once, with its folders."""
    assert row["error"] is not None
    name, message = shown_name(row["document"]), row["error"]["message"]
    base = name.rpartition("/")[2]
    return name + message[len(base) :] if message.startswith(base) else f"{name}: {message}"


def _short(name: str) -> str:
    """Return the end of a name, safe to print."""
    shown = shown_name(name)
    return escape(shown if len(shown) <= NAME_WIDTH else "…" + shown[1 - NAME_WIDTH :])


def show_outcome(outcome: Outcome, job: Job) -> None:
    """Print the closing table on stdout."""
    counts, tally = outcome.counts, outcome.tally
    before = counts.done_before + tally.unchanged
    skipped = tally.skipped + counts.skipped_before
    rows = [
        ("done", f"{tally.done:,}" + (f" ({before:,} earlier)" if before else "")),
        ("skipped", f"{skipped:,} in a format that cannot be read" if skipped else "0"),
        (
            "failed",
            f"{tally.failed:,}"
            + (f" ({counts.failed_before:,} earlier)" if counts.failed_before else ""),
        ),
        ("tokens", f"{tally.tokens_read:,} read, {tally.tokens_written:,} written"),
    ]
    if tally.finished:
        rows.append(("time", duration(outcome.elapsed_s)))
    if tally.done:
        rows.append(("pace", f"{outcome.per_hour:,.0f} documents/hour"))
    if job.batch.shard is None:
        rows.append(("results", shown_name(str(job.output / INDEX))))
    console = stdout_console()
    for name, value in rows:
        console.print(f"{name:<9}{value}")
    if job.batch.shard is not None:
        print_line("hint", "cyan", f"after all parts: longsum batch merge {job.output}")
