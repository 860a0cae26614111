"""What a reader process does: it takes requests on stdin and sends a reply to each on stdout.

Runs in a separate process, which a hostile document may crash, stall or fill. Its memory is limited
here, its time by the process that waits for it (`isolated.py`).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from longsum.documents.document import Document
from longsum.documents.frames import BadFrame, pack_message, read_frame, read_message
from longsum.documents.limits import limit_memory
from longsum.errors import DocumentTooLong, LongsumError
from longsum.processes import be_first_when_memory_is_short
from longsum.settings import Setting

Handler = Callable[[dict[str, Any], bytes], dict[str, Any]]
"""Takes a request and the document's bytes, if it includes them; returns a JSON message."""

_GRACE_S = 60
"""Seconds after a document's time limit when this process ends itself: its parent must be dead."""


def serve(opening: dict[str, Any]) -> None:
    """Handle requests until there are no more.

    Args:
        opening: `factory`, the `module:function` that returns a `Handler`, and its `argument`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's alone
    be_first_when_memory_is_short()
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for descriptor in (0, 1):  # what a native reader prints is not a reply
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    module, _, name = opening["factory"].partition(":")
    try:
        handle: Handler = getattr(importlib.import_module(module), name)(opening["argument"])
    except BaseException as error:
        replies.write(pack_message(packed_error(error)))
        replies.flush()
        return
    with contextlib.suppress(BrokenPipeError), replies:
        replies.write(pack_message({"ready": True}))
        replies.flush()
        while (request := read_message(requests)) is not None:
            data = read_frame(requests, sys.maxsize) or b""
            _limit_time(request["seconds"] + _GRACE_S)
            replies.write(_reply(handle, request, data))
            replies.flush()
            del data  # before the next is read
            _limit_time(0)


def _reply(handle: Handler, request: dict[str, Any], data: bytes) -> bytes:
    """Return the frame of the reply to a request."""
    try:
        return pack_message(handle(request, data))
    except BadFrame:
        error = DocumentTooLong(
            "it holds more text than a document may",
            hint=f"choose a part with {Setting('pages')}",
        )
        return pack_message(packed_error(error))
    except BaseException as error:
        return pack_message(packed_error(error))


def open_plain(argument: dict[str, Any]) -> Handler:
    """Return a handler that reads the bytes of one document after another.

    Args:
        argument: `memory_bytes`, which reading may take beyond what Python holds at the start.
    """
    from longsum.documents.read import parse_document

    def handle(request: dict[str, Any], data: bytes) -> dict[str, Any]:
        document = parse_document(
            data,
            request["name"],
            pages=request["pages"],
            password=request["password"],
            encoding=request["encoding"],
            attachment=request.get("attachment"),
            path=request["path"],
        )
        return packed_document(document)

    limit_memory(argument["memory_bytes"])
    return handle


def packed_document(document: Document) -> dict[str, Any]:
    """Return a document as JSON values."""
    fields = asdict(replace(document, runs=()))
    return {"document": fields | {"runs": [number for run in document.runs for number in run]}}


def packed_error(error: BaseException) -> dict[str, Any]:
    """Return an error as JSON values, with its traceback."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, LongsumError):
        message, hint = error.rendered(str)
        named = {"error": type(error).__name__, "message": message, "hint": hint}
        return named | {"facts": error.facts, "traceback": trace}
    if isinstance(error, MemoryError):
        return {"memory": True}
    return {"bug": repr(error), "traceback": trace}


def _limit_time(seconds: float) -> None:
    """End this process after so many seconds, even in native code; 0 removes the limit."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
