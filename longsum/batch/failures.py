"""Why a document failed, as its row reports it. Plain JSON values."""

from __future__ import annotations

from typing import Any

from longsum.errors import LongsumError, describe_bug


def error_fields(error: BaseException) -> dict[str, Any]:
    """Return an error as a row reports it, settings marked; a bug includes its traceback."""
    if isinstance(error, LongsumError):
        message, hint = error.rendered(str)
        return {"type": type(error).__name__, "message": message, "hint": hint}
    message, trace = describe_bug(error)
    return {
        "type": type(error).__name__,
        "message": message,
        "hint": "this is a bug in longsum; its traceback is in results.jsonl",
        "traceback": trace,
    }


def died_error(what: str, exit_code: int | None) -> dict[str, Any]:
    """Return the error of a document whose process died.

    Args:
        what: what the process did, as in "the process that {what} died".
        exit_code: -N for signal N; None if unknown.
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
        "hint": "the other documents continued; try this one alone",
    }
