"""What happens while a window is extended: training tells, the command line shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from longsum.events import Listener


@dataclass(frozen=True)
class StepReport:
    """How one step went."""

    step: int
    """Steps done, from 1."""
    steps: int
    """Steps in all."""
    loss: float
    """Mean over the step's targets, in nats."""
    learning_rate: float
    tokens_per_s: float
    """Over the last steps, all processes together."""
    remaining_s: float


class ExtendListener(Listener):
    """Hears nothing; subclass and override what matters."""

    def step(self, report: StepReport) -> None:
        """Take a step that is done; raising stops the training."""


@dataclass(frozen=True)
class Validation:
    """Loss on the held-out sequences, in nats a token; empty where none were held out."""

    native: float | None = None
    """In pieces of the native window."""
    extended: float | None = None
    """In whole sequences of the extended window."""


@dataclass(frozen=True)
class DataFile:
    """A file or folder of the data, as it was read."""

    name: str
    texts: int
    tokens: int
    sha256: str
    """Of the texts, each behind its length."""


@dataclass(frozen=True)
class TrainingExtent:
    """How much a run reads and needs; what a dry run shows."""

    files: tuple[DataFile, ...]
    tokens: int
    """Of all texts, the tokens between them included."""
    rows: int
    """Sequences to train on."""
    held_out: int
    """Sequences to validate on."""
    context: int
    steps: int
    batch: int
    memory_bytes: int
    free_bytes: int
    gradient_checkpointing: bool
    memory_reason: str
    disk_bytes: int
    free_disk_bytes: int

    @property
    def epochs(self) -> float:
        """How often the data is gone through."""
        return self.steps * self.batch / self.rows


@dataclass(frozen=True)
class ExtendResult:
    """What came out of a run."""

    output: Path
    model: str
    context: int
    native_window: int
    factor: float
    position: str
    method: str
    steps: int
    losses: tuple[float, ...]
    """Of every step, in nats."""
    base: Validation
    """The checkpoint with its own rotation, at its native window."""
    before: Validation
    """The new rotation, before the first step."""
    after: Validation
    seconds: float
    """Of training, interruptions left out."""
    extent: TrainingExtent | None = None
    finished_before: bool = False
    """There was nothing to do: an earlier run had finished."""
    resumed_from: int = 0
    """The step an earlier run had come to."""
    settings: dict[str, object] = field(default_factory=dict)
