"""How the window opens a file: its pages first, then its text, each in a process of its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from longsum.documents.document import Document
from longsum.documents.isolated import IsolatedReader
from longsum.errors import LongsumError, PasswordError
from longsum.window.events import EventLog
from longsum.window.open_file import OpenFile
from longsum.window.options import WindowConfig
from longsum.window.pages import Pages
from longsum.window.wording import as_error


class Opener:
    """Draws and reads one file at a time.

    Args:
        config: password, encoding and attached file for the file of the command line.
        log: receives what can be shown.
        pages: draws.
    """

    def __init__(self, config: WindowConfig, log: EventLog, pages: Pages) -> None:
        self._config, self._log, self._pages = config, log, pages
        self._reader: IsolatedReader | None = None

    async def draw(self, opened: OpenFile) -> None:
        """Show the pages before the text is read; what cannot be drawn may still be read.

        Raises:
            PasswordError: the password is missing or wrong.
        """
        try:
            opened.sizes = await self._pages.open(
                opened.data,
                opened.name,
                opened.password or self._config.read.password,
                self._config.read.attachment if opened.path else None,
            )
        except PasswordError:
            raise
        except LongsumError as error:
            self._log.emit("lost", what="pages", **as_error(error))
        else:
            self._log.emit("document", **opened.about())

    async def text_of(self, opened: OpenFile) -> Document:
        """Return the document in a file, read in a process of its own.

        Raises:
            DocumentError: it cannot be read.
        """
        read = self._config.read
        self._reader = reader = IsolatedReader()
        try:
            document = await asyncio.to_thread(
                reader.read_bytes,
                opened.data,
                opened.name,
                path=opened.path or "-",
                pages=opened.settings.pages,
                password=opened.password or read.password,
                encoding=read.encoding if opened.path else None,
                attachment=read.attachment if opened.path else None,
            )
        finally:
            await asyncio.to_thread(reader.close)
        return replace(document, shows_labels=self._config.page_labels)

    def close(self) -> None:
        """End the process that reads, if there is one."""
        if self._reader is not None:
            self._reader.close()
