"""What a training reports: progress, validation losses and the result. No torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from longsum.events import Listener


@dataclass(frozen=True)
class StepReport:
    """The loss and the speed of one step."""

    step: int
    """Number of steps done, from 1."""
    steps: int
    """Total number of steps."""
    loss: float
    """Mean over the step's targets, in nats per token."""
    learning_rate: float
    tokens_per_s: float
    """Speed over recent steps, summed over all processes."""
    remaining_s: float


class ExtendListener(Listener):
    """Ignores everything; override what matters."""

    def step(self, report: StepReport) -> None:
        """Receive the report of a finished step; an exception stops the training."""


@dataclass(frozen=True)
class Validation:
    """Loss on the held-out sequences, in nats per token; None where it was not measured."""

    native: float | None = None
    """Loss on pieces of the native window."""
    extended: float | None = None
    """Loss on whole sequences of the extended window."""


@dataclass(frozen=True)
class DataFile:
    """A file or folder of the data, as it was read."""

    name: str
    texts: int
    tokens: int
    sha256: str
    """Hash of the texts, each preceded by its length."""


@dataclass(frozen=True)
class TrainingExtent:
    """How much a run reads and needs; what a dry run shows."""

    files: tuple[DataFile, ...]
    tokens: int
    """Tokens of all texts, including those between them."""
    rows: int
    """Number of sequences to train on."""
    held_out: int
    """Number of sequences to validate on."""
    context: int
    """L' in tokens."""
    train_tokens: int
    """Tokens of a sequence to train on."""
    steps: int
    batch: int
    """Sequences per step."""
    memory_bytes: int
    free_bytes: int
    gradient_checkpointing: bool
    memory_reason: str
    disk_bytes: int
    free_disk_bytes: int

    @property
    def epochs(self) -> float:
        """Number of passes over the data."""
        return self.steps * self.batch / self.rows


@dataclass(frozen=True)
class ExtendResult:
    """The result of a run."""

    output: Path
    model: str
    context: int
    native_window: int
    factor: float
    position: str
    method: str
    steps: int
    losses: tuple[float, ...]
    """Loss of every step, in nats per token."""
    base: Validation
    """Losses of the checkpoint with its own rotation, at its native window."""
    before: Validation
    """Losses with the new rotation, before the first step."""
    after: Validation
    """Losses after the last step."""
    seconds: float
    """Training time, without interruptions."""
    extent: TrainingExtent | None = None
    finished_before: bool = False
    """Whether there was nothing to do, as an earlier run had finished."""
    resumed_from: int = 0
    """Step from which the run continued; 0 when it started from the beginning."""
    settings: dict[str, object] = field(default_factory=dict)
