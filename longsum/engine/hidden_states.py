"""Record the projected last hidden states of the tokens a model reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from longsum.engine.llama import Llama


class Recorder:
    """Projected states of the tokens read so far."""

    def __init__(self) -> None:
        self._parts: list[torch.Tensor] = []

    def add(self, states: torch.Tensor) -> None:
        """Add the states of further tokens: (tokens, directions)."""
        self._parts.append(states.to("cpu", torch.float16))

    @property
    def states(self) -> torch.Tensor:
        """All recorded states: (tokens, directions) float16."""
        return torch.cat(self._parts)


@contextmanager
def recording(model: Llama, projection: np.ndarray) -> Iterator[Recorder]:
    """Record the projected states after the last norm of every token read inside the context.

    Args:
        model: a model that reads one sequence at a time.
        projection: (hidden_size, directions).
    """
    norm = model.model.norm
    matrix = torch.from_numpy(projection).to(norm.weight.device, torch.float32)
    recorder = Recorder()

    def record(module: torch.nn.Module, inputs: Any, output: torch.Tensor) -> None:
        recorder.add(output[0].float() @ matrix)

    handle = norm.register_forward_hook(record)
    try:
        yield recorder
    finally:
        handle.remove()
