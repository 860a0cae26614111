"""The journals of a batch: one row per finished document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from longsum.batch.outcome import Row
from longsum.journal import JournalFile, read_entries

FOLDER = ".longsum"
"""Folder of the journals inside the output folder."""


class BatchJournal(JournalFile):
    """Appends rows.

    Args:
        path: the file, which need not exist.

    Raises:
        OutputError: when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, hint="free some space, then run the same command again: it continues from here"
        )


def journal_path(output: Path, shard: tuple[int, int] | None = None) -> Path:
    """Return the path of the journal of a whole run, or of one part."""
    name = "journal" if shard is None else f"shard-{shard[0]}-of-{shard[1]}"
    return output / FOLDER / f"{name}.jsonl"


def journals(output: Path) -> list[Path]:
    """Return the paths of all journals in an output folder."""
    return sorted((output / FOLDER).glob("*.jsonl"))


def journal_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield a journal's rows, oldest first, each after its byte offset.

    Lines that are not rows are skipped; the first one of a run holds its settings.
    """
    for offset, entry in read_entries(path):
        if entry and isinstance(entry.get("document"), str) and "outcome" in entry:
            yield offset, cast(Row, entry)


def row_at(file: BinaryIO, offset: int) -> Row:
    """Return the row at a byte offset."""
    file.seek(offset)
    row: Row = json.loads(file.readline())
    return row
