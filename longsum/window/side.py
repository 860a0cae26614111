"""Work beside the reading: plans for other settings, the list of models, and downloads.

Each in a process of its own, so that the window itself needs neither torch nor the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from longsum.checkpoint.catalog import find_known
from longsum.errors import LongsumError, UsageError
from longsum.window.events import EventLog
from longsum.window.reader import ReaderProcess, Result, ended_error
from longsum.window.tasks import ListModels, Plan, Pull, Task
from longsum.window.wording import as_error

IDLE_S = 60.0
"""Seconds after which an idle process is ended."""


class Planner:
    """Counts and plans for other settings than those in use, one after another.

    Args:
        environment: variables of its process.
    """

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self._process = ReaderProcess(lambda kind, data: None, environment)
        self._lock = asyncio.Lock()
        self._models: list[dict[str, Any]] | None = None
        self._ending: asyncio.TimerHandle | None = None

    async def plan(self, task: Plan) -> dict[str, Any]:
        """Return `counted` and `planned`, as the events have them.

        Raises:
            LongsumError: when the model cannot be used.
        """
        found: dict[str, Any] = await self._do(task)
        return found

    async def models(self) -> list[dict[str, Any]]:
        """Return the known models; remembered until `forget_models`."""
        if self._models is None:
            self._models = await self._do(ListModels())
        return self._models

    def forget_models(self) -> None:
        """List the models anew the next time: one was downloaded."""
        self._models = None

    def end(self) -> None:
        """End the process."""
        if not self._process.is_busy:
            self._process.kill()

    async def _do(self, task: Task) -> Any:
        async with self._lock:
            if self._ending is not None:
                self._ending.cancel()
            result = await self._process.do(task)
            self._ending = asyncio.get_running_loop().call_later(IDLE_S, self.end)
        return value_of(result)


def value_of(result: Result) -> Any:
    """Return what a task returned.

    Raises:
        LongsumError: when it failed.
    """
    ended, value = result
    if ended == "done":
        return value
    raise value if isinstance(value, LongsumError) else ended_error()


class Downloads:
    """Downloads models, one at a time.

    Args:
        log: receives the progress.
        on_done: called when a model has arrived.
        environment: variables of the processes.
    """

    def __init__(
        self,
        log: EventLog,
        on_done: Callable[[], None],
        environment: dict[str, str] | None = None,
    ) -> None:
        self._log, self._on_done, self._environment = log, on_done, environment
        self._process: ReaderProcess | None = None
        self._name: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a download is in progress."""
        return self._process is not None

    def begin(self, name: str) -> None:
        """Begin to download a model of the catalogue.

        Raises:
            UsageError: when there is no such model, or another is being downloaded.
        """
        known = find_known(name)
        if known is None or known.is_bundled:
            raise UsageError(f"there is nothing to download for {name}")
        if self._process is not None:
            raise UsageError(f"{self._name} is being downloaded", hint="wait for it, or stop it")
        self._name = known.alias
        self._process = ReaderProcess(self._hear, self._environment)
        self._task = asyncio.get_running_loop().create_task(self._pull(self._process, known.alias))

    async def stop(self, name: str) -> bool:
        """Stop a download; return whether there was one of this model."""
        if self._process is None or name != self._name:
            return False
        await self._process.stop()
        return True

    def end(self) -> None:
        """End the process of a download."""
        if self._process is not None:
            self._process.kill()

    def _hear(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "pull":
            self._log.emit("pull", name=self._name, state="pulling", **data)

    async def _pull(self, process: ReaderProcess, name: str) -> None:
        self._log.emit("pull", name=name, state="pulling", done=0, total=0)
        ended, value = await process.do(Pull(name))
        self._process = None
        process.kill()
        if ended == "done":
            self._on_done()
            self._log.emit("pull", name=name, state="done")
        elif ended == "stopped":
            self._log.emit("pull", name=name, state="stopped")
        else:
            error = as_error(value if isinstance(value, LongsumError) else ended_error())
            self._log.emit("pull", name=name, state="failed", **error)
