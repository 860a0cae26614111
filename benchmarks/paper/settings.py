"""Settings of the reproduction: windows, factors, steps, and how much is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from longsum.extend.config import Position


@dataclass(frozen=True)
class Extension:
    """One way to extend the base."""

    position: Position
    """`pi`, or `none` for direct fine-tuning."""
    context: int
    """L' in tokens."""

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.position}-{self.context}"

    @property
    def method(self) -> str:
        """The paper's name of the method."""
        return {"pi": "PI", "none": "FT"}[self.position]


@dataclass(frozen=True)
class Settings:
    """A whole reproduction."""

    base: Path
    """Our model in its native window, as a checkpoint folder."""
    tuning: Path
    """JSON lines to extend on."""
    data: Path
    """Folder with text/ and pairs/ of held-out documents."""
    work: Path
    """Folder for trained models and results."""
    window: int
    """L in tokens."""
    factors: tuple[int, ...] = (4, 16)
    """Factors L'/L; the paper's are 4, 8 and 16."""
    steps: int = 400
    """Training steps; the paper takes 1,000 for PI and 10,000 for direct fine-tuning."""
    learning_rate: float = 5e-4
    """Learning rate; the paper's 2e-5 is for 7 B parameters, see README.md for this one."""
    max_windows: int = 48
    """Windows of each size for perplexity, evenly spaced."""
    depths: int = 32
    trials: int = 10

    @property
    def extended(self) -> int:
        """Largest window, L' in tokens."""
        return self.window * max(self.factors)

    @property
    def stride(self) -> int:
        """Stride S, half the native window; the paper's is an eighth of it.

        As there are few windows, more tokens of each are predicted.
        """
        return self.window // 2

    @property
    def windows(self) -> tuple[int, ...]:
        """Windows of Tables 1 and 2: powers of two from L to L'."""
        return tuple(self.window << k for k in range((self.extended // self.window).bit_length()))

    @property
    def measured_steps(self) -> tuple[int, ...]:
        """Steps of Tables 3 and 4: none, and every fifth of all."""
        return tuple(self.steps * i // 5 for i in range(6))

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """Extensions to train: PI and direct fine-tuning at every factor."""
        return tuple(
            Extension(position, self.window * factor)
            for factor in self.factors
            for position in ("pi", "none")
        )

    def folder(self, extension: Extension, step: int | None = None) -> Path:
        """Return the folder of an extension's model, or of its state after some steps."""
        folder = self.work / extension.name
        return folder if step in (None, self.steps) else folder / f"step-{step}"
