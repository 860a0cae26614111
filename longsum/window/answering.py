"""The work on the open document, one thing at a time: reading it, then what is asked of it."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from longsum.config import AskConfig, SummaryConfig
from longsum.errors import DocumentTooLong, InsufficientMemory, LongsumError, ModelUnavailable
from longsum.window.events import EventLog
from longsum.window.library import Library
from longsum.window.open_file import OpenFile
from longsum.window.options import WindowConfig
from longsum.window.pages import Pages
from longsum.window.reader import ReaderProcess, Result, ended_error
from longsum.window.record import Record
from longsum.window.tasks import Ask, Open, Save, Summarize, Task
from longsum.window.wording import as_error, choices_in

READING = "reading"
"""Stands for the reading where a job is named."""
UNFIT = (DocumentTooLong, InsufficientMemory, ModelUnavailable)
"""Errors that other settings may mend."""


class Answering:
    """Works through what is asked of the open document; used from the loop's thread.

    Args:
        config: what the window was started with.
        log: receives the events.
        pages: finds where a passage is on its pages.
        library: keeps the answers; None keeps none.
        environment: variables of the reader process.
    """

    def __init__(
        self,
        config: WindowConfig,
        log: EventLog,
        pages: Pages,
        library: Library | None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._config, self._log, self._pages, self._library = config, log, pages, library
        self.reader = ReaderProcess(self._hear, environment)
        self.records: dict[str, Record] = {}
        """What was asked of the open document, in order."""
        self._heard: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._queue: deque[Record | str] = deque()
        self._current: Record | str | None = None
        self._opened: OpenFile | None = None
        self._is_read = self._is_unfit = self._is_kept = self._by_words = False
        self._summary_wanted = False
        self._news = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._pump()), loop.create_task(self._work())]

    @property
    def is_busy(self) -> bool:
        """Whether something is in progress or waits."""
        return self._current is not None or bool(self._queue)

    async def begin(self, opened: OpenFile, *, summarize: bool) -> None:
        """Read a document that has just been opened.

        Args:
            opened: with its document.
            summarize: summarize it once it is read.
        """
        await self.leave()
        self._opened, self._summary_wanted = opened, summarize
        self._log.emit("phase", name="loading", line="loading")
        self._queue.append(READING)
        self._news.set()

    async def leave(self) -> None:
        """Stop everything and forget the open document's answers."""
        self._queue.clear()
        self._summary_wanted = False
        await self.reader.stop()
        while self._current is not None:
            await asyncio.sleep(0.01)
        self._opened = None
        self.records.clear()
        self._forget_reading()

    async def read_again(self, *, summarize: bool = False) -> None:
        """Read the open document anew, with its settings as they are now; answers stay.

        Args:
            summarize: summarize it once more, though there is a summary.
        """
        self._queue = deque(each for each in self._queue if each != READING)
        await self.stop(READING)
        self._forget_reading()
        known = any(each.kind == "summary" for each in self.records.values())
        self._summary_wanted = summarize or not known
        self._queue.appendleft(READING)
        self._news.set()

    def ask(self, config: SummaryConfig | AskConfig, question: str | None = None) -> Record:
        """Queue a summary, or a question; return its record."""
        assert self._opened is not None
        record = Record(config, question, self._opened.settings.pages)
        self.records[record.job] = record
        self._queue.append(record)
        self._log.emit("job", **record.head(), state=record.state)
        self._news.set()
        return record

    async def stop(self, job: str) -> bool:
        """Stop a job, whether it is in progress or waits; return whether there was such a job."""
        for each in self._queue:
            if isinstance(each, Record) and each.job == job:
                self._queue.remove(each)
                self._finish(each, "stopped")
                return True
        current = self._current
        if current is None or job != (current.job if isinstance(current, Record) else current):
            return False
        self._log.emit("phase", name="stopping", line="stopping")
        await self.reader.stop()
        return True

    def forget(self, job: str) -> bool:
        """Drop a finished answer; return whether there was one."""
        record = self.records.get(job)
        if record is None or record.state in ("queued", "running"):
            return False
        del self.records[job]
        return True

    def end(self) -> None:
        """End the reader process and the work."""
        for task in self._tasks:
            task.cancel()
        self.reader.kill()

    def _forget_reading(self) -> None:
        """Take the document for one that is not read."""
        self._is_read = self._is_unfit = self._is_kept = self._by_words = False

    # ---- the work

    async def _work(self) -> None:
        """Take one thing after another."""
        while True:
            if not self._queue:
                self._news.clear()
                await self._news.wait()
                continue
            self._current = self._queue.popleft()
            try:
                if isinstance(self._current, Record):
                    await self._answer(self._current)
                else:
                    await self._read()
            except Exception as error:  # a bug here must not end the window
                self._log.emit("failed", job=READING, **as_error(LongsumError(repr(error))))
            finally:
                self._current = None
            if not self._queue and self._opened is not None:
                self._log.emit("phase", name="ready" if self._is_read else "idle", line="")

    async def _do(self, task: Task) -> Result:
        """Have the reader work on a task; return how it ended, after all of its events."""
        result = await self.reader.do(task)
        await self._heard.join()
        if result[0] == "lost":
            self._is_read = self._by_words = False
        return result

    async def _read(self) -> None:
        """Read the open document."""
        opened = self._opened
        if opened is None or opened.document is None:
            return
        config, settings = self._config, opened.settings
        ended, value = await self._do(
            Open(
                opened.document,
                settings.load,
                config.summary,
                config.ask,
                config.decode,
                config.store,
                settings.truncate,
                settings.parts,
            )
        )
        self._is_read, self._is_unfit = ended == "done", False
        if ended == "done":
            in_parts = "parts" in value  # which are read, and cached, when something is asked
            self._log.emit("parts" if in_parts else "read", **value)
            self._is_kept = in_parts or value["from_cache"]
            if self._summary_wanted:
                self._summary_wanted = False
                self.ask(config.summary)
        elif ended == "stopped":
            self._log.emit("stopped", job=READING)
        elif ended == "lost":
            self._log.emit("lost", what="reader", **as_error(ended_error()))
        elif isinstance(value, UNFIT):
            self._is_unfit = True
            choices = choices_in(value.remedies, value.facts)
            mended = {"choices": choices, "questions": self._by_words}
            self._log.emit("unfit", **as_error(value), **mended)
        else:
            self._log.emit("failed", job=READING, **as_error(value))

    async def _answer(self, record: Record) -> None:
        """Make one answer, reading the document first if it is not in memory."""
        if not self.reader.is_alive:  # it may have died while nothing was asked of it
            self._is_read = self._by_words = False
        by_words = self._by_words and record.kind == "question"
        if not (self._is_read or self._is_unfit or by_words):
            await self._read()
        record.state = "running"
        self._log.emit("job", **record.head(), state="running")
        ended, value = await self._do(self._task(record))
        if ended == "done":
            record.ending = value
            self._finish(record, "done", **value)
            self._keep(record)
            await self._cache()
        elif ended == "failed":
            self._finish(record, "failed", **as_error(value))
        elif ended == "stopped":
            self._finish(record, "stopped")
        else:
            self._log.emit("lost", what="reader", **as_error(ended_error()))
            self._finish(record, "failed", **as_error(ended_error()))

    def _task(self, record: Record) -> Task:
        """Return what to ask of the reader."""
        config, decode = record.config, self._config.decode
        if isinstance(config, SummaryConfig):
            return Summarize(config, decode)
        assert record.question is not None
        return Ask(record.question, config, decode)

    def _finish(self, record: Record, state: Any, **fields: Any) -> None:
        record.state = state
        self._log.emit(state, job=record.job, **fields)

    def _keep(self, record: Record) -> None:
        """Keep a finished answer on disk."""
        if self._library is not None and self._opened is not None:
            self._library.add_answer(self._opened.sha256, record.as_dict())

    async def _cache(self) -> None:
        """Cache what was read, once, after an answer is shown."""
        if self._config.store is not None and self._is_read and not self._is_kept:
            self._is_kept = True
            await self._do(Save())

    # ---- what the reader reports

    def _hear(self, kind: str, data: dict[str, Any]) -> None:
        self._heard.put_nowait((kind, data))

    async def _pump(self) -> None:
        """Pass on events in their order, sentences with their places on the pages."""
        while True:
            kind, data = await self._heard.get()
            with suppress(Exception):  # an event lost is better than a window that hangs
                await self._pass_on(kind, data)
            self._heard.task_done()

    async def _pass_on(self, kind: str, data: dict[str, Any]) -> None:
        record = self._current
        if kind == "words":
            self._by_words = True
        elif kind not in ("text", "sentence", "nearest"):
            self._log.emit(kind, **data)
        elif isinstance(record, Record):
            if kind == "text":
                record.text += data["text"]
            else:
                await self._mark(data)
                (record.nearest if kind == "nearest" else record.sentences).append(data)
            self._log.emit(kind, job=record.job, **data)

    async def _mark(self, sentence: dict[str, Any]) -> None:
        """Add to each passage where it is on its pages."""
        opened = self._opened
        if opened is None or opened.document is None or not opened.sizes:
            return
        contrary = sentence["contrary"] or {"evidence": []}
        passages = [*sentence["evidence"], *contrary["evidence"]]
        spans = [(each["start"], each["end"]) for each in passages]
        found = await self._pages.marks(opened.document, spans)
        for passage, marks in zip(passages, found, strict=True):
            passage |= marks
