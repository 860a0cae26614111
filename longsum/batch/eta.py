"""Estimate the remaining time of a batch from the time its documents took so far. Pure.

The longest documents come first, so that the rest holds no surprise; bytes are counted per format,
as a PDF holds less text per byte than a text file.
"""

from __future__ import annotations

from dataclasses import dataclass

MIN_SAMPLE = 2
"""Documents needed before a time is shown."""


@dataclass
class Work:
    """Documents of one format that are to be done."""

    documents: int = 0
    size: int = 0
    """Total size in bytes."""


@dataclass
class _Progress:
    """What is left and what is done for one format."""

    left_bytes: int = 0
    done: int = 0
    worked_on: int = 0
    """Documents done that were answered, not failed or skipped."""
    worked_bytes: int = 0
    seconds: float = 0.0


class Pace:
    """Measures the pace of a run.

    Args:
        todo: the documents to do, by format.
    """

    def __init__(self, todo: dict[str, Work]) -> None:
        self._formats = {name: _Progress(work.size) for name, work in todo.items()}

    def add(self, format: str, *, size: int, seconds: float | None) -> None:
        """Take a finished document.

        Args:
            format: its format, a key of `todo`.
            size: its size in bytes.
            seconds: time that processes spent on it; None if it was not answered.
        """
        kind, size = self._formats[format], max(0, size)
        kind.left_bytes, kind.done = kind.left_bytes - size, kind.done + 1
        if seconds is not None:
            kind.worked_on, kind.worked_bytes = kind.worked_on + 1, kind.worked_bytes + size
            kind.seconds += seconds

    @property
    def done(self) -> int:
        """Number of documents finished."""
        return sum(kind.done for kind in self._formats.values())

    def left_s(self, elapsed_s: float) -> float | None:
        """Return the remaining time in seconds, or None before there is enough data.

        Args:
            elapsed_s: time since the first document was begun.
        """
        worked = sum(kind.seconds for kind in self._formats.values())
        sample = sum(kind.worked_on for kind in self._formats.values())
        if sample < MIN_SAMPLE or worked <= 0 or elapsed_s <= 0:
            return None
        work = sum(self._work_left(kind) for kind in self._formats.values())
        return max(0.0, work) * elapsed_s / worked  # workers in parallel: more work than time

    def _work_left(self, kind: _Progress) -> float:
        """Return the seconds of work left in a format's documents."""
        sample = [kind] if kind.worked_bytes else list(self._formats.values())
        seconds = sum(each.seconds for each in sample)
        size = sum(each.worked_bytes for each in sample)
        return max(0, kind.left_bytes) * seconds / size if size else 0.0

    @property
    def answered(self) -> int:
        """Number of documents answered; one that fails takes hardly any time."""
        return sum(kind.worked_on for kind in self._formats.values())

    def per_hour(self, elapsed_s: float) -> float:
        """Return the documents answered per hour at this pace."""
        return 3600 * self.answered / elapsed_s if elapsed_s > 0 else 0.0
