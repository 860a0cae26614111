"""A child process that holds a model and works on one task after another; its parent survives it.

It never opens a document: its parent sends it text, and it replies in pickle. Files are opened by
the processes of `documents/reading_process.py`, which reply in JSON.

The child receives tasks in a thread, so that sending never waits for it, and exits at once when its
parent dies, however that happens. Only the parent handles Ctrl-C.
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
"""First items of a child's messages, which are (word, value) pairs."""
NOTICE, WARNING = "notice", "warning"
"""First items of messages for the user, whose value is a line of text."""
Say = Callable[[str, str], None]
"""Takes `NOTICE` or `WARNING`, and the line."""
_DRAIN, _STOP = "drain", "stop"
_SPAWN = multiprocessing.get_context("spawn")
"""Not forked: that would inherit what its parent has open, and locks held by other threads."""


_asked_to_stop = threading.Event()


def is_asked_to_stop() -> bool:
    """Return whether the parent wants the task in progress to end; for handlers in a child."""
    return _asked_to_stop.is_set()


class Child:
    """A process that handles tasks.

    Args:
        factory: `module:function`; called in the child with `argument` and a `Say`, returns the
            handler: a function of a task and of a callback that takes progress.
        argument: passed to the factory; must be picklable.
        environment: variables set before any library is imported.
    """

    def __init__(
        self, factory: str, argument: Any, *, environment: dict[str, str] | None = None
    ) -> None:
        ours, theirs = _SPAWN.Pipe()
        self.connection: Connection = ours
        self.process = _SPAWN.Process(
            target=_serve, args=(theirs, factory, argument, environment or {}), daemon=True
        )
        with without_interrupts():
            self.process.start()
        theirs.close()

    def send(self, task: Any) -> bool:
        """Send the child a task; return False if it is dead."""
        try:
            self.connection.send(task)
        except (BrokenPipeError, ConnectionError, EOFError):
            return False
        return True

    def receive(self) -> tuple[str, Any] | None:
        """Return the child's next message; None if it is dead."""
        try:
            message: tuple[str, Any] = self.connection.recv()
        except (EOFError, ConnectionError, pickle.UnpicklingError):
            return None
        return message

    def stop(self) -> None:
        """Ask the child to end its task; whether and when it does is the handler's affair.

        For a child that is given one task at a time: the request is dropped with the next one.
        """
        self.send(_STOP)

    def drain(self) -> None:
        """Make the child finish the oldest of its tasks, drop the others, and exit."""
        self.send(_DRAIN)

    def kill(self) -> int | None:
        """End the process at once and return its exit code."""
        if self.process.is_alive():
            self.process.kill()
        return self.join()

    def join(self) -> int | None:
        """Wait for a process that is exiting and return its exit code; -N for signal N."""
        self.process.join(10)
        code = self.process.exitcode
        self.connection.close()
        if code is not None:
            self.process.close()
        return code


def _serve(
    connection: Connection, factory: str, argument: Any, environment: dict[str, str]
) -> None:
    """Handle tasks until there are no more; runs in the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    be_first_when_memory_is_short()
    os.environ.update(environment)
    sys.stdout.flush()
    os.dup2(2, 1)  # stdout is for the answer; whatever a library prints goes to stderr
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_receive, args=(connection, inbox, busy), daemon=True).start()

    def progress(value: Any) -> None:
        connection.send((PROGRESS, value))

    def say(word: str, line: str) -> None:
        connection.send((word, line))

    try:
        module, _, name = factory.partition(":")
        handle: Callable[[Any, Callable[[Any], None]], Any]
        handle = getattr(importlib.import_module(module), name)(argument, say)
        connection.send((READY, None))
        while (task := inbox.get()) is not None:
            busy.set()
            connection.send((DONE, handle(task, progress)))
            busy.clear()
    except (BrokenPipeError, ConnectionError):
        pass  # the parent has died
    except Exception as error:  # the parent decides what this means
        with contextlib.suppress(OSError):
            connection.send((BROKEN, _portable(error)))


def _receive(connection: Connection, inbox: queue.SimpleQueue[Any], busy: threading.Event) -> None:
    """Receive what the parent sends; runs in a thread of the child."""
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            os._exit(1)  # the parent has died: nobody needs the rest
        if isinstance(task, str) and task == _STOP:
            _asked_to_stop.set()
            continue
        _asked_to_stop.clear()
        if isinstance(task, str) and task == _DRAIN:
            waiting = []
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting.append(inbox.get_nowait())
            if waiting and not busy.is_set():
                inbox.put(waiting[0])  # the task that the parent expects to be in progress
            inbox.put(None)
            continue
        inbox.put(task)


def _portable(error: Exception) -> Exception:
    """Return an error that can be sent to another process."""
    if isinstance(error, LongsumError):
        return error
    return LongsumError("\n".join(describe_bug(error)))
