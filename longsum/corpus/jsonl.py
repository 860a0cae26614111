"""Read JSON lines, plain or compressed, one object at a time.

Streams: a file may be larger than memory, and a line larger than `MAX_LINE_BYTES` (a decompression
bomb, or a file that is not JSON lines) is refused before it is in memory.
"""

from __future__ import annotations

import gzip
import json
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from longsum.errors import CorruptDocument, DocumentNotFound, UndecodableText
from longsum.terminal import escape_for_terminal, shown_name

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.xz")
MAX_LINE_BYTES = 128 << 20
"""Most bytes in one line; a long book takes three million."""

_BOM = b"\xef\xbb\xbf"
"""The byte order mark that some editors put before UTF-8."""


def is_jsonl(path: Path) -> bool:
    """Return whether a file's name says that it holds JSON lines, compressed or not."""
    return path.name.lower().endswith(SUFFIXES)


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield a file's objects with their line numbers; blank lines are skipped.

    Args:
        path: `.jsonl`, `.jsonl.gz` or `.jsonl.xz`, in UTF-8.

    Yields:
        The line number, from 1, and the object.

    Raises:
        DocumentNotFound: when the file does not exist, is a folder, or may not be read.
        CorruptDocument: when the compression is damaged, or a line is too long, not JSON, or not
            an object.
        UndecodableText: when a line is not UTF-8.
    """
    shown = shown_name(str(path))
    with _open(path, shown) as file:
        number = 0
        while line := _next_line(file, shown, number + 1):
            number += 1
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.strip():
                yield number, _parse(line, f"{shown}, line {number:,}")


def _open(path: Path, shown: str) -> IO[bytes]:
    """Open a file for reading its uncompressed bytes."""
    try:
        if path.is_dir():
            raise DocumentNotFound(f"{shown} is a folder", hint="name a file in it")
        name = path.name.lower()
        if name.endswith(".gz"):
            return gzip.open(path)  # type: ignore[return-value]  # it reads bytes
        return lzma.open(path) if name.endswith(".xz") else path.open("rb")
    except FileNotFoundError:
        raise DocumentNotFound(f"{shown}: no such file", hint="check the path") from None
    except (OSError, ValueError) as error:  # ValueError: NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentNotFound(
            f"{shown} cannot be read: {escape_for_terminal(reason)}", hint="check the path"
        ) from error


def _next_line(file: IO[bytes], shown: str, number: int) -> bytes:
    """Return the next line; empty at the end."""
    try:
        line = file.readline(MAX_LINE_BYTES + 1)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        said = escape_for_terminal(" ".join(str(error).split())) or type(error).__name__
        raise CorruptDocument(
            f"{shown} is damaged at line {number:,}: {said}", hint="download or pack it again"
        ) from error
    if len(line) > MAX_LINE_BYTES:
        raise CorruptDocument(
            f"{shown}, line {number:,} is longer than {MAX_LINE_BYTES >> 20} MiB",
            hint="write one object per line",
        )
    return line


def _parse(line: bytes, where: str) -> dict[str, Any]:
    """Return the object in a line."""
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UndecodableText(
            f"{where} is not UTF-8", hint="convert it: iconv -f LATIN1 -t UTF-8 in > out"
        ) from error
    except json.JSONDecodeError as error:
        raise CorruptDocument(
            f"{where} is not JSON: {error.msg} at column {error.colno:,}",
            hint="write one object per line",
        ) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, deep nesting
        raise CorruptDocument(
            f"{where} is not JSON that can be read: {error}", hint="fix or delete the line"
        ) from error
    if not isinstance(row, dict):
        raise CorruptDocument(
            f"{where} is not an object but {_kind(row)}", hint='write lines such as {"text": "…"}'
        )
    return row


def _kind(value: Any) -> str:
    """Return what JSON calls a value."""
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
