"""What a reader process of a batch does: turn a file into text and token ids, or an error.

Runs in a separate process, which a hostile document may crash or fill: its memory is limited here,
its time by the process that waits for it. Its replies are JSON, and checked when they arrive.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from array import array
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.batch.failures import error_fields
from longsum.documents.document import Document
from longsum.documents.limits import limit_memory
from longsum.documents.serving import packed_document
from longsum.settings import Setting

if TYPE_CHECKING:
    from longsum.checkpoint.tokenizer import Tokenizer


@dataclass(frozen=True)
class ReadTask:
    """A document to be read."""

    name: str
    path: str
    size: int
    mtime_ns: int
    known_sha256: str | None = None
    """Digest of the file when its result was made; if it is the same, there is nothing to do."""
    named: bool = False


@dataclass(frozen=True)
class ReadResult:
    """Result of reading a document."""

    name: str
    size: int
    """Size in bytes."""
    mtime_ns: int
    seconds: float = 0.0
    sha256: str | None = None
    document: Document | None = None
    input_ids: array[int] | None = None
    """The document's token ids, if a tokenizer was available."""
    error: dict[str, Any] | None = None
    unchanged: bool = False
    """Whether the file is the same as when its result was made."""
    named: bool = False


@dataclass(frozen=True)
class ReadSettings:
    """Settings of a reader process, as JSON values."""

    pages: str | None
    password: str | None
    encoding: str | None
    memory_bytes: int
    tokenizer: str | None
    """Folder of the model; None leaves tokenizing to the worker."""
    model: str | None
    revision: str | None
    """With `model`, finds the model on another machine, where that folder may not exist."""
    attachment: str | None = None
    """Name of a file attached to each PDF, which is read instead of the PDF."""


class DocumentReader:
    """Reads documents for a job, in the reader process.

    Args:
        settings: pages, password, and the model's tokenizer.
    """

    def __init__(self, settings: ReadSettings) -> None:
        self.settings = settings
        self._tokenizer: Tokenizer | None = None

    def __call__(self, request: dict[str, Any], data: bytes = b"") -> dict[str, Any]:
        """Return the reply to a request, which holds the document or the error."""
        return packed_reading(self.read(ReadTask(**request["task"])))

    def read(self, task: ReadTask) -> ReadResult:
        """Read a document; every error is part of the result."""
        started = time.perf_counter()
        size, mtime_ns = task.size, task.mtime_ns
        with contextlib.suppress(OSError, ValueError):  # if it has vanished, reading it will say so
            found = os.stat(task.path)
            size, mtime_ns = found.st_size, found.st_mtime_ns
        sha256 = None
        document = ids = error = None
        try:
            if task.known_sha256 is not None:
                sha256 = file_sha256(task.path)
            if sha256 is None or sha256 != task.known_sha256:
                document, ids = self._read(task)
                sha256 = document.sha256
        except MemoryError:
            error = _too_large(self.settings.memory_bytes)
        except Exception as caught:  # one document's error must not affect the others
            error = error_fields(caught)
        if error is not None and sha256 is None:
            sha256 = file_sha256(task.path)
        return ReadResult(
            name=task.name,
            size=size,
            mtime_ns=mtime_ns,
            seconds=time.perf_counter() - started,
            sha256=sha256,
            document=document,
            input_ids=ids,
            error=error,
            unchanged=document is None and error is None,
            named=task.named,
        )

    def open_tokenizer(self) -> Tokenizer:
        """Load the model's tokenizer, whose folder may differ on another machine."""
        from longsum.checkpoint.formats import open_checkpoint
        from longsum.model.resolve import resolve_model

        settings = self.settings
        folder = Path(settings.tokenizer) if settings.tokenizer is not None else None
        if folder is None or not folder.is_dir():
            folder = resolve_model(settings.model, revision=settings.revision).folder
        self._tokenizer = open_checkpoint(folder).tokenizer()
        return self._tokenizer

    def _read(self, task: ReadTask) -> tuple[Document, array[int] | None]:
        """Return a document and its token ids."""
        from longsum.documents.read import read_document

        # an absolute path, so that a file named - does not mean standard input
        document = read_document(
            os.path.abspath(task.path),
            pages=self.settings.pages,
            password=self.settings.password,
            encoding=self.settings.encoding,
            attachment=self.settings.attachment,
        )
        if self.settings.tokenizer is None:
            return document, None
        tokenizer = self._tokenizer or self.open_tokenizer()
        return document, array("I", tokenizer.encode_document(document.text))


def packed_reading(reading: ReadResult) -> dict[str, Any]:
    """Return the result of reading as JSON values."""
    fields = {
        key: getattr(reading, key)
        for key in ("size", "mtime_ns", "seconds", "sha256", "error", "unchanged")
    }
    if reading.document is not None:
        fields |= packed_document(reading.document)
    if reading.input_ids is not None:
        fields["input_ids"] = b64encode(reading.input_ids.tobytes()).decode("ascii")
    return {"reading": fields}


def file_sha256(path: str | Path) -> str | None:
    """Return a file's sha256 in hex, or None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _too_large(limit_bytes: int) -> dict[str, Any]:
    """Return the error of a document that exceeds the memory limit."""
    from longsum.bytesize import format_bytes

    return {
        "type": "InsufficientMemory",
        "message": f"reading it takes more than {format_bytes(limit_bytes)}",
        "hint": f"raise {Setting('read_memory')}, or split the document",
    }


def open_reader(argument: dict[str, Any]) -> DocumentReader:
    """Return a reader, after limiting the memory of this process.

    Args:
        argument: the fields of `ReadSettings`.
    """
    import longsum.documents.read  # noqa: F401 - before the limit, like the tokenizer

    reader = DocumentReader(ReadSettings(**argument))
    if reader.settings.tokenizer is not None:
        reader.open_tokenizer()  # before the limit: libraries reserve gigabytes of addresses
    limit_memory(reader.settings.memory_bytes)
    return reader
