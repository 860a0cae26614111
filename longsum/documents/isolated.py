"""Read documents in a separate process, with a time and a memory limit.

An untrusted file can crash, stall or bloat a native reader, which no `except` catches. Here that
causes one clear error. Every command and the Python interface read this way.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from longsum.config import MAX_READ_S, MAX_READER_BYTES
from longsum.documents.document import Document
from longsum.documents.reading_process import MAX_START_S, ReadingProcess
from longsum.documents.replies import raise_reported, unpacked_document
from longsum.documents.source import attached_name, load_source
from longsum.errors import CorruptDocument, DocumentTooLong, LongsumError
from longsum.settings import Setting

PLAIN = "longsum.documents.serving:open_plain"


class IsolatedReader:
    """Reads documents in a process that may die; another one then replaces it.

    Args:
        seconds: wall-clock limit per document.
        memory_bytes: what the process may take beyond what Python holds at the start.
    """

    def __init__(
        self, *, seconds: float = MAX_READ_S, memory_bytes: int = MAX_READER_BYTES
    ) -> None:
        self.seconds, self.memory_bytes = seconds, memory_bytes
        self._process: ReadingProcess | None = None

    def __enter__(self) -> IsolatedReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def read(
        self,
        source: str | Path,
        *,
        pages: str | None = None,
        password: str | None = None,
        encoding: str | None = None,
        attachment: str | None = None,
        stdin: BinaryIO | None = None,
    ) -> Document:
        """Read a document.

        Args:
            source: a path, or `-` for standard input.
            pages: a selection such as `3-20,25`; all if None.
            password: for an encrypted file.
            encoding: of a text, such as `cp1252`; None decides by the bytes.
            attachment: name of a file attached to a PDF, which is read instead of the PDF.
            stdin: read instead of the process's standard input.

        Raises:
            DocumentError: the file cannot be read, or not within the limits.
            UsageError: `pages` cannot be read, or the document has none.
        """
        data, shown = load_source(source, stdin)
        return self.read_bytes(
            data,
            shown,
            path=str(source),
            pages=pages,
            password=password,
            encoding=encoding,
            attachment=attachment,
        )

    def read_bytes(
        self,
        data: bytes,
        shown: str,
        *,
        path: str = "-",
        pages: str | None = None,
        password: str | None = None,
        encoding: str | None = None,
        attachment: str | None = None,
    ) -> Document:
        """Read a document whose bytes are in memory; settings and errors are those of `read`.

        Args:
            data: the file.
            shown: its name, safe to print.
            path: as the user gave it, for commands in hints; `-` for none.
            pages: a selection such as `3-20,25`; all if None.
            password: for an encrypted file.
            encoding: of a text, such as `cp1252`; None decides by the bytes.
            attachment: name of a file attached to a PDF, which is read instead of the PDF.
        """
        request = {
            "name": shown,
            "path": path,
            "pages": pages,
            "password": password,
            "encoding": encoding,
            "attachment": attachment,
        }
        try:
            reply = self._ask(request, data, shown)
        except BaseException:
            self.close()  # Ctrl-C, too: the next request must not get this one's reply
            raise
        if "document" in reply:
            with contextlib.suppress(ValueError):
                return unpacked_document(reply["document"], attached_name(shown, attachment))
        else:
            raise_reported(reply, shown)
        self.close()  # it ran out of memory, or has been taken over
        raise self._damaged(shown)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _ask(self, request: dict[str, Any], data: bytes, shown: str) -> dict[str, Any]:
        """Return the reply to a request."""
        if self._process is None:
            self._process = self._open()
        self._process.send(request, data, seconds=self.seconds)
        try:
            reply = self._process.receive(self.seconds)
        except TimeoutError:
            raise DocumentTooLong(
                f"stopped reading {shown}: it took over {self.seconds:,.0f} s",
                hint=f"choose a part of it with {Setting('pages')}, or print it to a new PDF and "
                "read that",
            ) from None
        if reply is None:
            raise self._damaged(shown)
        return reply

    def _open(self) -> ReadingProcess:
        """Start a process and wait until it is ready."""
        process = ReadingProcess(PLAIN, {"memory_bytes": self.memory_bytes})
        opened = None
        try:
            with contextlib.suppress(TimeoutError):
                opened = process.receive(MAX_START_S)
            if opened is None or "ready" not in opened:
                raise_reported(opened or {}, "documents", document=False)
                raise LongsumError(
                    "the reader process ended while starting",
                    hint="close other programs, or start longsum again",
                )
        except BaseException:
            process.kill()
            raise
        return process

    def _damaged(self, shown: str) -> CorruptDocument:
        return CorruptDocument(
            f"{shown} cannot be read: it crashed its reader, or took over "
            f"{self.memory_bytes >> 20:,} MiB of memory",
            hint="print it to a new PDF and read that; to repair a PDF: qpdf in.pdf out.pdf",
        )


def read_document(
    source: str | Path,
    *,
    pages: str | None = None,
    password: str | None = None,
    encoding: str | None = None,
    attachment: str | None = None,
    stdin: BinaryIO | None = None,
    seconds: float = MAX_READ_S,
    memory_bytes: int = MAX_READER_BYTES,
) -> Document:
    """Read a document in a separate process, which a hostile file may crash.

    Args:
        source: a path, or `-` for standard input.
        pages: a selection such as `3-20,25`; all if None.
        password: for an encrypted file.
        encoding: of a text, such as `cp1252`; None decides by the bytes.
        attachment: name of a file attached to a PDF, which is read instead of the PDF.
        stdin: read instead of the process's standard input.
        seconds: wall-clock limit.
        memory_bytes: what the reader may take beyond what Python holds at the start.

    Raises:
        DocumentError: the file cannot be read, or not within the limits; the class says why, the
            hint what to do.
        UsageError: `pages` cannot be read, or the document has none.
    """
    with IsolatedReader(seconds=seconds, memory_bytes=memory_bytes) as reader:
        return reader.read(
            source,
            pages=pages,
            password=password,
            encoding=encoding,
            attachment=attachment,
            stdin=stdin,
        )
