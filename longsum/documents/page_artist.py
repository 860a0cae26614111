"""Pictures and places of a PDF's pages, from a process of its own.

An untrusted file may crash, stall or bloat what draws it. Here that is one clear error for the page
that was asked for: the next request starts another process, which opens the document by itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from longsum.config import MAX_READER_BYTES
from longsum.documents.document import Document, Span
from longsum.documents.drawing_replies import (
    OutlineItem,
    PageSize,
    TextLine,
    lines_from,
    outline_from,
    pages_from,
    picture_from,
    rectangles_from,
)
from longsum.documents.pdf_errors import no_such_page
from longsum.documents.places import Part, Places, Rect, pages_only, parts_of, places_from
from longsum.documents.reading_process import MAX_START_S, ReadingProcess
from longsum.documents.replies import raise_reported
from longsum.errors import CorruptDocument, LongsumError, UsageError
from longsum.terminal import shown_name

DRAWING = "longsum.documents.page_drawing:open_drawing"
MAX_OPEN_S = 60.0
"""Time limit for opening a document."""
MAX_PAGE_S = 20.0
"""Time limit for a picture of a page, its lines, or rectangles."""
MIN_WIDTH, MAX_WIDTH = 16, 4_000
"""Pixels across a picture."""


class PageArtist:
    """Draws the pages of one PDF and finds places on them; one request at a time.

    Args:
        memory_bytes: what the process may take beyond what Python holds at the start.
        seconds: time limit for a page.
    """

    def __init__(
        self, *, memory_bytes: int = MAX_READER_BYTES, seconds: float = MAX_PAGE_S
    ) -> None:
        self.memory_bytes, self.seconds = memory_bytes, seconds
        self._lock = threading.RLock()
        self._process: ReadingProcess | None = None
        self._data: bytes | None = None
        self._document: dict[str, Any] = {}
        self._sha256 = ""
        self._total = 0

    def __enter__(self) -> PageArtist:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and forget the document."""
        with self._lock:
            self._end()
            self._data, self._sha256, self._total = None, "", 0

    def open(
        self,
        data: bytes,
        password: str | None = None,
        *,
        name: str = "the document",
        attachment: str | None = None,
    ) -> list[PageSize]:
        """Open a PDF in place of the one before.

        Args:
            data: the file's bytes.
            password: for an encrypted file.
            name: for messages.
            attachment: name of a file attached to it, whose pages are meant; None for its own.

        Raises:
            PasswordError: the password is missing or wrong.
            DocumentError: it cannot be opened.
        """
        with self._lock:
            self._end()
            self._data, self._sha256 = data, hashlib.sha256(data).hexdigest()
            self._document = {
                "shown": shown_name(name),
                "password": password,
                "attachment": attachment,
            }
            try:
                pages = self._start()
            except BaseException:
                self._data, self._total = None, 0
                raise
            self._total = len(pages)
            return pages

    def picture(self, number: int, width: int) -> bytes:
        """Return a page as a PNG, with its annotations and form fields, on white.

        Args:
            number: of the page, from 1.
            width: in pixels; a very long page's picture is narrower.

        Raises:
            NoSuchPage: the document does not have it.
            UsageError: the width is out of range.
            CorruptDocument: it cannot be drawn within the limits.
        """
        if not MIN_WIDTH <= width <= MAX_WIDTH:
            raise UsageError(
                f"a picture of a page cannot be {width:,} pixels wide",
                hint=f"choose from {MIN_WIDTH} to {MAX_WIDTH:,}",
            )
        reply = self._ask({"do": "picture", "page": number, "width": width}, "drawn", [number])
        try:
            return picture_from(reply)
        except ValueError:
            raise self._refused("drawn", [number]) from None

    def lines(self, number: int) -> list[TextLine]:
        """Return a page's lines that run from left to right, in reading order.

        Raises:
            NoSuchPage: the document does not have the page.
            CorruptDocument: it cannot be read within the limits.
        """
        reply = self._ask({"do": "lines", "page": number}, "read", [number])
        try:
            return lines_from(reply)
        except ValueError:
            raise self._refused("read", [number]) from None

    def outline(self) -> list[OutlineItem]:
        """Return the entries of the document's outline that lead to a page.

        Raises:
            CorruptDocument: it cannot be read within the limits.
        """
        reply = self._ask({"do": "outline"}, "read", [])
        try:
            return outline_from(reply, self._total)
        except ValueError:
            raise self._refused("read", []) from None

    def places(self, document: Document, spans: Sequence[Span]) -> list[Places]:
        """Return where spans of a document's text are on its pages, in one request.

        Another file than the open one, such as one that was changed since, has no places.

        Args:
            document: as it was read.
            spans: parts of its text.

        Raises:
            UsageError: a span is not a part of the text.
            CorruptDocument: the pages cannot be read within the limits.
        """
        parts = [parts_of(document, span) for span in spans]
        with self._lock:
            if document.sha256 != self._sha256:
                return [pages_only(each) for each in parts]
            rects = iter(self.rectangles([part for each in parts for part in each]))
        return [places_from(each, [next(rects) for _ in each]) for each in parts]

    def rectangles(self, parts: Sequence[Part]) -> list[list[Rect]]:
        """Return the rectangles of each part, one for each row.

        Raises:
            NoSuchPage: the document does not have one of the pages.
            UsageError: a page does not have the characters.
            CorruptDocument: the pages cannot be read within the limits.
        """
        if not parts:
            return []
        numbers = [part.page for part in parts]
        reply = self._ask({"do": "rectangles", "parts": list(parts)}, "read", numbers)
        try:
            return rectangles_from(reply, len(parts))
        except ValueError:
            raise self._refused("read", numbers) from None

    def _ask(self, request: dict[str, Any], done: str, numbers: Sequence[int]) -> dict[str, Any]:
        """Return the reply to a request about the open document.

        Args:
            request: JSON values.
            done: what is done to the pages, for messages.
            numbers: of the pages.
        """
        with self._lock:
            if self._data is None:
                raise UsageError("no document is open", hint="open one first")
            for number in numbers:
                if not 1 <= number <= self._total:
                    raise no_such_page(number, self._total, self._document["shown"])
            if self._process is not None and not self._process.is_running:
                self._end()  # it died between two requests
            if self._process is None:
                self._start()
            return self._exchange(request, b"", self.seconds, self._which(done, numbers))

    def _start(self) -> list[PageSize]:
        """Start a process and open the document in it; return its pages."""
        assert self._data is not None
        shown = self._document["shown"]
        what = f"{shown} cannot be opened"
        self._process = ReadingProcess(DRAWING, {"memory_bytes": self.memory_bytes})
        try:
            ready = None
            with contextlib.suppress(TimeoutError):
                ready = self._process.receive(MAX_START_S)
            if ready is None or "ready" not in ready:
                raise_reported(ready or {}, shown, document=False)
                raise LongsumError(
                    "the process that draws pages ended while starting",
                    hint="close other programs, or start longsum again",
                )
            request = {"do": "open", "document": self._document}
            return pages_from(self._exchange(request, self._data, MAX_OPEN_S, what))
        except ValueError:
            self._end()
            raise _damaged(f"{what}: it took over its reader") from None
        except BaseException:
            self._end()
            raise

    def _exchange(
        self, request: dict[str, Any], data: bytes, seconds: float, what: str
    ) -> dict[str, Any]:
        """Send a request and return its reply; a process that fails is ended.

        Args:
            request: JSON values.
            data: the document's bytes, if the request includes them.
            seconds: time limit.
            what: begins the message of an error.
        """
        assert self._process is not None
        try:
            self._process.send(request, data, seconds=seconds)
            reply = self._process.receive(seconds)
        except TimeoutError:
            self._end()
            raise _damaged(f"{what}: it took over {seconds:,.0f} s") from None
        except BaseException:  # Ctrl-C, too: the next request must not get this one's reply
            self._end()
            raise
        if reply is None or "memory" in reply:
            self._end()
            raise _damaged(
                f"{what}: it crashed its reader, or took over {self.memory_bytes >> 20:,} MiB of "
                "memory"
            )
        raise_reported(reply, self._document["shown"])
        return reply

    def _end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _which(self, done: str, numbers: Sequence[int]) -> str:
        """Return what cannot be done, for messages."""
        which = f"page {numbers[0]} of " if len(set(numbers)) == 1 else ""
        return f"{which}{self._document['shown']} cannot be {done}"

    def _refused(self, done: str, numbers: Sequence[int]) -> CorruptDocument:
        """Return the error for a reply that is none: a file has taken over its reader."""
        with self._lock:
            self._end()
        return _damaged(f"{self._which(done, numbers)}: it took over its reader")


def _damaged(message: str) -> CorruptDocument:
    return CorruptDocument(
        message, hint="print it to a new PDF and read that; to repair a PDF: qpdf in.pdf out.pdf"
    )
