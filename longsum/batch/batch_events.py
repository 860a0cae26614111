"""What happens while a batch runs: the engines tell, the command line shows."""

from __future__ import annotations

from longsum.batch.inputs import Passed
from longsum.batch.outcome import Row
from longsum.batch.progress_db import Counts


class BatchListener:
    """Hears nothing; subclass and override what matters."""

    def notice(self, line: str) -> None:
        """Take a line about the run."""

    def warning(self, line: str) -> None:
        """Take a line that even a quiet run must show."""

    def planned(self, counts: Counts, passed: Passed, workers: int) -> None:
        """Take what was found, before the work begins."""

    def begun(self, worker: int, name: str) -> None:
        """Take the document that a worker begins."""

    def prefill(self, worker: int, done: int, total: int) -> None:
        """Take how many tokens of a worker's document are read."""

    def finished(self, row: Row, worker: int | None) -> None:
        """Take a finished document's row, which is in the journal; None was settled by reading."""

    def tick(self) -> None:
        """Take the time: called about twice a second while documents are worked on."""

    def exporting(self) -> None:
        """Take that the work is over and the overviews are being written."""


class Stop:
    """A request to stop: once finishes the documents in hand, twice leaves them."""

    def __init__(self) -> None:
        self.level = 0

    def ask(self) -> None:
        """Ask once more."""
        self.level += 1
