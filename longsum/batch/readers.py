"""A job's reading processes as their parent sees them: started, given documents, listened to.

What they say is JSON, of which nothing is believed unchecked: a document may have taken them over.
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
from longsum.documents.isolated import ReadingProcess
from longsum.documents.replies import require_type, unpacked_document
from longsum.settings import Setting
from longsum.terminal import escape_for_terminal


class JobReader:
    """A reading process and what it is at."""

    def __init__(self, job: Job) -> None:
        self.bell, self._button = Pipe(duplex=False)  # rung here, by the thread that listens to it
        self.limit_s = job.batch.read_limit_s
        self.process = start_reader(job, self._ring)
        self.task: ReadTask | None = None
        self.ready = False
        self.since = time.monotonic()

    def give(self, task: ReadTask) -> None:
        """Have it read a document; a dead one is noticed when it is listened to."""
        self.task, self.since = task, time.monotonic()
        self.process.send({"task": asdict(task)}, seconds=self.limit_s)

    def hear(self) -> dict[str, Any] | None:
        """Return what it says; None when it is dead."""
        self.bell.recv_bytes()
        return self.process.receive(0)

    def end(self) -> int | None:
        """End the process, and return its exit code."""
        code = self.process.kill()
        self.bell.close()
        self._button.close()
        return code

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # ended: nobody listens
            self._button.send_bytes(b"!")


def start_reader(job: Job, on_reply: Callable[[], None] | None = None) -> ReadingProcess:
    """Start a process that reads for a job.

    Args:
        job: pages, password, the model's tokenizer, limits.
        on_reply: called from a thread when there is something to receive.
    """
    return ReadingProcess(job.open_reader, asdict(read_settings(job)), on_reply=on_reply)


def read_settings(job: Job) -> ReadSettings:
    """Return what a job's reading processes are told."""
    return ReadSettings(
        pages=job.read.pages,
        password=job.read.password,
        memory_bytes=job.batch.read_memory_bytes,
        tokenizer=None if job.model_folder is None else str(job.model_folder),
        model=job.load.model,
        revision=job.load.revision,
    )


def unpacked_reading(task: ReadTask, reply: dict[str, Any]) -> ReadResult:
    """Return what a reading process says came of a task; all but the task is checked.

    Raises:
        ValueError: when it says nothing that can be understood.
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
    """Return an error as a row tells it; see `error_fields`."""
    told: dict[str, Any] = {key: require_type(fields.get(key), str) for key in ("type", "message")}
    hint = fields.get("hint")
    told["hint"] = None if hint is None else require_type(hint, str)
    if "traceback" in fields:
        told["traceback"] = require_type(fields["traceback"], str)
    return told


def lost_reading(task: ReadTask, error: dict[str, Any], seconds: float = 0.0) -> ReadResult:
    """Return what is left of a document whose reader died or was ended."""
    return ReadResult(
        task.name, task.size, task.mtime_ns, seconds, sha256=None, error=error, named=task.named
    )


def too_slow(limit_s: float) -> dict[str, Any]:
    """Return the error of a document that takes too long to read."""
    return {
        "type": "TimeLimit",
        "message": f"reading it took longer than {limit_s:g} seconds",
        "hint": f"raise {Setting('read_limit')}, or print it to a new PDF and read that",
    }


def unreadable_reply() -> dict[str, Any]:
    """Return the error of a document whose reader sent what is no reply."""
    return {
        "type": "CorruptDocument",
        "message": "the process that read it sent no reply that can be understood",
        "hint": "print it to a new PDF and read that, or try to repair it: qpdf in.pdf out.pdf",
    }


def died_reading(process: ReadingProcess) -> dict[str, Any]:
    """Return the error of the document whose reader died."""
    from longsum.batch.failures import died

    code = process.join()
    return unreadable_reply() if process.was_refused else died("read it", code)
