"""Why a document failed, as its row states it. Plain JSON values."""

from __future__ import annotations

import traceback
from typing import Any

from longsum.errors import LongsumError

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
