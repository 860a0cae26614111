"""Why a document failed, as its row states it. Plain JSON values."""

from __future__ import annotations

from typing import Any

from longsum.errors import LongsumError, describe_bug


def error_fields(error: BaseException) -> dict[str, Any]:
    """Return an error as a row states it, settings marked; a bug's with its traceback."""
    if isinstance(error, LongsumError):
        message, hint = error.rendered(str)
        return {"type": type(error).__name__, "message": message, "hint": hint}
    message, trace = describe_bug(error)
    return {
        "type": type(error).__name__,
        "message": message,
        "hint": "this is a bug of longsum's; its traceback is in results.jsonl",
        "traceback": trace,
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
