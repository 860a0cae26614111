"""How long the rest of a batch takes, from how long its documents took. Pure.

The longest come first, so that what is left holds no surprise; bytes of PDFs and of texts are
counted apart, as they hold different amounts of text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LEAST_SAMPLE = 2
"""Documents before a time is told."""


@dataclass
class _Kind:
    """Documents of one kind."""

    left: int = 0
    left_bytes: int = 0
    done: int = 0
    worked_on: int = 0
    """Of those done, the ones that were answered."""
    worked_bytes: int = 0
    seconds: float = 0.0


@dataclass
class Pace:
    """Measures a run.

    Args:
        pdfs: PDFs to do.
        pdf_bytes: their size.
        texts: other documents to do.
        text_bytes: their size.
    """

    pdfs: int
    pdf_bytes: int
    texts: int
    text_bytes: int
    _kinds: dict[bool, _Kind] = field(init=False)

    def __post_init__(self) -> None:
        self._kinds = {
            True: _Kind(self.pdfs, self.pdf_bytes),
            False: _Kind(self.texts, self.text_bytes),
        }

    def add(self, *, is_pdf: bool, size: int, seconds: float | None) -> None:
        """Take a finished document.

        Args:
            is_pdf: which kind it is of.
            size: in bytes.
            seconds: that its processes worked on it; None where it was not answered.
        """
        kind, size = self._kinds[is_pdf], max(0, size)
        kind.left, kind.left_bytes, kind.done = kind.left - 1, kind.left_bytes - size, kind.done + 1
        if seconds is not None:
            kind.worked_on, kind.worked_bytes = kind.worked_on + 1, kind.worked_bytes + size
            kind.seconds += seconds

    @property
    def done(self) -> int:
        """Documents finished."""
        return sum(kind.done for kind in self._kinds.values())

    def left_s(self, elapsed_s: float) -> float | None:
        """Return the seconds that are left, or None before there is anything to go by.

        Args:
            elapsed_s: since the first document was begun.
        """
        worked = sum(kind.seconds for kind in self._kinds.values())
        sample = sum(kind.worked_on for kind in self._kinds.values())
        if sample < LEAST_SAMPLE or worked <= 0 or elapsed_s <= 0:
            return None
        work = sum(self._work_left(kind) for kind in self._kinds.values())
        return max(0.0, work) * elapsed_s / worked  # workers in parallel: more work than time

    def _work_left(self, kind: _Kind) -> float:
        """Return the seconds of work in a kind's documents that are left."""
        sample = kind if kind.worked_bytes else None
        seconds = sample.seconds if sample else sum(k.seconds for k in self._kinds.values())
        size = sample.worked_bytes if sample else sum(k.worked_bytes for k in self._kinds.values())
        return max(0, kind.left_bytes) * seconds / size if size else 0.0

    @property
    def answered(self) -> int:
        """Documents that were answered: one that fails takes hardly any time."""
        return sum(kind.worked_on for kind in self._kinds.values())

    def per_hour(self, elapsed_s: float) -> float:
        """Return the documents answered in an hour at this pace."""
        return 3600 * self.answered / elapsed_s if elapsed_s > 0 else 0.0
