"""Terminal output: progress, notices, receipts and errors on stderr, answers on stdout.

All text of a document is escaped before it is printed.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.markup import escape

from longsum.bytesize import format_bytes
from longsum.cli.flags import with_flags
from longsum.cli.wrapping import WordWrap, columns, faint
from longsum.events import Listener
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from longsum.prepared import Prepared
    from longsum.receipt import Receipt

PLAIN_PROGRESS_S = 5.0
"""Seconds between progress lines where there is no terminal for a bar."""


def stderr_console() -> Console:
    """Return the console for everything that is not the answer."""
    wide = not sys.stderr.isatty()  # one line per message in a pipe
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=wide)


def print_line(label: str, style: str, text: str) -> None:
    """Print `label: text` on stderr.

    Args:
        label: first word, such as `warning`; empty prints the text alone.
        style: style of the label, as rich names it.
        text: the message; its settings are printed as flags.
    """
    stderr_console().print(_marked(label, style, text))


def _marked(label: str, style: str, text: str) -> str:
    """Return `label: text` as rich markup."""
    line = escape(escape_for_terminal(with_flags(text)))
    return f"[{style}]{label}:[/{style}] {line}" if label else line


def print_error(message: str, hint: str | None) -> None:
    """Print an error in one line, and the next step in another."""
    print_line("error", "bold red", message)
    if hint:
        print_line("hint", "cyan", hint)


def print_traceback(error: BaseException) -> None:
    """Print the traceback of an error, with the errors that caused it."""
    import traceback

    for line in "".join(traceback.format_exception(error)).splitlines():
        print_line("", "", line)


class Display:
    """Prints lines on stderr, and on a terminal draws one bar, spinner or group of bars at a time.

    Args:
        quiet: print no notices and no progress.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.console = stderr_console()
        self.draws = not quiet and self.console.is_terminal
        self.progress: Progress | None = None
        self.drawn = ""
        """Name of the step whose bar is drawn; empty where there is none."""
        self.last_line = 0.0

    def warning(self, line: str) -> None:
        """Print a line even a quiet run must not hide."""
        self.console.print(_marked("warning", "yellow", line))

    def notice(self, line: str) -> None:
        """Print a line about the run."""
        if not self.quiet:
            self.console.print(f"[dim]{escape(escape_for_terminal(with_flags(line)))}[/dim]")

    def spin(self, name: str) -> None:
        """Show a spinner for a step of unknown length."""
        if self.draws:
            from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

            text = TextColumn("{task.description} …")
            progress = self.begin(SpinnerColumn(), text, TimeElapsedColumn())
            progress.add_task(escape(escape_for_terminal(name)), total=None)
            progress.start()

    def begin(self, *columns: ProgressColumn, **options: Any) -> Progress:
        """Replace what is drawn by a new progress; the caller adds tasks and starts it."""
        from rich.progress import Progress

        self.clear()
        self.progress = Progress(*columns, console=self.console, transient=True, **options)
        return self.progress

    def draw(
        self, name: str, done: int, total: int, *columns: str | ProgressColumn, **fields: Any
    ) -> None:
        """Draw the progress of a step as a bar, which the last call removes.

        Args:
            name: name of the step.
            done: number of parts done.
            total: number of all parts.
            columns: columns beside the bar, as templates or rich columns.
            fields: values for the templates.
        """
        from rich.progress import BarColumn, TextColumn

        if self.drawn != name:
            beside = [TextColumn(each) if isinstance(each, str) else each for each in columns]
            progress = self.begin(TextColumn(name), BarColumn(), *beside)
            progress.add_task(name, total=total, completed=done, **fields)
            progress.start()
            self.drawn = name
        assert self.progress is not None, "it was begun"
        self.progress.update(self.progress.task_ids[0], completed=done, **fields)
        if done >= total:
            self.clear()

    def is_due(self, every_s: float = PLAIN_PROGRESS_S) -> bool:
        """Return whether a line of progress is due where nothing is drawn."""
        now = time.monotonic()
        if now - self.last_line < every_s:
            return False
        self.last_line = now
        return True

    def clear(self) -> None:
        """Remove bars and spinners from the terminal."""
        if self.progress is not None:
            self.progress.stop()
            self.progress, self.drawn = None, ""


