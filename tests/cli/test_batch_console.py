from __future__ import annotations

import io

import pytest
from helpers import ANSI
from rich.console import Console

from longsum.batch.batch_events import Stop
from longsum.batch.eta import Work
from longsum.batch.inputs import Passed
from longsum.batch.progress_db import Counts
from longsum.cli import batch_console, console
from longsum.cli.batch_console import MAX_FAILURES_SHOWN, BatchReporter, duration, failure


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""

    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

    found = Clock()
    for module in (batch_console, console):
        monkeypatch.setattr(module, "time", found)
    return found


@pytest.fixture
def terminal(monkeypatch):
    """What the reporter draws on a terminal."""
    out = io.StringIO()
    screen = Console(file=out, force_terminal=True, width=120, highlight=False)
    monkeypatch.setattr(console, "stderr_console", lambda: screen)
    return out


@pytest.fixture
def pipe(monkeypatch):
    out = io.StringIO()
    screen = Console(file=out, highlight=False, soft_wrap=True)
    monkeypatch.setattr(console, "stderr_console", lambda: screen)
    return out


def row(name: str, outcome: str = "done", **more) -> dict:
    error = {"message": "it is bad"} if outcome == "failed" else None
    known = {"document": name, "outcome": outcome, "size": 100, "seconds": 10.0, "error": error}
    return known | more


WORK = {"text": Work(4, 400)}
COUNTS = Counts(work=WORK, done_before=2, failed_before=1, skipped_before=1)


def test_terminal_shows_the_whole_run_and_every_worker(terminal, clock):
    reporter = BatchReporter(Stop())
    with reporter:
        reporter.planned(COUNTS, Passed(), 2)
        reporter.begun(0, "one.txt")
        reporter.begun(1, "[bold]two\x1b[2J" + "o" * 60)
        reporter.prefill(0, 512, 2048)
        for name in ("one.txt", "three.txt"):
            clock.now += 5
            reporter.finished(row(name, size=100), 0)
        reporter.tick()
        reporter.display.progress.refresh()
    shown = ANSI.sub("", terminal.getvalue())
    assert "one.txt" in shown
    assert "2 of 4 documents, 720 per hour, 10 s left" in shown
    assert "\x1b[2J" not in terminal.getvalue()
    assert "…" in shown


def test_pipe_gets_a_line_now_and_then(pipe, clock):
    reporter = BatchReporter(Stop())
    reporter.planned(COUNTS, Passed(hidden=2), 1)
    reporter.tick()
    clock.now += 6
    reporter.tick()
    reporter.begun(0, "one.txt")
    clock.now += 6
    reporter.finished(row("one.txt"), 0)
    reporter.tick()
    reporter.tick()
    assert pipe.getvalue().splitlines() == [
        "4 documents to work on; 2 done before; 1 failed before (--retry-failed tries again); "
        "1 in a format that cannot be read",
        "passed over: 2 hidden",
        "0 of 4 documents, starting",
        "1 of 4 documents, 600 per hour",
    ]


def test_many_failures_are_not_all_shown(pipe, clock):
    reporter = BatchReporter(Stop(), quiet=True)
    reporter.planned(COUNTS, Passed(), 1)
    for number in range(MAX_FAILURES_SHOWN + 5):
        reporter.finished(row(f"{number}.txt", "failed"), 0)
    lines = pipe.getvalue().splitlines()
    assert len(lines) == MAX_FAILURES_SHOWN + 1
    assert lines[0] == "warning: 0.txt: it is bad"
    assert "index.md" in lines[-1]


def test_request_to_stop_is_answered_once(pipe, clock):
    stop = Stop()
    reporter = BatchReporter(stop)
    stop.ask()
    reporter.tick()
    reporter.tick()
    assert pipe.getvalue().count("Ctrl-C again stops at once") == 1


def test_failure_names_the_document_once():
    error = {"message": "a.txt is empty"}
    assert failure(row("sub/a.txt", "failed", error=error)) == "sub/a.txt is empty"
    assert failure(row("sub/a.txt", "failed")) == "sub/a.txt: it is bad"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (61, "1 min 01 s"),
        (3599, "59 min 59 s"),
        (7500, "2 h 05 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_duration_is_readable(seconds, shown):
    assert duration(seconds) == shown
