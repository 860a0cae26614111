"""Events of a running batch: the engines report them, the command line shows them."""

from __future__ import annotations

from longsum.batch.inputs import Passed
from longsum.batch.outcome import Row
from longsum.batch.progress_db import Counts


class BatchListener:
    """Ignores every event; subclass it and override what matters."""

    def notice(self, line: str) -> None:
        """Take a line about the run."""

    def warning(self, line: str) -> None:
        """Take a line that must be shown even by a quiet run."""

    def planned(self, counts: Counts, passed: Passed, workers: int) -> None:
        """Take what was found, before the work begins.

        Args:
            counts: documents to do, and those settled before.
            passed: files and folders that were passed over.
            workers: number of processes that hold the model.
        """

    def begun(self, worker: int, name: str) -> None:
        """Take the name of the document that a worker begins."""

    def prefill(self, worker: int, done: int, total: int) -> None:
        """Take how far a worker's document is read.

        Args:
            worker: its number, from 0.
            done: tokens read.
            total: tokens to read.
        """

    def finished(self, row: Row, worker: int | None) -> None:
        """Take a finished document's row, now in the journal; worker None if reading settled it."""

    def tick(self) -> None:
        """Take a tick: called about twice a second while documents are worked on."""

    def exporting(self) -> None:
        """Take that the work is done and the overviews are being written."""


class Stop:
    """A request to stop: the first finishes the documents in progress, the second drops them."""

    def __init__(self) -> None:
        self.level = 0

    def ask(self) -> None:
        """Ask to stop, or to stop at once."""
        self.level += 1
