"""What a reading process does: it takes requests on stdin and sends what came of each on stdout.

Runs in a process of its own, which a hostile document may crash, stall or fill. Its memory is
limited here, its time by whoever waits for it (`isolated.py`).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from longsum.documents.document import Document
from longsum.documents.frames import BadFrame, pack_message, read_frame, read_message
from longsum.documents.limits import limit_memory
from longsum.errors import DocumentTooLong, LongsumError
from longsum.processes import be_first_when_memory_is_short
from longsum.settings import Setting

Handler = Callable[[dict[str, Any], bytes], dict[str, Any]]
"""Takes a request and the document's bytes, if they came with it; returns a JSON message."""

_GRACE_S = 60
"""After the time its parent grants a document, this process ends itself: the parent has gone."""


def serve(opening: dict[str, Any]) -> None:
    """Handle requests until there are no more.

    Args:
        opening: `opens`, the `module:function` that returns a `Handler`, and its `argument`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's alone
    be_first_when_memory_is_short()
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for descriptor in (0, 1):  # a native reader's own words are no reply
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    module, _, name = opening["opens"].partition(":")
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
    """Return the frame of what a request comes to."""
    try:
        return pack_message(handle(request, data))
    except BadFrame:
        error = DocumentTooLong(
            "it holds more text than is read of a document",
            hint=f"choose a part with {Setting('pages')}",
        )
        return pack_message(packed_error(error))
    except BaseException as error:
        return pack_message(packed_error(error))


def open_plain(argument: dict[str, Any]) -> Handler:
    """Return what reads the bytes of one document after another.

    Args:
        argument: `memory_bytes` that reading may take beyond what Python holds at the start.
    """
    from longsum.documents.read import parse_document

    def handle(request: dict[str, Any], data: bytes) -> dict[str, Any]:
        document = parse_document(
            data,
            request["name"],
            pages=request["pages"],
            password=request["password"],
            path=request["path"],
        )
        return packed_document(document)

    limit_memory(argument["memory_bytes"])
    return handle


def packed_document(document: Document) -> dict[str, Any]:
    """Return a document as JSON values."""
    return {"document": asdict(document)}


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
    """End this process after so many seconds, native code or not; 0 takes the limit back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
