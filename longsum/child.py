"""A child process that holds a model, works on one task after another, and may die alone.

It never opens a document: its parent sends it text, and it answers in pickle. Files are opened by
the processes of `documents/isolated.py`, which answer in JSON.

The child reads ahead what it is sent, so that sending never waits for it, and leaves at once when
its parent is gone, however the parent went. Ctrl-C is the parent's alone.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from longsum.errors import LongsumError, describe_bug
from longsum.processes import be_first_when_memory_is_short, without_interrupts

READY, BROKEN, PROGRESS, DONE = "ready", "broken", "progress", "done"
"""What a child says: (word, value)."""
NOTICE, WARNING = "notice", "warning"
"""What it says of itself, a line for the user."""
Say = Callable[[str, str], None]
"""Takes one of these two words and the line."""
_DRAIN = "drain"
_SPAWN = multiprocessing.get_context("spawn")
"""A forked child would hold what its parent has open, and threads' locks for ever."""


class Child:
    """A process that handles tasks.

    Args:
        opens: `module:function`; called in the child with `argument` and a `Say`, returns what
            handles a task: a function of the task and of a function that takes progress.
        argument: what it is opened with.
        environment: variables set before any library is imported.
    """

    def __init__(
        self, opens: str, argument: Any, *, environment: dict[str, str] | None = None
    ) -> None:
        ours, theirs = _SPAWN.Pipe()
        self.connection: Connection = ours
        self.process = _SPAWN.Process(
            target=_serve, args=(theirs, opens, argument, environment or {}), daemon=True
        )
        with without_interrupts():
            self.process.start()
        theirs.close()

    def send(self, task: Any) -> bool:
        """Give the child a task; False when it is dead."""
        try:
            self.connection.send(task)
        except (BrokenPipeError, ConnectionError, EOFError):
            return False
        return True

    def receive(self) -> tuple[str, Any] | None:
        """Return what the child says; None when it is dead."""
        try:
            said: tuple[str, Any] = self.connection.recv()
        except (EOFError, ConnectionError, pickle.UnpicklingError):
            return None
        return said

    def drain(self) -> None:
        """Have the child finish the oldest of its tasks, forget the others, and leave."""
        self.send(_DRAIN)

    def kill(self) -> int | None:
        """End the process at once, and return its exit code."""
        if self.process.is_alive():
            self.process.kill()
        return self.join()

    def join(self) -> int | None:
        """Wait for a process that is leaving, and return its exit code; -N for signal N."""
        self.process.join(10)
        code = self.process.exitcode
        self.connection.close()
        if code is not None:
            self.process.close()
        return code


def _serve(connection: Connection, opens: str, argument: Any, environment: dict[str, str]) -> None:
    """Handle tasks until there are no more; runs in the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    be_first_when_memory_is_short()
    os.environ.update(environment)
    sys.stdout.flush()
    os.dup2(2, 1)  # stdout is the answer's; whatever a library prints goes to stderr
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_receive, args=(connection, inbox, busy), daemon=True).start()

    def progress(value: Any) -> None:
        connection.send((PROGRESS, value))

    def say(word: str, line: str) -> None:
        connection.send((word, line))

    try:
        module, _, name = opens.partition(":")
        handle: Callable[[Any, Callable[[Any], None]], Any]
        handle = getattr(importlib.import_module(module), name)(argument, say)
        connection.send((READY, None))
        while (task := inbox.get()) is not None:
            busy.set()
            connection.send((DONE, handle(task, progress)))
            busy.clear()
    except (BrokenPipeError, ConnectionError):
        pass  # the parent has gone
    except Exception as error:  # opening failed: the parent decides what that means
        with contextlib.suppress(OSError):
            connection.send((BROKEN, _portable(error)))


def _receive(connection: Connection, inbox: queue.SimpleQueue[Any], busy: threading.Event) -> None:
    """Take in what the parent sends; runs in a thread of the child."""
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            os._exit(1)  # the parent has gone: nobody wants the rest
        if isinstance(task, str) and task == _DRAIN:
            waiting = []
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting.append(inbox.get_nowait())
            if waiting and not busy.is_set():
                inbox.put(waiting[0])  # what the parent believes to be in hand
            inbox.put(None)
            continue
        inbox.put(task)


def _portable(error: Exception) -> Exception:
    """Return an error that survives the way to another process."""
    if isinstance(error, LongsumError):
        return error
    return LongsumError("\n".join(describe_bug(error)))
