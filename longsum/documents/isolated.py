"""Read documents in a separate process, with a time and a memory limit.

An untrusted file can crash, stall or bloat a native reader, which no `except` catches. Here that
causes one clear error. Every command and the Python interface read this way; the process starts in
about a tenth of a second, imports no torch, and replies in JSON, never in pickle (`frames.py`).
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from longsum.config import MAX_READ_S, MAX_READER_BYTES
from longsum.documents.document import Document
from longsum.documents.frames import BadFrame, header, pack_message, read_message
from longsum.documents.replies import raise_reported, unpacked_document
from longsum.documents.source import attached_name, load_source
from longsum.errors import CorruptDocument, DocumentTooLong, LongsumError
from longsum.processes import without_interrupts
from longsum.settings import Setting

MAX_START_S = 60.0
"""Time limit for starting a process, which takes a tenth of a second."""
PLAIN = "longsum.documents.serving:open_plain"

_SCRIPT = (
    "import json, sys; read = sys.stdin.buffer.read; "
    "opening = json.loads(read(int.from_bytes(read(8), 'big'))); sys.path[:] = opening['path']; "
    "from longsum.documents.serving import serve; serve(opening)"
)
"""Uses the caller's import path, so that a document's folder is never on it."""


class ReadingProcess:
    """A process that handles one request after another; if it dies, its parent survives.

    Args:
        factory: `module:function`; called in the process with `argument`, returns a `Handler`.
        argument: JSON values.
        on_reply: called from a thread of this process when there is something to `receive`.

    Raises:
        LongsumError: when no process can be started.
    """

    def __init__(
        self, factory: str, argument: dict[str, Any], *, on_reply: Callable[[], None] | None = None
    ) -> None:
        self._process = _start()
        self._requests: queue.SimpleQueue[list[bytes]] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._on_reply = on_reply
        self.was_refused = False
        """Whether it was ended for sending something that is not a message."""
        opening = {"path": sys.path, "factory": factory, "argument": argument}
        self._requests.put([pack_message(opening)])
        # writing and reading may block forever if a file has taken the process over
        self._thread = threading.Thread(target=self._converse, daemon=True)
        self._thread.start()

    def send(self, request: dict[str, Any], data: bytes = b"", *, seconds: float) -> None:
        """Send the process a request, without waiting for it.

        Args:
            request: JSON values.
            data: the document's bytes, if the request includes them.
            seconds: time limit, which the caller enforces.
        """
        message = pack_message(request | {"seconds": seconds})
        self._requests.put([message, header(len(data)), data])

    def receive(self, seconds: float | None = None) -> dict[str, Any] | None:
        """Return the next message: `ready` once, then one reply per request; None if it is dead.

        A process that sends anything but messages is ended, and counts as dead.

        Raises:
            TimeoutError: when no message arrives in time.
        """
        try:
            return self._replies.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def kill(self) -> int | None:
        """End the process and return its exit code; -N for signal N."""
        self._process.kill()
        return self.join()

    def join(self) -> int | None:
        """Wait for a process that is ending and return its exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._requests.put([])
        self._thread.join(1)
        if not self._thread.is_alive():
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):  # what it never read is not needed
                    pipe.close()  # type: ignore[union-attr]
        return self._process.returncode

    def _converse(self) -> None:
        """Pass on requests and replies in turn; runs in a thread."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            while frames := self._requests.get():
                for frame in frames:
                    self._process.stdin.write(frame)
                del frames, frame  # a document may be large
                self._process.stdin.flush()
                message = read_message(self._process.stdout)  # type: ignore[arg-type]
                if message is None:
                    break
                self._deliver(message)
        except (OSError, ValueError):  # it died, or was ended
            pass
        except BadFrame:
            self.was_refused = True
            self._process.kill()
        self._deliver(None)

    def _deliver(self, message: dict[str, Any] | None) -> None:
        self._replies.put(message)
        if self._on_reply is not None:
            self._on_reply()


def _start() -> subprocess.Popen[bytes]:
    """Start Python for reading.

    Raises:
        LongsumError: when Python is embedded in another program, or there is no memory for it.
    """
    hint = "for files that you trust, use longsum.documents.read.read_document in this process"
    if not sys.executable or getattr(sys, "frozen", False):
        raise LongsumError("no Python interpreter found to start a reader process", hint=hint)
    try:
        with without_interrupts():
            return subprocess.Popen(
                [sys.executable, "-P", "-c", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
    except OSError as error:
        raise LongsumError(
            f"could not start a reader process: {error.strerror}",
            hint="close other programs",
        ) from error


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
