"""The journal of a batch: append-only JSON lines, one per finished document.

A line is handed to the system as soon as a document is finished, so that no kill of this program
loses it, and to the disk at least once a second, so that a power cut loses at most that. A torn
last line, of a writer killed in its midst or of a full disk, is passed over and mended.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from longsum.batch.outcome import Row
from longsum.errors import OutputError

FOLDER = ".longsum"
"""Inside the output folder."""
SYNC_EVERY_S = 1.0


def journal_path(output: Path, shard: tuple[int, int] | None = None) -> Path:
    """Return the journal of a whole run, or of one part's."""
    name = "journal" if shard is None else f"shard-{shard[0]}-of-{shard[1]}"
    return output / FOLDER / f"{name}.jsonl"


def journals(output: Path) -> list[Path]:
    """Return all journals of an output folder."""
    return sorted((output / FOLDER).glob("*.jsonl"))


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield a journal's rows, oldest first, with the byte where each begins."""
    with path.open("rb") as file:
        offset = 0
        for line in file:
            row = _row(line)
            if row is not None:
                yield offset, row
            offset += len(line)


def row_at(file: BinaryIO, offset: int) -> Row:
    """Return the row that begins at a byte."""
    file.seek(offset)
    row: Row = json.loads(file.readline())
    return row


def _row(line: bytes) -> Row | None:
    """Return a line's row; None for a torn line, and for one that tells of settings."""
    if not line.endswith(b"\n"):
        return None
    try:
        row = json.loads(line)
    except ValueError:
        return None
    is_row = isinstance(row, dict) and isinstance(row.get("document"), str) and "outcome" in row
    return row if is_row else None


class Journal:
    """Appends rows.

    Args:
        path: its file, which need not exist.

    Raises:
        OutputError: when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._synced = time.monotonic()
        try:
            self._file = path.open("ab", buffering=0)
            _mend(path)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from error

    def tell(self) -> int:
        """Return the byte where the next row will begin."""
        return os.fstat(self._file.fileno()).st_size

    def add(self, entry: dict[str, Any]) -> None:
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
                f"{self.path} cannot be written: {error.strerror}",
                hint="free some space, then run the same command again: it goes on from here",
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


def _mend(path: Path) -> None:
    """Take a torn last line off the file."""
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
