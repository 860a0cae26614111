"""A document's outcome as a row of the journal. Plain JSON values; the same for every engine.

document, outcome (`done`, `failed`, `skipped`), sha256, size, mtime_ns, settings, result,
result_bytes, answers, receipt, error, warnings, seconds, worker, finished_at
"""

from __future__ import annotations

import time
import traceback
from typing import Any

from longsum.batch.job import Job
from longsum.batch.reading import Reading
from longsum.errors import LongsumError, OutputError

Row = dict[str, Any]

DONE, FAILED, SKIPPED = "done", "failed", "skipped"
_EXCERPT = 4000
"""Most characters of a traceback that are kept."""


def describe(error: BaseException) -> dict[str, Any]:
    """Return an error as a row tells it; a bug's with its traceback."""
    if isinstance(error, LongsumError):
        return {"type": type(error).__name__, "message": error.message, "hint": error.hint}
    said = " ".join(str(error).split())[:500]
    lines = traceback.format_exception(error)
    return {
        "type": type(error).__name__,
        "message": f"{type(error).__name__}: {said}" if said else type(error).__name__,
        "hint": "this is a bug of longsum's; its traceback is in results.jsonl",
        "traceback": "".join(lines)[-_EXCERPT:],
    }


def died(what: str, exit_code: int | None) -> dict[str, Any]:
    """Return the error of a document whose process died.

    Args:
        what: the process did.
        exit_code: -N for signal N; None where it is not known.
    """
    if exit_code is None:
        how = ""
    elif exit_code < 0:
        memory = ", as when memory runs out" if exit_code == -9 else ""
        how = f" (signal {-exit_code}{memory})"
    else:
        how = f" (exit code {exit_code})"
    return {
        "type": "ProcessDied",
        "message": f"the process that {what} died{how}",
        "hint": "the other documents went on; try this one alone",
    }


def utc_now() -> str:
    """Return the time as rows tell it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def base_row(job: Job, reading: Reading, outcome: str) -> Row:
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
        "warnings": list(reading.document.warnings) if reading.document else [],
        "seconds": round(reading.seconds, 6),
        "worker": None,
        "finished_at": utc_now(),
    }


def failed_row(
    job: Job, reading: Reading, error: BaseException | dict[str, Any], seconds: float = 0.0
) -> Row:
    """Return the row of a document that failed.

    Args:
        job: what was asked of it.
        reading: as far as it was read.
        error: why.
        seconds: spent on it after reading.
    """
    told = error if isinstance(error, dict) else describe(error)
    row = base_row(job, reading, FAILED) | {"error": told}
    row["seconds"] = round(reading.seconds + seconds, 6)
    if told["type"] == OutputError.__name__:
        row["again"] = True  # the disk's fault, not the document's: the next run tries it anew
    return row


def row_of_reading(job: Job, reading: Reading) -> Row | None:
    """Return the row of a document whose fate reading has settled; None where there is more to do.

    A file that is neither PDF nor text is skipped, unless it was named one by one.
    """
    if reading.error is None:
        return None
    unreadable_type = reading.error["type"] == "UnsupportedDocument"
    row = failed_row(job, reading, reading.error)
    if unreadable_type and not reading.named:
        row["outcome"] = SKIPPED
    return row
