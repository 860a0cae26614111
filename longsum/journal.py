"""Append-only files of JSON lines that outlive whoever writes them.

A line is handed to the system as soon as it is added, so that no kill of this program loses it, and
to the disk at least once a second, so that a power cut loses at most that. A torn last line, of a
writer killed in its midst or of a full disk, is passed over, and taken off before the next.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from longsum.errors import OutputError

SYNC_EVERY_S = 1.0


def read_entries(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield the byte where each whole line begins and its object; None for anything else."""
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
    """Appends objects.

    Args:
        path: its file, which need not exist.
        hint: what to do when the disk is full.

    Raises:
        OutputError: when it cannot be written.
    """

    def __init__(self, path: Path, *, hint: str | None = None) -> None:
        self.path, self._hint = path, hint
        self._synced = time.monotonic()
        try:
            self._file = path.open("ab", buffering=0)
            _take_torn_line_off(path)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from error

    def tell(self) -> int:
        """Return the byte where the next line will begin."""
        return os.fstat(self._file.fileno()).st_size

    def append(self, entry: Mapping[str, Any]) -> None:
        """Append a line.

        Raises:
            OutputError: when it cannot be written; what was written of it is taken back.
        """
        line = json.dumps(entry).encode() + b"\n"
        before = self.tell()
        try:
            if self._file.write(line) != len(line):
                raise OSError(28, os.strerror(28))
            if time.monotonic() - self._synced >= SYNC_EVERY_S:
                self.sync()
        except OSError as error:
            os.truncate(self.path, before)
            raise OutputError(
                f"{self.path} cannot be written: {error.strerror}", hint=self._hint
            ) from error

    def sync(self) -> None:
        """Have the disk keep what was appended."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Have the disk keep everything, and close the file."""
        if not self._file.closed:
            self.sync()
            self._file.close()


def _take_torn_line_off(path: Path) -> None:
    """Cut a file after its last line break."""
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
