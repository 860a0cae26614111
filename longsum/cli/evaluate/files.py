"""The files an evaluation writes, and the table it prints."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from longsum.cli import options as o
from longsum.cli.console import Reporter, print_line
from longsum.cli.output import as_json_text, check_output
from longsum.errors import OutputError, UsageError
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    from longsum.evaluate.evaluation_journal import EvaluationJournal
    from longsum.evaluate.report import Report


@dataclass(frozen=True)
class Files:
    """Which files an evaluation writes, and what it prints."""

    output: Path | None = o.in_output(
        None,
        "--output",
        "-o",
        metavar="FILE",
        help="JSON file for all results. The same command continues an interrupted run from "
        "FILE.journal.",
    )
    plot: Path | None = o.in_output(
        None, metavar="FILE", help="PNG file for a plot of the results."
    )
    redo: bool = o.in_output(False, "--redo", help="Measure again and overwrite the files.")
    as_json: bool = o.in_output(False, "--json", help="Print JSON instead of a table.")
    quiet: o.Quiet = False

    def check(self) -> None:
        """Refuse files that cannot be written, before any work is done.

        Raises:
            OutputError: when a file exists and `--redo` is absent, or cannot be written.
            UsageError: when a plot cannot be drawn.
        """
        if self.plot is not None and self.plot == self.output:
            raise UsageError("--output and --plot name the same file", hint="name two")
        for path in (self.output, self.plot):
            if path is not None and path.is_file() and not self.redo:
                raise OutputError(
                    f"{path} exists", hint="add --redo to measure again, or name another file"
                )
            check_output(path, force=True)
        if self.plot is not None:
            from longsum.evaluate.plot import require_matplotlib

            require_matplotlib(self.plot)

    def open_journal(self, settings: dict[str, Any]) -> EvaluationJournal:
        """Return the journal beside the output file; `--redo` deletes it first."""
        from longsum.evaluate.evaluation_journal import EvaluationJournal, evaluation_journal_path

        path = evaluation_journal_path(self.output) if self.output else None
        if path is not None:
            check_output(path, force=True)
            if self.redo:
                path.unlink(missing_ok=True)
        return EvaluationJournal(path, settings)

    @contextlib.contextmanager
    def journal(self, settings: dict[str, Any], reporter: Reporter) -> Iterator[EvaluationJournal]:
        """Open the journal; it is deleted when the work is done, not when it is interrupted."""
        journal = self.open_journal(settings)
        if journal.finished:
            reporter.notice(f"continuing: {journal.finished:,} parts were measured before")
        try:
            yield journal
        except KeyboardInterrupt:
            journal.close(finished=False)
            reporter.clear()
            if journal.finished:
                print_line("hint", "cyan", "run the same command again to continue")
            elif self.output is None:
                print_line("hint", "cyan", "with --output, the same command could continue")
            raise
        except BaseException:
            journal.close(finished=False)
            raise
        else:
            journal.close(finished=True)

    def deliver(self, report: Report, draw: Callable[[Report, Path], None] | None) -> None:
        """Write the report to its files and print it on stdout.

        Args:
            report: the results.
            draw: plots them into a file; None where there is no plot.
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
    """Print a report as a table on stdout: ruled on a terminal, aligned columns in a pipe."""
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
