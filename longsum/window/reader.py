"""The window's side of its reader process: it starts it, sends tasks, hears it, and may end it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from longsum.child import BROKEN, DONE, PROGRESS, Child
from longsum.errors import LongsumError
from longsum.window.tasks import Task

FACTORY = "longsum.window.reader_child:open_reader"
STOP_S = 3.0
"""Seconds that a task has to end when asked to; then its process is ended."""
OFFLINE = {"HF_HUB_OFFLINE": "1"}

Result = tuple[str, Any]
"""`done`, `stopped`, `failed` or `lost`; and the values, or an error."""


class ReaderProcess:
    """A process that holds a model and works on one task at a time; used from the loop's thread.

    Args:
        report: called with kind and data of each event, in the loop's thread.
        environment: variables of the process.
    """

    def __init__(
        self,
        report: Callable[[str, dict[str, Any]], None],
        environment: dict[str, str] | None = None,
    ) -> None:
        self._report, self._environment = report, environment or {}
        self._loop = asyncio.get_running_loop()
        self._child: Child | None = None
        self._result: asyncio.Future[Result] | None = None
        self._stopping = False
        self._starting = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether a task is in progress."""
        return self._result is not None

    @property
    def is_alive(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self._child is not None

    async def warm(self) -> None:
        """Start the process, if there is none, so that it is ready when there is a task."""
        async with self._starting:
            if self._child is None:
                self._child = await asyncio.to_thread(self._start)

    async def do(self, task: Task) -> Result:
        """Have the process work on a task, starting it if need be, and return how it ended."""
        assert self._result is None, "one task at a time"
        self._stopping = False
        self._result = self._loop.create_future()
        try:
            await self.warm()
            child = self._child
            if child is not None and not await asyncio.to_thread(child.send, task):
                self._lose(child)
            return await self._result
        finally:
            self._result = None

    async def stop(self) -> None:
        """Ask the task in progress to end; end the process if it does not in time."""
        result, child = self._result, self._child
        if result is None:
            return
        self._stopping = True
        if child is not None:
            child.stop()
        await asyncio.wait([result], timeout=STOP_S)
        if not result.done():
            self.kill()

    def kill(self) -> None:
        """End the process at once; the task in progress counts as stopped if that was asked."""
        child, self._child = self._child, None
        if child is not None:
            threading.Thread(target=child.kill, daemon=True).start()
        if self._result is not None and not self._result.done():
            self._result.set_result(("stopped" if self._stopping else "lost", None))

    def _start(self) -> Child:
        """Start the process and a thread that hears it."""
        child = Child(FACTORY, None, environment=self._environment)
        threading.Thread(target=self._hear, args=(child,), daemon=True).start()
        return child

    def _hear(self, child: Child) -> None:
        """Pass on what the process says until it ends; runs in a thread."""
        while True:
            try:
                message = child.receive()
            except (OSError, ValueError):  # closed here meanwhile
                message = None
            try:
                self._loop.call_soon_threadsafe(self._take, child, message)
            except RuntimeError:  # the program is ending
                return
            if message is None:
                return

    def _take(self, child: Child, message: tuple[str, Any] | None) -> None:
        """Take a message; runs in the loop's thread."""
        if child is not self._child:
            return  # one that was replaced
        if message is None:
            self._lose(child)
        elif message[0] == BROKEN:  # it could not start
            self._lose(child, ("failed", message[1]))
        elif message[0] == PROGRESS:
            self._report(*message[1])
        elif message[0] == DONE and self._result is not None and not self._result.done():
            self._result.set_result(message[1])

    def _lose(self, child: Child, result: Result = ("lost", None)) -> None:
        """Take note that the process has ended; its task ended with a result."""
        self._child = None
        threading.Thread(target=child.kill, daemon=True).start()
        if self._result is not None and not self._result.done():
            self._result.set_result(("stopped", None) if self._stopping else result)


def ended_error() -> LongsumError:
    """Return the error for a reader process that ended by itself."""
    return LongsumError(
        "the reader process ended, most likely for want of memory; nothing is lost",
        hint="read it again, or fewer pages, or with a smaller model",
    )
