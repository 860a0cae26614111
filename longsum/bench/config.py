"""The settings of `longsum bench`. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from longsum.config import at_least


@dataclass(frozen=True)
class BenchConfig:
    """What is timed and compared with the machine's limits."""

    tokens: int = 16_384
    """Tokens to read before the answer."""
    new_tokens: int = 64
    """Tokens to write after them."""
    runs: int = 3
    """Repetitions, of which the median counts."""

    def __post_init__(self) -> None:
        at_least(1, tokens=self.tokens, runs=self.runs)
        at_least(2, new_tokens=self.new_tokens)