class Reporter(Listener):
    """Shows the progress of a run, its notices and its answer.

    Args:
        quiet: print no notices and no progress.
        stream: print the text as it is generated; False leaves it to JSON or a file.
        explained: the attention asked for, to show what was chosen for the run; None hides it.
        remember: explain the choice of a model once, not in every run.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        stream: bool = True,
        explained: str | None = None,
        remember: bool = False,
    ) -> None:
        self.quiet = quiet
        self.explained, self.remember = explained, remember
        self.stream = stream
        self.display = Display(quiet=quiet)
        self._wrap: WordWrap | None = None
        self._started = 0.0
        self._before = 0
        """Tokens read when the bar was drawn: parts of a document may have been read before."""
        self._warned: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.clear()

    def warning(self, line: str) -> None:
        """Print a line even a quiet run must not hide, once."""
        self.clear()
        if line not in self._warned:
            self._warned.add(line)
            self.display.warning(line)

    def notice(self, line: str) -> None:
        """Print a line about the run."""
        if not self.quiet:
            self.clear()
            self.display.notice(line)

    def phase(self, name: str) -> None:
        """Show a step of unknown length."""
        self.clear()
        self.display.spin(name)

    def prefill(self, done: int, total: int) -> None:
        """Show how many tokens are read."""
        if self.display.draws:
            self._draw(done, total)
        elif not self.quiet:
            is_first = not self.display.last_line
            if self.display.is_due() and not is_first:
                self.display.console.print(f"read {done:,} of {total:,} tokens")

    def _draw(self, done: int, total: int) -> None:
        from rich.progress import TimeRemainingColumn

        if self.display.drawn != "reading":
            self.clear()
            self._started, self._before = time.monotonic(), done
        seconds = time.monotonic() - self._started
        self.display.draw(
            "reading",
            done,
            total,
            "{task.completed:,.0f} of {task.total:,.0f} tokens",
            "{task.fields[speed]} tok/s",
            TimeRemainingColumn(),
            speed=f"{(done - self._before) / seconds:,.0f}" if seconds > 0.05 else "…",
        )

    def text(self, piece: str) -> None:
        """Print the next piece of an answer."""
        if not self.stream:
            return
        self.display.clear()
        sys.stdout.write(self._wrapped(piece))
        sys.stdout.flush()

    def nearest(self, piece: str, mark: str, sentence: Any) -> None:
        """Print a sentence that comes nearest to a question, on a terminal fainter than answers."""
        if not self.stream:
            return
        self.clear()
        shown = self._wrapped(piece + mark) + (self._wrap.finish() if self._wrap else "")
        sys.stdout.write(faint(shown))
        sys.stdout.flush()

    def _wrapped(self, piece: str) -> str:
        """Return what can be printed of an answer and its next piece."""
        shown = escape_for_terminal(piece)
        if self._wrap is None and (width := columns()) is not None:
            self._wrap = WordWrap(width)
        return self._wrap.push(shown) if self._wrap else shown

    def receipt(self, receipt: Receipt) -> None:
        """Print the receipt of an answer."""
        if self.quiet:
            return
        self.clear()
        if self.display.console.is_terminal:
            self.display.console.print()
        for line in receipt.lines():
            self.notice(line)

    def model_chosen(self, line: str) -> None:
        """Print why a model was chosen, unless it was printed in an earlier run."""
        from longsum.cli.state import first_time

        if self.quiet or not self.remember or first_time(with_flags(line)):
            self.notice(line)

    def planned(self, prepared: Prepared) -> None:
        """Print what was chosen for a run, and why, with `--verbose`."""
        if (attention := self.explained) is None:
            return
        model, plan = prepared.model, prepared.plan
        self.notice(f"model: {model.source.folder}")
        self.notice(f"window: {model.rope.window:,} tokens; {model.rope.reason}")
        self.notice(f"machine: {model.machine.name}; {model.machine.reason}")
        ours = "longsum's own: exact, in chunks, without a mask"
        self.notice(f"attention: {ours if attention == 'auto' else attention + ', as asked'}")
        self.notice(
            f"memory: {format_bytes(plan.total_bytes)} of {format_bytes(plan.free_bytes)}, "
            f"{plan.chunk_tokens:,} tokens per chunk; {plan.reason}"
        )

    def clear(self) -> None:
        """Print the rest of an answer, and remove bars and spinners from the terminal."""
        if self._wrap is not None and (rest := self._wrap.finish()):
            sys.stdout.write(rest)
            sys.stdout.flush()
        self.display.clear()
