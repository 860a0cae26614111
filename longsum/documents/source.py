"""The bytes of a document: from a path, or from standard input. Parses nothing.

Runs in the process that was given the path: in any other, `/dev/stdin` and a shell's `<(…)` name
something else.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from longsum.errors import DocumentNotFound, DocumentTooLong
from longsum.files import is_special
from longsum.terminal import escape_for_terminal, shown_name

MAX_FILE_BYTES = 1 << 30
_PIECE_BYTES = 16 << 20
"""Bytes read at a time: asked for more than there is, Python allocates memory for all of it."""

_STDIN = re.compile(r"-|/dev/stdin|(?:/dev|/proc/self)/fd/0")
_ADDRESS = re.compile(r"(https?|ftp|file):/{1,3}\S", re.I)
_DESCRIPTOR = re.compile(r"(?:/dev|/proc/self)/fd/\d+")


def is_stdin(source: str | Path) -> bool:
    """Return whether a source is standard input: `-`, or one of the paths that name it."""
    return bool(_STDIN.fullmatch(str(source)))


def attached_name(shown: str, attachment: str | None) -> str:
    """Return the name of a document, or of a file attached to it, safe to print."""
    return shown if attachment is None else f"{shown}: {shown_name(attachment)}"


def load_source(source: str | Path, stdin: BinaryIO | None = None) -> tuple[bytes, str]:
    """Return the bytes of a file or of standard input, and its name, safe to print.

    Args:
        source: a path, or `-` for standard input.
        stdin: read instead of the process's standard input.

    Raises:
        DocumentNotFound: when there is no such file, or it may not be read.
        DocumentTooLong: when it is larger than `MAX_FILE_BYTES`.
    """
    if is_stdin(source):
        return _standard_input(stdin), "stdin"
    shown = shown_name(str(source))
    with _opened(source, shown) as file:
        data = _read(file, shown)
    return data, shown if _DESCRIPTOR.fullmatch(str(source)) else shown_name(Path(source).name)


def require_file(source: str | Path) -> None:
    """Refuse a path at which no file can be read; nothing is read of it, or of a pipe opened.

    Raises:
        DocumentNotFound: as `load_source`.
    """
    # `os.path` takes what may not be looked at for absent, and opening says why
    if not (os.path.exists(source) and is_special(Path(source))):
        with _opened(source, shown_name(str(source))):
            pass


@contextmanager
def _opened(source: str | Path, shown: str) -> Iterator[BinaryIO]:
    """Open a file, and say why where it cannot be opened or read.

    Raises:
        DocumentNotFound: when there is no such file, or it may not be read.
    """
    path = Path(source)
    try:
        if path.is_dir():
            raise DocumentNotFound(f"{shown} is a folder", hint="name a file in it")
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        if address := _ADDRESS.match(str(source)):
            raise DocumentNotFound(
                f"{shown} is a web address, not a file",
                hint="name the path after file://"
                if address[1].lower() == "file"
                else f"download it first: curl -LO {shlex.quote(shown)}",
            ) from None
        raise DocumentNotFound(f"{shown}: no such file", hint="check the path") from None
    except PermissionError:
        raise DocumentNotFound(
            f"{shown} may not be read: permission denied",
            hint=f"allow it: chmod u+r {shlex.quote(shown)}",
        ) from None
    except (OSError, ValueError) as error:  # ValueError: NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentNotFound(
            f"{shown} cannot be read: {escape_for_terminal(reason)}", hint="check the path"
        ) from None


def _standard_input(stdin: BinaryIO | None) -> bytes:
    """Return all of standard input, which a caller may have closed."""
    if stdin is None and sys.stdin is None:
        raise DocumentNotFound("standard input is closed", hint="pipe a document in, or name one")
    try:
        return _read(stdin or sys.stdin.buffer, "stdin")
    except OSError as error:
        raise DocumentNotFound(
            f"standard input cannot be read: {error.strerror}", hint="pipe a document in"
        ) from None


def _read(file: BinaryIO, shown: str) -> bytes:
    """Return the rest of a file unless it is too large; a regular file's size is checked first."""
    pieces: list[bytes] = []
    total = _size(file)
    if total <= MAX_FILE_BYTES:
        total = 0
        while (piece := file.read(_PIECE_BYTES)) and total <= MAX_FILE_BYTES:
            pieces.append(piece)
            total += len(piece)
    if total > MAX_FILE_BYTES:
        raise DocumentTooLong(
            f"{shown} is larger than {MAX_FILE_BYTES >> 20:,} MiB, the limit",
            hint="split it, for a PDF for example with qpdf --split-pages",
        )
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _size(file: BinaryIO) -> int:
    """Return the size of a regular file in bytes; 0 for anything else."""
    try:
        found = os.fstat(file.fileno())
    except (OSError, ValueError, AttributeError):  # a buffer in memory
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
