"""Where an engine's rows go: into the journal, the ledger, the counts, and to the listener."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longsum.batch.batch_events import BatchListener
from longsum.batch.batch_journal import BatchJournal
from longsum.batch.outcome import DONE, FAILED, Row, row_time
from longsum.batch.progress_db import Ledger
from longsum.batch.reading import ReadResult, ReadTask


@dataclass
class Tally:
    """What a run has done itself."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    """Of no format that is read."""
    unchanged: int = 0
    """Touched since their result was made, but the same."""
    tokens_read: int = 0
    tokens_written: int = 0

    @property
    def finished(self) -> int:
        """Documents settled by this run."""
        return self.done + self.failed + self.skipped + self.unchanged


class Book:
    """Takes rows as documents are finished.

    Args:
        path: of the journal.
        ledger: told of each row.
        listener: told of each row once it is kept.
    """

    def __init__(self, path: Path, ledger: Ledger, listener: BatchListener) -> None:
        self.path, self._ledger, self._listener = path, ledger, listener
        self._journal = BatchJournal(path)
        self.tally = Tally()

    def begin(self, settings: dict[str, Any], digest: str) -> None:
        """Note what this run was asked, for whoever reads the journal later."""
        self._journal.append({"settings": settings, "sha256": digest, "started_at": row_time()})

    def finish(self, row: Row, worker: int | None) -> None:
        """Keep a document's row.

        Args:
            row: whole.
            worker: its number; None where reading settled the document.

        Raises:
            OutputError: when it cannot be kept.
        """
        self._keep(row)
        tally = self.tally
        if row["outcome"] == DONE:
            tally.done += 1
        elif row["outcome"] == FAILED:
            tally.failed += 1
        else:
            tally.skipped += 1
        receipt = row.get("receipt") or {}
        tally.tokens_read += receipt.get("tokens_read", 0)
        tally.tokens_written += receipt.get("answer_tokens", 0)
        self._listener.finished(row, worker)

    def unchanged(self, reading: ReadResult) -> None:
        """Keep that a file was touched but is the same: its result stands."""
        row = self._ledger.row(reading.name)
        assert row is not None, "only a document with a row is known by its sha256"
        self._keep(
            row | {"size": reading.size, "mtime_ns": reading.mtime_ns, "finished_at": row_time()}
        )
        self.tally.unchanged += 1
        self._listener.finished(row | {"outcome": "unchanged"}, None)

    def left(self) -> Iterator[ReadTask]:
        """Yield the documents that have no row of this run yet."""
        return self._ledger.todo()

    def _keep(self, row: Row) -> None:
        offset = self._journal.tell()
        self._journal.append(row)
        self._ledger.put(row, self.path, offset)

    def close(self) -> None:
        """Have the disk keep everything."""
        self._journal.close()
