"""A job's reader processes, in their parent: start them, assign documents, receive replies.

Replies are JSON and fully checked, since a document may have taken the process over.
"""

from __future__ import annotations

import contextlib
import time
from array import array
from base64 import b64decode
from collections.abc import Callable
from dataclasses import asdict
from multiprocessing import Pipe
from typing import Any

from longsum.batch.job import Job
from longsum.batch.reading import ReadResult, ReadSettings, ReadTask
from longsum.documents.reading_process import ReadingProcess
from longsum.documents.replies import require_type, unpacked_document
from longsum.settings import Setting
from longsum.terminal import escape_for_terminal


class JobReader:
    """A reader process and its current document."""

    def __init__(self, job: Job) -> None:
        self.wakeup, self._wakeup_sender = Pipe(duplex=False)  # readable when a reply has arrived
        self.limit_s = job.batch.read_limit_s
        self.process = start_reader(job, self._wake)
        self.task: ReadTask | None = None
        self.ready = False
        self.since = time.monotonic()

    def assign(self, task: ReadTask) -> None:
        """Send it a document to read; that it is dead shows only on `receive`."""
        self.task, self.since = task, time.monotonic()
        self.process.send({"task": asdict(task)}, seconds=self.limit_s)

    def receive(self) -> dict[str, Any] | None:
        """Return its message; None if it is dead."""
        self.wakeup.recv_bytes()
        return self.process.receive(0)

    def end(self) -> int | None:
        """End the process and return its exit code."""
        code = self.process.kill()
        self.wakeup.close()
        self._wakeup_sender.close()
        return code

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # ended: the pipe is closed
            self._wakeup_sender.send_bytes(b"!")


def start_reader(job: Job, on_reply: Callable[[], None] | None = None) -> ReadingProcess:
    """Start a process that reads for a job.

    Args:
        job: pages, password, the model's tokenizer, limits.
        on_reply: called from a thread when there is something to receive.
    """
    return ReadingProcess(job.open_reader, asdict(read_settings(job)), on_reply=on_reply)


def read_settings(job: Job) -> ReadSettings:
    """Return the settings of a job's reader processes."""
    return ReadSettings(
        pages=job.read.pages,
        password=job.read.password,
        encoding=job.read.encoding,
        attachment=job.read.attachment,
        memory_bytes=job.batch.read_memory_bytes,
        tokenizer=None if job.model_folder is None else str(job.model_folder),
        model=job.load.model,
        revision=job.load.revision,
    )


def unpacked_reading(task: ReadTask, reply: dict[str, Any]) -> ReadResult:
    """Return the result that a reader process reports for a task, after checking it.

    Raises:
        ValueError: when the reply is not valid.
    """
    fields = require_type(reply.get("reading"), dict)
    document = error = ids = sha256 = None
    if fields.get("document") is not None:
        shown = require_type(require_type(fields["document"], dict).get("name"), str)
        document = unpacked_document(fields["document"], escape_for_terminal(shown))
    if fields.get("error") is not None:
        error = _unpacked_error(require_type(fields["error"], dict))
    if fields.get("input_ids") is not None:
        ids = array("I", b64decode(require_type(fields["input_ids"], str), validate=True))
    if fields.get("sha256") is not None:
        sha256 = require_type(fields["sha256"], str)
    seconds = fields.get("seconds")
    unchanged = document is None and error is None
    if unchanged and sha256 != task.known_sha256:
        raise ValueError("neither a document nor an error")
    return ReadResult(
        name=task.name,
        size=require_type(fields.get("size"), int),
        mtime_ns=require_type(fields.get("mtime_ns"), int),
        seconds=require_type(seconds, float),
        sha256=sha256,
        document=document,
        input_ids=ids,
        error=error,
        unchanged=unchanged,
        named=task.named,
    )


def _unpacked_error(fields: dict[str, Any]) -> dict[str, Any]:
    """Return an error as a row reports it; see `error_fields`."""
    error: dict[str, Any] = {key: require_type(fields.get(key), str) for key in ("type", "message")}
    hint = fields.get("hint")
    error["hint"] = None if hint is None else require_type(hint, str)
    if "traceback" in fields:
        error["traceback"] = require_type(fields["traceback"], str)
    return error


def failed_reading(task: ReadTask, error: dict[str, Any], seconds: float = 0.0) -> ReadResult:
    """Return the result for a document whose reader died or was ended.

    Args:
        task: the document.
        error: why, with the keys of `error_fields`.
        seconds: time spent reading it.
    """
    return ReadResult(
        task.name, task.size, task.mtime_ns, seconds, sha256=None, error=error, named=task.named
    )


def time_limit_error(limit_s: float) -> dict[str, Any]:
    """Return the error of a document that takes too long to read."""
    return {
        "type": "TimeLimit",
        "message": f"reading it took longer than {limit_s:g} seconds",
        "hint": f"raise {Setting('read_limit')}, or print it to a new PDF and read that",
    }


def invalid_reply_error() -> dict[str, Any]:
    """Return the error of a document whose reader sent an invalid reply."""
    return {
        "type": "CorruptDocument",
        "message": "the reader process sent an invalid reply",
        "hint": "print it to a new PDF and read that; to repair a PDF: qpdf in.pdf out.pdf",
    }


def reader_died_error(process: ReadingProcess) -> dict[str, Any]:
    """Return the error of a document whose reader died."""
    from longsum.batch.failures import died_error

    code = process.join()
    return invalid_reply_error() if process.was_refused else died_error("read it", code)
