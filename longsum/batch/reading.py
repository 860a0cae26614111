"""What a reading process does: a file becomes text and token ids, or an error.

Runs in a process of its own, which a hostile document may crash or fill: its memory is limited
here, its time by whoever waits for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.batch.job import Job
from longsum.documents.document import Document
from longsum.documents.limits import limit_memory

if TYPE_CHECKING:
    from longsum.model.tokenizer import Tokenizer


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
class Reading:
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


class DocumentReader:
    """Reads documents for a job.

    Args:
        job: pages, password, and the model's tokenizer.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._tokenizer: Tokenizer | None = None

    def __call__(self, task: ReadTask, progress: Callable[[Any], None] | None = None) -> Reading:
        """Read a document; every error is part of what is returned."""
        from longsum.batch.row import describe

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
            error = _too_large(self.job)
        except Exception as caught:  # one document's trouble must not be the others'
            error = describe(caught)
        if error is not None and sha256 is None:
            sha256 = file_sha256(task.path)
        return Reading(
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
        from longsum.model.resolve import resolve_model
        from longsum.model.tokenizer import load_tokenizer

        folder = self.job.model_folder
        if folder is None or not folder.is_dir():
            folder = resolve_model(self.job.load.model, revision=self.job.load.revision).folder
        self._tokenizer = load_tokenizer(folder)
        return self._tokenizer

    def _read(self, task: ReadTask) -> tuple[Document, array[int] | None]:
        """Return a document and its tokens."""
        from longsum.documents.read import read_document

        read = self.job.read
        # a path, lest a file that is called - be taken for standard input
        document = read_document(
            os.path.abspath(task.path), pages=read.pages, password=read.password
        )
        if self.job.model_folder is None:
            return document, None
        tokenizer = self._tokenizer or self.open_tokenizer()
        return document, array("I", tokenizer.encode_document(document.text))


def file_sha256(path: str | Path) -> str | None:
    """Return a file's sha256, or None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def lost_reading(task: ReadTask, error: dict[str, Any], seconds: float = 0.0) -> Reading:
    """Return what is left of a document whose reader died or was ended."""
    return Reading(
        task.name, task.size, task.mtime_ns, seconds, sha256=None, error=error, named=task.named
    )


def too_slow(limit_s: float) -> dict[str, Any]:
    """Return the error of a document that takes too long to read."""
    return {
        "type": "TimeLimit",
        "message": f"reading it took longer than {limit_s:g} seconds",
        "hint": "raise --read-limit, or print it to a new PDF and read that",
    }


def _too_large(job: Job) -> dict[str, Any]:
    """Return the error of a document that fills the memory reading may take."""
    from longsum.bytesize import format_bytes

    limit = format_bytes(job.batch.read_memory_bytes)
    return {
        "type": "InsufficientMemory",
        "message": f"reading it takes more than {limit}",
        "hint": "raise --read-memory, or split the document",
    }


def open_reader(job: Job) -> DocumentReader:
    """Return a reader in a process whose memory is limited."""
    reader = DocumentReader(job)
    if job.model_folder is not None:
        reader.open_tokenizer()  # before the limit: libraries reserve addresses by the gigabyte
    limit_memory(job.batch.read_memory_bytes)
    return reader
