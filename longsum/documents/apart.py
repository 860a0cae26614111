"""Read a document in a process of its own, with a time and a memory limit.

A stranger's file can crash, stall or bloat a native reader, which no `except` catches. Here that
costs one clear error. The process starts in about a tenth of a second and imports no torch.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from longsum import errors
from longsum.documents.clean import shown_name
from longsum.documents.document import Document, Page
from longsum.documents.limits import MAX_READER_BYTES, limit_memory
from longsum.documents.read import MAX_FILE_BYTES, read_document
from longsum.errors import CorruptDocument, DocumentTooLong, LongsumError

MAX_READ_S = 300.0
"""A thousand pages take about ten; what takes longer has no window to go to."""

_SCRIPT = (
    "import json, sys; asked = json.loads(sys.stdin.buffer.readline()); "
    "sys.path[:] = asked['path']; from longsum.documents.apart import serve; serve(asked)"
)
"""With the caller's import path, so that a document's folder never is on it."""


def read_document_apart(
    source: str | Path,
    *,
    pages: str | None = None,
    password: str | None = None,
    stdin: BinaryIO | None = None,
    seconds: float = MAX_READ_S,
    memory_bytes: int = MAX_READER_BYTES,
) -> Document:
    """Read a PDF or a text as `read_document` does, in a process that may die.

    Args:
        source: a path, or `-` for standard input.
        pages: a selection such as `3-20,25`; all if None.
        password: for an encrypted PDF.
        stdin: read instead of the process's standard input.
        seconds: wall-clock limit.
        memory_bytes: what the reader may take beyond what Python holds at the start.

    Raises:
        DocumentError: the file cannot be read, or not within the limits.
        UsageError: `pages` cannot be read, or the document has none.
    """
    if not sys.executable:  # Python is built into another program: there is none to start
        return read_document(source, pages=pages, password=password, stdin=stdin)
    shown = "stdin" if str(source) == "-" else shown_name(Path(source).name)
    data = b""
    if str(source) == "-":
        data = (stdin or sys.stdin.buffer).read(MAX_FILE_BYTES + 1)
    asked = {
        "path": sys.path,
        "source": str(source),
        "pages": pages,
        "password": password,
        "seconds": seconds,
        "memory_bytes": memory_bytes,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _SCRIPT],
            input=json.dumps(asked).encode() + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DocumentTooLong(
            f"{shown} was given up: reading it took over {seconds:,.0f} s",
            hint="choose a part of it with --pages, or print it to a new PDF and read that",
        ) from None
    return _unpacked_reply(done.stdout, shown, memory_bytes)


def _unpacked_reply(reply: bytes, shown: str, memory_bytes: int) -> Document:
    """Return the document a reader sent, or raise what it met; one that died sent nothing.

    The reply is plain data: a reader that a hostile file took over could send no code.
    """
    try:
        answer: dict[str, Any] = json.loads(reply)
    except ValueError:
        answer = {}
    if "document" in answer:
        return _document(answer["document"])
    if "bug" in answer:
        bug = RuntimeError(f"reading {shown} met a bug: {answer['bug']}")
        bug.add_note(answer["traceback"])
        raise bug
    kind = getattr(errors, str(answer.get("error")), None)
    if isinstance(kind, type) and issubclass(kind, LongsumError):
        raise kind(answer["message"], hint=answer["hint"])
    raise CorruptDocument(
        f"{shown} cannot be read: it crashed its reader, or took over "
        f"{memory_bytes >> 20:,} MiB of memory",
        hint="print it to a new PDF and read that, or try to repair it: qpdf in.pdf out.pdf",
    )


def _document(fields: dict[str, Any]) -> Document:
    """Return a document of what JSON made of it."""
    pages = tuple(Page(**page) for page in fields.pop("pages"))
    anchors = tuple((offset, line) for offset, line in fields.pop("line_anchors"))
    warnings = tuple(fields.pop("warnings"))
    return Document(pages=pages, line_anchors=anchors, warnings=warnings, **fields)


def serve(asked: dict[str, Any]) -> None:
    """Read the document asked for, the rest of standard input, and send what came of it on stdout.

    Args:
        asked: what `read_document_apart` wrote in the first line.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends this process
    data = sys.stdin.buffer.read()
    reply = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a native reader's own words are no reply
    _limit_time(asked["seconds"])
    limit_memory(asked["memory_bytes"])
    with reply:
        reply.write(json.dumps(_answer(asked, data)).encode())


def _answer(asked: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Return the document, or the error met, as plain data."""
    try:
        document = read_document(
            asked["source"],
            pages=asked["pages"],
            password=asked["password"],
            stdin=io.BytesIO(data) if asked["source"] == "-" else None,
        )
        return {"document": asdict(document)}
    except LongsumError as error:
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    except MemoryError:
        return {}
    except BaseException as error:
        told = "".join(traceback.format_exception(error))  # a bug keeps its traceback
        return {"bug": repr(error), "traceback": told}


def _limit_time(seconds: float) -> None:
    """End this process some time after its caller should have, in case the caller died."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 60, int(seconds) + 60))
