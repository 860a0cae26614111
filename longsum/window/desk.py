"""What is open in the window, and everything the page may ask for; knows no HTML and no HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from longsum.documents.source import load_source
from longsum.errors import DocumentNotFound, LongsumError, UsageError
from longsum.terminal import shown_name
from longsum.window.answering import READING, Answering
from longsum.window.events import EventLog
from longsum.window.history import History
from longsum.window.library import Library
from longsum.window.open_file import OpenFile
from longsum.window.opening import Opener
from longsum.window.options import (
    ReadingSettings,
    WindowConfig,
    ask_config,
    question_in,
    summary_config,
)
from longsum.window.pages import Pages
from longsum.window.passages import Passages
from longsum.window.reader import OFFLINE
from longsum.window.record import Record
from longsum.window.side import Downloads, Planner
from longsum.window.tasks import Plan
from longsum.window.wording import as_error

MAX_WAITING = 100
"""Files that may wait to be opened."""


class Desk:
    """The open document and the work on it; used from the loop's thread.

    Args:
        config: what the window was started with.
        log: receives the events.
    """

    def __init__(self, config: WindowConfig, log: EventLog) -> None:
        self._config, self.log = config, log
        self.library = Library(config.store.size_bytes) if config.store else None
        self.pages = Pages()
        network = OFFLINE if config.load.offline else {}
        self.answering = Answering(config, log, self.pages, self.library, OFFLINE)
        self.history = History(log, self.answering, self.library)
        self.passages = Passages(self.pages, self._document_open)
        self.planner = Planner(OFFLINE)
        self.downloads = Downloads(log, self._has_new_model, network)
        self.opened: OpenFile | None = None
        self.waiting: list[OpenFile] = []
        self._opener = Opener(config, log, self.pages)
        self._opening: asyncio.Task[None] | None = None
        self._has_ended = False
        log.restart("closed")

    @property
    def is_busy(self) -> bool:
        """Whether something is in progress that a closed page should not end."""
        opening = self._opening is not None and not self._opening.done()
        return opening or self.answering.is_busy or self.downloads.is_busy

    # ---- opening

    async def open_path(self, path: str) -> None:
        """Open a file by its path, as the user gave it to the program.

        Raises:
            DocumentNotFound: when there is none.
        """
        data, name = await asyncio.to_thread(load_source, path)
        await self.open(OpenFile(name, data, path, self._settings(self._config.read.pages)))

    async def drop(self, name: str, data: bytes) -> None:
        """Open a file that was dropped onto the page, now or when the open one is answered.

        Raises:
            UsageError: when too many wait.
        """
        opened = OpenFile(shown_name(name)[:300] or "document", data, None, self._settings(None))
        if not self.is_busy:
            await self.open(opened)
            return
        if len(self.waiting) >= MAX_WAITING:
            raise UsageError(f"{MAX_WAITING} files wait already", hint="use `longsum batch`")
        self.waiting.append(opened)
        self._tell_waiting()

    async def open_waiting(self, index: int) -> None:
        """Open one of the files that wait.

        Raises:
            UsageError: when there is none of this number.
        """
        if not 0 <= index < len(self.waiting):
            raise UsageError("no such file waits")
        await self.open(self.waiting.pop(index))

    async def open_again(self, sha256: str) -> None:
        """Open a document of the library.

        Raises:
            DocumentNotFound: when its file is gone or has changed.
        """
        held = self.library.find(sha256) if self.library else None
        if held is None:
            raise DocumentNotFound("this document is not in the library")
        if held.path is None:
            raise DocumentNotFound(
                f"{held.about.get('name')} is not where it was",
                hint="open it from where it is now; its answers are kept",
            )
        data, _ = await asyncio.to_thread(load_source, held.path)
        given = held.about.get("path")
        name = shown_name(str(held.about.get("name", "document")))
        await self.open(OpenFile(name, data, given, self._settings(None)))

    async def open(self, opened: OpenFile) -> None:
        """Open a file in place of the one that is open."""
        await self.close(restart=False)
        self.opened = opened
        self.log.restart("opening", name=opened.name, bytes=len(opened.data))
        self._tell_waiting()
        self._begin(opened)

    async def try_password(self, password: str) -> None:
        """Read the open file again with a password.

        Raises:
            UsageError: when nothing is open.
        """
        opened = self._something_open()
        opened.password = password
        self.log.emit("opening", name=opened.name, bytes=len(opened.data))
        self._begin(opened)

    def _begin(self, opened: OpenFile) -> None:
        """Begin to read a file, and to load what answering needs."""
        loop = asyncio.get_running_loop()
        self._opening = loop.create_task(self._read(opened))
        self._warming = loop.create_task(self.answering.reader.warm())

    async def close(self, *, restart: bool = True) -> None:
        """Close the open document, stopping what is in progress."""
        if self._opening is not None:
            self._opening.cancel()
        await asyncio.to_thread(self._opener.close)
        await self.answering.leave()
        self.opened = None
        if restart:
            self.log.restart("closed")
            self._tell_waiting()

    async def _read(self, opened: OpenFile) -> None:
        """Show a file's pages, read its text, and begin to answer."""
        self.log.emit("phase", name="opening", line=f"opening {opened.name}")
        try:
            if opened.is_pdf and opened.sizes is None:
                await self._opener.draw(opened)
            opened.document = await self._opener.text_of(opened)
        except LongsumError as error:
            self.log.emit("refused", **as_error(error), pictures=bool(opened.sizes))
            return
        except Exception as error:  # a bug in reading must not end the window
            bug = LongsumError(f"a bug in longsum: {error!r}")
            self.log.emit("refused", **as_error(bug), pictures=bool(opened.sizes))
            return
        self.log.emit("document", **opened.about())
        old = self.history.recall(opened)
        summarize = not any(each["kind"] == "summary" for each in old)
        await self.answering.begin(opened, summarize=summarize)

    # ---- what is asked

    async def read_anew(self, body: dict[str, Any]) -> None:
        """Read the open document again with other settings.

        Raises:
            UsageError: when a setting is not one that may be chosen.
        """
        opened = self._something_open()
        before, opened.settings = opened.settings, opened.settings.changed(body)
        if opened.document is None or opened.settings.pages != before.pages:
            await self.answering.stop(READING)
            try:
                opened.document = await self._opener.text_of(opened)
            except LongsumError:
                opened.settings = before
                raise
            self.log.emit("document", **opened.about())
        await self.answering.read_again(summarize=body.get("parts") is True)

    def summarize(self, body: dict[str, Any]) -> Record:
        """Queue a summary.

        Raises:
            UsageError: when nothing is open, or a setting is not one that may be chosen.
        """
        self._document_open()
        return self.answering.ask(summary_config(body, self._config.summary))

    def ask(self, body: dict[str, Any]) -> Record:
        """Queue a question.

        Raises:
            UsageError: when nothing is open, or there is no question.
        """
        self._document_open()
        question = question_in(body)
        return self.answering.ask(ask_config(body, self._config.ask), question)

    def forget_answer(self, job: str) -> bool:
        """Drop an answer, also from the library."""
        return self.history.forget(self._something_open(), job)

    def answers(self) -> list[dict[str, Any]]:
        """Return the answers about the open document, those of earlier days first."""
        return self.history.answers(self._something_open())

    async def plan(self, body: dict[str, Any]) -> dict[str, Any]:
        """Count and plan for other settings, changing nothing.

        Raises:
            LongsumError: when a setting is not one that may be chosen, or the model is unusable.
        """
        opened = self._document_open()
        settings, config = opened.settings.changed(body), self._config
        assert opened.document is not None
        task = Plan(opened.document, settings.load, config.summary, config.ask, config.decode)
        return await self.planner.plan(task)

    # ----

    def say_ended(self) -> None:
        """Tell every page that the program ends; they hear it once."""
        if not self._has_ended:
            self._has_ended = True
            self.log.emit("ended")
            self.log.end()

    async def end(self) -> None:
        """End everything."""
        if self._opening is not None:
            self._opening.cancel()
        self._opener.close()
        self.answering.end()
        self.planner.end()
        self.downloads.end()
        self.pages.close()
        self.say_ended()

    def _settings(self, pages: str | None) -> ReadingSettings:
        return ReadingSettings(self._config.load, pages, self._config.read.truncate)

    def _has_new_model(self) -> None:
        self.planner.forget_models()

    def _something_open(self) -> OpenFile:
        if self.opened is None:
            raise UsageError("no document is open", hint="open one")
        return self.opened

    def _document_open(self) -> OpenFile:
        opened = self._something_open()
        if opened.document is None:
            raise UsageError("the document is not read yet", hint="wait a moment")
        return opened

    def _tell_waiting(self) -> None:
        self.log.emit("waiting", names=[each.name for each in self.waiting])
