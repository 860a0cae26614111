"""What an evaluation writes, and the table it shows."""

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
    """What an evaluation writes, and how it shows it."""

    output: Path | None = o.in_output(
        None,
        "--output",
        "-o",
        metavar="FILE",
        help="Write everything as JSON. Until then FILE.journal keeps what is measured: after "
        "an interruption the same command goes on.",
    )
    plot: Path | None = o.in_output(None, metavar="FILE", help="Draw a PNG.")
    redo: bool = o.in_output(False, "--redo", help="Overwrite the files and measure anew.")
    as_json: bool = o.in_output(
        False, "--json", help="Print everything as JSON instead of a table."
    )
    quiet: o.Quiet = False

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

    def open_journal(self, settings: dict[str, Any]) -> EvaluationJournal:
        """Return the journal beside the output file, emptied for `--redo`."""
        from longsum.evaluate.evaluation_journal import EvaluationJournal, evaluation_journal_path

        path = evaluation_journal_path(self.output) if self.output else None
        if path is not None:
            check_output(path, force=True)
            if self.redo:
                path.unlink(missing_ok=True)
        return EvaluationJournal(path, settings)

    @contextlib.contextmanager
    def journal(self, settings: dict[str, Any], reporter: Reporter) -> Iterator[EvaluationJournal]:
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
