from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from helpers import ANSI

from longsum.cli import console
from longsum.cli.console import Reporter, print_error

ATTACK = "a\x1b[31mb\x9b2J\u202ec [bold]d[/bold] [/] e"
TAMED = "a\\x1b[31mb\\x9b2J\\u202ec [bold]d[/bold] [/] e"


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@contextmanager
def terminal(monkeypatch) -> Iterator[Screen]:
    """Put a terminal in the place of stderr, after pytest has put its own there."""
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", screen := Screen())
        patch.setenv("TERM", "xterm-256color")
        yield screen


def test_error_and_hint_stand_on_a_line_each_however_long(capsys):
    print_error("word " * 100, "step " * 100)
    out, err = capsys.readouterr()
    assert out == ""
    assert [line[:6] for line in err.splitlines()] == ["error:", "hint: "]


def test_error_without_hint_is_one_line(capsys):
    print_error("interrupted", None)
    assert capsys.readouterr().err == "error: interrupted\n"


def test_whatever_is_printed_is_escaped_and_taken_literally(capsys):
    """Square brackets are markup to rich: `[/]` raised, `[bold]` vanished."""
    reporter = Reporter()
    reporter.notice(ATTACK)
    reporter.warning(ATTACK)
    print_error(ATTACK, ATTACK)
    reporter.text(ATTACK)
    out, err = capsys.readouterr()
    assert out == TAMED
    assert err.splitlines() == [
        TAMED, f"warning: {TAMED}", f"error: {TAMED}", f"hint: {TAMED}"
    ]  # fmt: skip


def test_quiet_hides_notices_and_progress_but_no_warnings(capsys):
    with Reporter(quiet=True) as reporter:
        reporter.phase("loading")
        reporter.notice("a notice")
        reporter.prefill(1, 2)
        reporter.warning("pages are missing")
        reporter.text("answer")
    out, err = capsys.readouterr()
    assert (out, err) == ("answer", "warning: pages are missing\n")


def test_text_for_a_file_is_not_streamed(capsys):
    Reporter(stream=False).text("answer")
    assert capsys.readouterr().out == ""


def test_piped_progress_is_a_plain_line_now_and_then(capsys, monkeypatch):
    now = iter([100.0, 101.0, 106.0, 107.0, 112.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(now))
    with Reporter() as reporter:
        for done in range(1000, 6000, 1000):
            reporter.prefill(done, 18342)
    assert capsys.readouterr().err.splitlines() == [
        "read 3,000 of 18,342 tokens",
        "read 5,000 of 18,342 tokens",
    ]


def test_bar_is_drawn_on_a_terminal_and_taken_away(monkeypatch):
    with terminal(monkeypatch) as screen, Reporter() as reporter:
        reporter.phase("loading [mini]")
        reporter.prefill(1000, 2000)
        reporter.prefill(2000, 2000)
    shown = screen.getvalue()
    assert "loading [mini]" in shown
    assert "2,000 of 2,000 tokens" in ANSI.sub("", shown)
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") > 0  # the cursor comes back


def test_speed_is_that_of_the_part_that_is_read(monkeypatch):
    """Of a document in parts, the tokens of earlier parts are not read now."""
    clock = iter([100.0, 100.0, 102.0])
    monkeypatch.setattr(console, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with terminal(monkeypatch) as screen, Reporter() as reporter:
        reporter.prefill(50_000, 90_000)
        reporter.prefill(54_000, 90_000)
    assert "2,000 tok/s" in ANSI.sub("", screen.getvalue())


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    with terminal(monkeypatch) as screen:
        print_error("nothing", "something")
    assert "\x1b[1;31m" in screen.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    with terminal(monkeypatch) as screen:
        print_error("nothing", "something")
    assert ANSI.sub("", screen.getvalue()) == "error: nothing\nhint: something\n"
    assert not re.search(r"\x1b\[[\d;]*3\d", screen.getvalue())
