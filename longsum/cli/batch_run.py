"""Run a batch from the command line: Ctrl-C, closing table, exit code; and merge its parts."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from longsum.cli import options as o
from longsum.cli.console import Reporter, print_line

if TYPE_CHECKING:
    from longsum.batch.batch_events import Stop
    from longsum.batch.job import Job
    from longsum.batch.run import FindInputs


def run_job(job: Job, find_inputs: FindInputs, *, as_json: bool, quiet: bool) -> None:
    """Run a batch, show its progress and its outcome.

    Args:
        job: what to do, with which model, and where to write.
        find_inputs: yields the documents.
        as_json: print the closing table as JSON.
        quiet: print warnings and errors only.

    Raises:
        typer.Exit: with 1 when failures count, with 130 when interrupted.
    """
    from longsum.batch.batch_events import Stop
    from longsum.batch.job import with_model
    from longsum.batch.run import run_batch
    from longsum.cli.batch_console import BatchReporter, show_outcome

    stop = Stop()
    with BatchReporter(stop, quiet=quiet) as reporter:
        job = with_model(job, reporter.notice)
        with _stopping_on_interrupt(stop):
            outcome = run_batch(job, find_inputs, listener=reporter, stop=stop)
    if as_json:
        print(json.dumps(outcome.as_dict(), indent=2))
    elif not quiet:
        show_outcome(outcome, job)
    code = outcome.exit_code(job.batch.fail_on)
    if outcome.stopped:
        print_line("error", "bold red", "interrupted; finished documents are saved")
        print_line("hint", "cyan", "run the same command again to continue")
    if code:
        raise typer.Exit(code)


@contextlib.contextmanager
def _stopping_on_interrupt(stop: Stop) -> Iterator[None]:
    """Let Ctrl-C ask the run to stop instead of aborting it."""

    def ask(number: int, frame: FrameType | None) -> None:
        stop.ask()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def merge(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the parts to merge.")],
    others: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="OTHER", help="Folders of parts written elsewhere, to copy into OUT."
        ),
    ] = None,
    as_json: o.PlainJson = False,
) -> None:
    """Merge the parts of `longsum batch --shard` into one journal, index and table.

    Exits with 1 when a part has no journal or is still running.
    """
    from longsum.batch.merge import merge as merge_parts

    with Reporter() as reporter:
        reporter.phase("merging")
        merged = merge_parts(output.absolute(), [other.absolute() for other in others or []])
    if as_json:
        print(json.dumps(merged.as_dict(), indent=2))
    else:
        outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in merged.outcomes.items())
        from longsum.cli.wrapping import stdout_console

        stdout_console().print(f"{merged.journals:,} journals merged: {outcomes or 'no documents'}")
    for part in merged.missing:
        print_line("warning", "yellow", f"part {part} has no journal")
    if merged.missing:
        raise typer.Exit(1)
