"""Append-only files of JSON lines that survive a crash of the process that writes them.

A line is passed to the system as soon as it is added, so that killing this program does not lose
it, and to the disk at least once a second, so that a power cut loses at most that. A torn last
line, from a killed writer or a full disk, is skipped on reading and removed before the next append.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from longsum.errors import OutputError

SYNC_INTERVAL_S = 1.0


def read_entries(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield each whole line's byte offset and its object, None if it is not an object."""
    with path.open("rb") as file:
        offset = 0
        for line in file:
            if line.endswith(b"\n"):
                yield offset, _object(line)
            offset += len(line)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


class JournalFile:
    """Appends objects to a file.

    Args:
        path: the file, which need not exist.
        hint: what the user should do when the disk is full.

    Raises:
        OutputError: when it cannot be written.
    """

    def __init__(self, path: Path, *, hint: str | None = None) -> None:
        self.path, self._hint = path, hint
        self._synced = time.monotonic()
        try:
            self._file = path.open("ab", buffering=0)
            _remove_torn_line(path)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from error

    def tell(self) -> int:
        """Return the byte offset of the next line."""
        return os.fstat(self._file.fileno()).st_size

    def append(self, entry: Mapping[str, Any]) -> None:
        """Append an object as one line.

        Raises:
            OutputError: when it cannot be written; a partly written line is removed again.
        """
        line = json.dumps(entry).encode() + b"\n"
        before = self.tell()
        try:
            if self._file.write(line) != len(line):
                raise OSError(28, os.strerror(28))
            if time.monotonic() - self._synced >= SYNC_INTERVAL_S:
                self.sync()
        except OSError as error:
            os.truncate(self.path, before)
            raise OutputError(
                f"{self.path} cannot be written: {error.strerror}", hint=self._hint
            ) from error

    def sync(self) -> None:
        """Flush what was appended to the disk."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Flush everything to the disk and close the file."""
        if not self._file.closed:
            self.sync()
            self._file.close()


def _remove_torn_line(path: Path) -> None:
    """Truncate a file after its last line break."""
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        end, chunk = size, 1 << 16
        while end > 0:
            start = max(0, end - chunk)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            file.truncate(end)
