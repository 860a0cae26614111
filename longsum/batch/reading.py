"""What a reading process does: a file becomes text and token ids, or an error.

Runs in a process of its own, which a hostile document may crash or fill: its memory is limited
here, its time by whoever waits for it. Its replies are JSON, and checked when they arrive.
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
    """If the file still has it, there is nothing to do."""
    named: bool = False


@dataclass(frozen=True)
class ReadResult:
    """What came of reading a document."""

    name: str
    size: int
    """Bytes."""
    mtime_ns: int
    seconds: float = 0.0
    sha256: str | None = None
    document: Document | None = None
    input_ids: array[int] | None = None
    """The document's tokens, where a tokenizer was at hand."""
    error: dict[str, Any] | None = None
    unchanged: bool = False
    """The file is what it was when its result was made."""
    named: bool = False


@dataclass(frozen=True)
class ReadSettings:
    """What a reading process is told once, as JSON values."""

    pages: str | None
    password: str | None
    memory_bytes: int
    tokenizer: str | None
    """Folder of the model; None leaves tokens to the worker."""
    model: str | None
    revision: str | None
    """For finding the model where there is no such folder, on another machine."""


class DocumentReader:
    """Reads documents for a job; lives in the reading process.

    Args:
        settings: pages, password, and the model's tokenizer.
    """

    def __init__(self, settings: ReadSettings) -> None:
        self.settings = settings
        self._tokenizer: Tokenizer | None = None

    def __call__(self, request: dict[str, Any], data: bytes = b"") -> dict[str, Any]:
        """Read a document; every error is part of what is returned."""
        return packed_reading(self.read(ReadTask(**request["task"])))

    def read(self, task: ReadTask) -> ReadResult:
        """Read a document; every error is part of what is returned."""
        started = time.perf_counter()
        size, mtime_ns = task.size, task.mtime_ns
        with contextlib.suppress(OSError, ValueError):  # gone: reading it will say so
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
        except Exception as caught:  # one document's trouble must not be the others'
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
        """Load the model's tokenizer; on another machine its folder may be another."""
        from longsum.checkpoint.formats import open_checkpoint
        from longsum.model.resolve import resolve_model

        settings = self.settings
        folder = Path(settings.tokenizer) if settings.tokenizer is not None else None
        if folder is None or not folder.is_dir():
            folder = resolve_model(settings.model, revision=settings.revision).folder
        self._tokenizer = open_checkpoint(folder).tokenizer()
        return self._tokenizer

    def _read(self, task: ReadTask) -> tuple[Document, array[int] | None]:
        """Return a document and its tokens."""
        from longsum.documents.read import read_document

        # a path, lest a file that is called - be taken for standard input
        document = read_document(
            os.path.abspath(task.path),
            pages=self.settings.pages,
            password=self.settings.password,
        )
        if self.settings.tokenizer is None:
            return document, None
        tokenizer = self._tokenizer or self.open_tokenizer()
        return document, array("I", tokenizer.encode_document(document.text))


def packed_reading(reading: ReadResult) -> dict[str, Any]:
    """Return a reading as JSON values."""
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
    """Return a file's sha256, or None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _too_large(limit_bytes: int) -> dict[str, Any]:
    """Return the error of a document that fills the memory reading may take."""
    from longsum.bytesize import format_bytes

    return {
        "type": "InsufficientMemory",
        "message": f"reading it takes more than {format_bytes(limit_bytes)}",
        "hint": f"raise {Setting('read_memory')}, or split the document",
    }


def open_reader(argument: dict[str, Any]) -> DocumentReader:
    """Return a reader in a process whose memory is limited.

    Args:
        argument: the fields of `ReadSettings`.
    """
    import longsum.documents.read  # noqa: F401 - before the limit, as the tokenizer

    reader = DocumentReader(ReadSettings(**argument))
    if reader.settings.tokenizer is not None:
        reader.open_tokenizer()  # before the limit: libraries reserve addresses by the gigabyte
    limit_memory(reader.settings.memory_bytes)
    return reader
