"""Run the command line on a terminal of its own, as a user has one: wide or narrow, with typing."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass

from helpers import ANSI, environment

PROMPTLY_S = 60.0
"""Longest wait for a command, or for a prompt."""


@dataclass(frozen=True)
class Screen:
    """What a command showed, and how it ended."""

    exit_code: int
    raw: str
    """With the terminal's control sequences."""

    @property
    def text(self) -> str:
        """What was shown, as lines without colours."""
        return ANSI.sub("", self.raw).replace("\r\n", "\n")


def on_terminal(
    *arguments: object,
    typed: tuple[tuple[str, str], ...] = (),
    columns: int = 80,
    code: str = "",
    **extra: str,
) -> Screen:
    """Run `longsum` with a terminal for all three streams.

    Args:
        arguments: as on the command line.
        typed: (what to wait for, what to type then), in order.
        columns: width of the terminal.
        code: run before the command line.
        extra: environment variables.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    script = f"{code}\nfrom longsum.cli import main\nmain()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(**extra),
        preexec_fn=_own_terminal,
    )
    os.close(slave)
    try:
        raw = _talk(master, typed)
        return Screen(process.wait(PROMPTLY_S), raw)
    finally:
        process.kill()
        os.close(master)


def _own_terminal() -> None:
    """Make standard input the process's controlling terminal: passwords are asked for on it."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _talk(master: int, typed: tuple[tuple[str, str], ...]) -> str:
    """Type each answer once its prompt is shown; return all output."""
    waiting, seen, shown = list(typed), 0, b""
    deadline = time.monotonic() + PROMPTLY_S
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(master, 1 << 16)
        except OSError:  # the process has left its terminal
            return shown.decode()
        if not piece:
            return shown.decode()
        shown += piece
        while waiting and (at := shown.find(waiting[0][0].encode(), seen)) >= 0:
            seen = at + len(waiting[0][0].encode())
            os.write(master, waiting.pop(0)[1].encode())
    raise AssertionError(f"the command is still running; it has shown {shown!r}")
