"""Count before reading: whether document, prompt and answer fit the window.

Pure: token ids are only counted and cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longsum.config import Truncate


@dataclass(frozen=True)
class Budget:
    """The window's tokens and what takes them."""

    document: int
    """Tokens of the document, all of it."""
    prompt: int
    """Tokens of the instruction and the chat markup."""
    answer: int
    """Tokens reserved for the answer; 0 where none is written."""
    window: int
    """Tokens the model can hold."""

    @property
    def total(self) -> int:
        """Tokens needed in all."""
        return self.document + self.prompt + self.answer

    @property
    def room(self) -> int:
        """Tokens of a document that would fit."""
        return self.window - self.prompt - self.answer

    @property
    def fits(self) -> bool:
        """Tell whether everything fits the window."""
        return self.total <= self.window

    def __str__(self) -> str:
        answer = f" + answer {self.answer:,}" if self.answer else ""
        return (
            f"document {self.document:,} + prompt {self.prompt:,}{answer} "
            f"= {self.total:,} of {self.window:,} tokens"
        )


def kept_ranges(total: int, room: int, cut: Truncate) -> list[tuple[int, int]]:
    """Return which tokens stay when a part is left out.

    Args:
        total: tokens of the document.
        room: tokens that fit.
        cut: the part to leave out: its `head`, its `tail`, or its `middle`.

    Returns:
        (first, last + 1) ranges in order; everything when it fits.
    """
    if total <= room:
        return [(0, total)]
    if cut == "tail":
        return [(0, room)]
    if cut == "head":
        return [(total - room, total)]
    first = room - room // 2
    return [(0, first), (total - room // 2, total)]


def apply_ranges(ids: Sequence[int], ranges: Sequence[tuple[int, int]]) -> list[int]:
    """Return the tokens that stay."""
    return [token for start, end in ranges for token in ids[start:end]]
