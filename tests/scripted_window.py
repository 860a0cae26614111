"""A reader process that does what a test says, in place of one that holds a model."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from longsum.child import is_asked_to_stop
from longsum.errors import UsageError
from longsum.window.tasks import Ask, Open, Save, Summarize, Task

TEXT = "It rained all day. The bridge fell."
READ = {"tokens": 9, "total_tokens": 9, "seconds": 1.0, "from_cache": False, "left_out": None}
DONE = {"receipt": ["read 9 of 9 tokens"], "cautions": [], "answered": True, "model": "mini"}


def sentence(start: int, end: int, **fields: Any) -> dict[str, Any]:
    """Return a sentence as the reader reports it."""
    plain = {
        "start": start,
        "end": end,
        "text": TEXT[start:end],
        "supported": True,
        "refusal": False,
        "heading": False,
        "reference": "p. 1",
        "pages": [1],
        "reason": None,
        "evidence": [{"start": 0, "end": 10, "text": "…", "reference": "p. 1", "score": 1.0}],
        "contrary": None,
        "quotations": [],
    }
    return plain | fields


class ScriptedReader:
    """Stands for `ReaderProcess`; a test sets what each kind of task does."""

    made: list[ScriptedReader] = []

    def __init__(self, report: Callable[..., None], environment: Any = None) -> None:
        self.report = report
        self.tasks: list[Task] = []
        self.endings: dict[type, Any] = {}
        """By kind of task: what it returns, or a function that does."""
        self.held: asyncio.Event | None = None
        """If set, tasks wait for it, or for a stop."""
        self._stopped = asyncio.Event()
        self.is_busy = False
        self.is_alive = True
        self.kills = 0
        ScriptedReader.made.append(self)

    async def warm(self) -> None:
        """Do nothing."""

    async def do(self, task: Task) -> Any:
        """Report what such a task would, and return how it ended."""
        self.tasks.append(task)
        self.is_busy = True
        self._stopped.clear()
        try:
            if self.held is not None and not isinstance(task, Save):
                waiting = [asyncio.ensure_future(e.wait()) for e in (self.held, self._stopped)]
                _, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for each in pending:
                    each.cancel()
                if self._stopped.is_set():
                    return "stopped", None
            if (ending := self.endings.get(type(task))) is not None:
                return ending
            return self._usual(task)
        finally:
            self.is_busy = False

    async def stop(self) -> None:
        """End the task in progress."""
        self._stopped.set()
        await asyncio.sleep(0)

    def kill(self) -> None:
        """Count."""
        self.kills += 1

    def _usual(self, task: Task) -> Any:
        if isinstance(task, Open):
            self.report("counted", {"tokens": 9, "fits": True, "pages": [9]})
            self.report("prefill", {"done": 9, "total": 9})
            return "done", READ
        if isinstance(task, Summarize | Ask):
            self.report("text", {"text": TEXT[:18]})
            self.report("sentence", sentence(0, 18))
            self.report("text", {"text": TEXT[18:]})
            self.report("sentence", sentence(19, 35))
            return "done", DONE
        return "done", None


def open_worker(argument: Any, say: Any) -> Callable[..., Any]:
    """Return work that ends, dies, hears a stop or does not, as its task says."""

    def work(task: str, report: Callable[..., None]) -> Any:
        report(("phase", {"name": task}))
        if task == "die":
            os._exit(7)
        while task == "obedient" and not is_asked_to_stop():
            time.sleep(0.01)
        if task == "stubborn":
            time.sleep(60)
        return ("stopped", None) if is_asked_to_stop() else ("done", task)

    return work


def open_broken(argument: Any, say: Any) -> None:
    """Fail to start."""
    raise UsageError("it cannot start", hint="mend it")
