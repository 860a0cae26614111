"""A document's outcome as a row of the journal. Plain JSON values; the same for every engine."""

from __future__ import annotations

import time
from typing import Any, NotRequired, TypedDict

from longsum.batch.failures import error_fields
from longsum.batch.job import Job
from longsum.batch.reading import ReadResult
from longsum.errors import OutputError

DONE, FAILED, SKIPPED = "done", "failed", "skipped"


class Row(TypedDict):
    """A document's row in the journal; only the first two keys are certain in one that was read."""

    document: str
    """Its name inside the folder."""
    outcome: str
    """`done`, `failed` or `skipped`."""
    sha256: str | None
    """Digest of the file; None if it could not be read."""
    size: int
    mtime_ns: int
    settings: str
    """Hash of what was asked; see `Job.settings`."""
    result: str | None
    """Path of the result inside the output folder."""
    result_bytes: int | None
    answers: list[dict[str, Any]]
    """`question` and `text` each; for a question also `answered` and `nearest`."""
    receipt: dict[str, Any] | None
    error: dict[str, Any] | None
    """`type`, `message` and `hint`; for a bug also `traceback`."""
    warnings: list[str]
    seconds: float
    """Time spent on reading and answering, in seconds."""
    worker: str | None
    finished_at: str
    """UTC, as `row_time` writes it."""
    again: NotRequired[bool]
    """Whether the next run tries it again."""


def row_time() -> str:
    """Return the current time in the format of rows."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def base_row(job: Job, reading: ReadResult, outcome: str) -> Row:
    """Return the fields that every row has.

    Args:
        job: what was asked of the document.
        reading: the result of reading it.
        outcome: `done`, `failed` or `skipped`.
    """
    return {
        "document": reading.name,
        "outcome": outcome,
        "sha256": reading.sha256,
        "size": reading.size,
        "mtime_ns": reading.mtime_ns,
        "settings": job.settings,
        "result": None,
        "result_bytes": None,
        "answers": [],
        "receipt": None,
        "error": None,
        "warnings": [job.shown(line) for line in reading.document.warnings]
        if reading.document
        else [],
        "seconds": round(reading.seconds, 6),
        "worker": None,
        "finished_at": row_time(),
    }


def failed_row(
    job: Job, reading: ReadResult, error: BaseException | dict[str, Any], seconds: float = 0.0
) -> Row:
    """Return the row of a document that failed.

    Args:
        job: what was asked of it.
        reading: the result of reading it, as far as that went.
        error: why it failed.
        seconds: time spent on it after reading.
    """
    fields: dict[str, Any] = dict(error) if isinstance(error, dict) else error_fields(error)
    fields |= {key: job.shown(fields[key]) for key in ("message", "hint") if fields.get(key)}
    row = base_row(job, reading, FAILED)
    row["error"] = fields
    row["seconds"] = round(reading.seconds + seconds, 6)
    if fields["type"] == OutputError.__name__:
        row["again"] = True  # the disk's fault, not the document's: the next run retries it
    return row


def row_of_reading(job: Job, reading: ReadResult) -> Row | None:
    """Return the row of a document that reading has settled; None if it must still be answered.

    A file in no supported format is skipped, unless it was named individually.
    """
    if reading.error is None:
        return None
    unreadable_type = reading.error["type"] == "UnsupportedDocument"
    row = failed_row(job, reading, reading.error)
    if unreadable_type and not reading.named:
        row["outcome"] = SKIPPED
    return row
