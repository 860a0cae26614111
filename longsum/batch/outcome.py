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
    """What the journal holds of a document; only the first two keys are sure to be in one read."""

    document: str
    """Its name inside the folder."""
    outcome: str
    """`done`, `failed` or `skipped`."""
    sha256: str | None
    """Of the file; None where it could not be read."""
    size: int
    mtime_ns: int
    settings: str
    """Hash of what was asked; see `Job.settings`."""
    result: str | None
    """Path of the result inside the output folder."""
    result_bytes: int | None
    answers: list[dict[str, Any]]
    """`question`, `text`, and of a question `answered`."""
    receipt: dict[str, Any] | None
    error: dict[str, Any] | None
    """`type`, `message`, `hint`, and of a bug `traceback`."""
    warnings: list[str]
    seconds: float
    """Spent on reading and answering."""
    worker: str | None
    finished_at: str
    """UTC, as `row_time` writes it."""
    again: NotRequired[bool]
    """The next run tries it again."""


def row_time() -> str:
    """Return the time as rows tell it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def base_row(job: Job, reading: ReadResult, outcome: str) -> Row:
    """Return what every row holds."""
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
        reading: as far as it was read.
        error: why.
        seconds: spent on it after reading.
    """
    told: dict[str, Any] = dict(error) if isinstance(error, dict) else error_fields(error)
    told |= {key: job.shown(told[key]) for key in ("message", "hint") if told.get(key)}
    row = base_row(job, reading, FAILED)
    row["error"] = told
    row["seconds"] = round(reading.seconds + seconds, 6)
    if told["type"] == OutputError.__name__:
        row["again"] = True  # the disk's fault, not the document's: the next run tries it anew
    return row


def row_of_reading(job: Job, reading: ReadResult) -> Row | None:
    """Return the row of a document whose fate reading has settled; None where there is more to do.

    A file of no format that is read is skipped, unless it was named one by one.
    """
    if reading.error is None:
        return None
    unreadable_type = reading.error["type"] == "UnsupportedDocument"
    row = failed_row(job, reading, reading.error)
    if unreadable_type and not reading.named:
        row["outcome"] = SKIPPED
    return row
