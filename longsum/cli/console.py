"""What goes to the terminal: progress, notices, receipts and errors on stderr, answers on stdout.

No text of a document reaches a terminal with live escape sequences.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.markup import escape

from longsum.bytesize import format_bytes
from longsum.cli.wrapping import WordWrap, columns
from longsum.events import Listener
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    from longsum.receipt import Receipt
    from longsum.session import Prepared

PLAIN_PROGRESS_S = 5.0
"""Seconds between progress lines where there is no terminal to draw a bar on."""


def stderr_console() -> Console:
    """Return the console for everything that is not the answer."""
    wide = not sys.stderr.isatty()  # a pipe gets each message on one line
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=wide)


def print_line(label: str, style: str, text: str) -> None:
    """Print `label: text` on stderr."""
    line = escape(escape_for_terminal(text))
    stderr_console().print(f"[{style}]{label}:[/{style}] {line}" if label else line)


def print_error(message: str, hint: str | None) -> None:
    """Print an error in one line, and the next step in another."""
    print_line("error", "bold red", message)
    if hint:
        print_line("hint", "cyan", hint)


def print_traceback(error: BaseException) -> None:
    """Print how an error came about, with the errors that caused it."""
    import traceback

    for line in "".join(traceback.format_exception(error)).splitlines():
        print_line("", "", line)


class Reporter(Listener):
    """Shows how a run goes.

    Args:
        quiet: no notices, no progress.
        stream: print the text as it comes; False keeps it for JSON or a file.
    """

    def __init__(self, *, quiet: bool = False, stream: bool = True) -> None:
        self.quiet = quiet
        self.stream = stream
        self.console = stderr_console()
        self._wrap: WordWrap | None = None
        self.bar = not quiet and self.console.is_terminal
        self._progress: Any = None
        self._reading = False  # the bar is the prefill's
        self._started = 0.0
        self._last_line = 0.0
        self._warned: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def warning(self, line: str) -> None:
        """Print a line even a quiet run must not hide, once."""
        self.clear()
        if line in self._warned:
            return
        self._warned.add(line)
        print_line("warning", "yellow", line)

    def notice(self, line: str) -> None:
        """Print a line about the run."""
        if not self.quiet:
            self.clear()
            self.console.print(f"[dim]{escape(escape_for_terminal(line))}[/dim]")

    def phase(self, name: str) -> None:
        """Show a step that cannot say how far it is."""
        self.clear()
        if self.bar:
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description} …"),
                TimeElapsedColumn(),
                console=self.console,
                transient=True,
            )
            self._progress.add_task(escape(escape_for_terminal(name)), total=None)
            self._progress.start()

    def prefill(self, done: int, total: int) -> None:
        """Show how much of the document is read."""
        if self.quiet:
            return
        if self.bar:
            self._draw(done, total)
            return
        now = time.monotonic()
        self._started = self._started or now
        if now - self._last_line >= PLAIN_PROGRESS_S and self._last_line:
            self.console.print(f"read {done:,} of {total:,} tokens")
        if now - self._last_line >= PLAIN_PROGRESS_S:
            self._last_line = now

    def _draw(self, done: int, total: int) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        if not self._reading:
            self.clear()
            self._reading = True
            self._progress = Progress(
                TextColumn("reading"),
                BarColumn(),
                TextColumn("{task.completed:,.0f} of {task.total:,.0f} tokens"),
                TextColumn("{task.fields[speed]} tok/s"),
                TimeRemainingColumn(),
                console=self.console,
                transient=True,
            )
            self._started = time.monotonic()
            self._progress.add_task("reading", total=total, speed="…")
            self._progress.start()
        seconds = time.monotonic() - self._started
        speed = f"{done / seconds:,.0f}" if seconds > 0.05 else "…"
        self._progress.update(0, completed=done, speed=speed)
        if done >= total:
            self.clear()

    def text(self, piece: str) -> None:
        """Print the next piece of an answer."""
        if not self.stream:
            return
        self._stop_progress()
        shown = escape_for_terminal(piece)
        if self._wrap is None and (width := columns()) is not None:
            self._wrap = WordWrap(width)
        sys.stdout.write(self._wrap.push(shown) if self._wrap else shown)
        sys.stdout.flush()

    def receipt(self, receipt: Receipt) -> None:
        """Print the account of an answer."""
        if self.quiet:
            return
        self.clear()
        if self.console.is_terminal:
            self.console.print()
        for line in receipt.lines():
            self.notice(line)

    def explain(self, prepared: Prepared, attention: str) -> None:
        """Print what was chosen for a run, and why."""
        model, plan = prepared.model, prepared.plan
        self.notice(f"model: {model.source.folder}")
        self.notice(f"window: {model.rope.window:,} tokens; {model.rope.reason}")
        self.notice(f"machine: {model.machine.name}; {model.machine.reason}")
        ours = "longsum's own: exact, in chunks, without a mask"
        self.notice(f"attention: {ours if attention == 'auto' else attention + ', as asked'}")
        self.notice(
            f"memory: {format_bytes(plan.total_bytes)} of {format_bytes(plan.free_bytes)}, "
            f"{plan.chunk_tokens:,} tokens a chunk; {plan.reason}"
        )

    def clear(self) -> None:
        """Print what is held back of an answer, and take bars and spinners off the terminal."""
        if self._wrap is not None and (rest := self._wrap.finish()):
            sys.stdout.write(rest)
            sys.stdout.flush()
        self._stop_progress()

    def _stop_progress(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        self._reading = False
