"""Record an engine's rows: in the journal, the ledger and the counts, and for the listener."""

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
    """Numbers of what this run has done."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    """Files in no supported format."""
    unchanged: int = 0
    """Files whose time changed since their result was made, but not their content."""
    tokens_read: int = 0
    tokens_written: int = 0

    @property
    def finished(self) -> int:
        """Number of documents settled by this run."""
        return self.done + self.failed + self.skipped + self.unchanged


class RowRecorder:
    """Records rows as documents are finished.

    Args:
        path: file of the journal.
        ledger: receives each row.
        listener: receives each row once it is in the journal.
    """

    def __init__(self, path: Path, ledger: Ledger, listener: BatchListener) -> None:
        self.path, self._ledger, self._listener = path, ledger, listener
        self._journal = BatchJournal(path)
        self.tally = Tally()

    def begin(self, settings: dict[str, Any], digest: str) -> None:
        """Record the settings of this run, for later readers of the journal."""
        self._journal.append({"settings": settings, "sha256": digest, "started_at": row_time()})

    def finish(self, row: Row, worker: int | None) -> None:
        """Record a document's row.

        Args:
            row: the whole row.
            worker: number of its worker; None if reading settled the document.

        Raises:
            OutputError: when it cannot be written.
        """
        self._record(row)
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
        """Record that a file's time changed but not its content: its result remains valid."""
        row = self._ledger.row(reading.name)
        assert row is not None, "only a document with a row is known by its sha256"
        self._record(
            row | {"size": reading.size, "mtime_ns": reading.mtime_ns, "finished_at": row_time()}
        )
        self.tally.unchanged += 1
        self._listener.finished(row | {"outcome": "unchanged"}, None)

    def remaining(self) -> Iterator[ReadTask]:
        """Yield the documents that have no row from this run yet."""
        return self._ledger.todo()

    def _record(self, row: Row) -> None:
        offset = self._journal.tell()
        self._journal.append(row)
        self._ledger.put(row, self.path, offset)

    def close(self) -> None:
        """Flush the journal to the disk and close it."""
        self._journal.close()
