"""Record the projected hidden states of the tokens a model reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.hooks import RemovableHandle

from longsum.engine.llama import Llama

LAST = -1
"""Number of the last layer."""


class Recorder:
    """Projected states of the tokens read so far.

    Args:
        layers: the layers that are recorded, in the order of their columns.
    """

    def __init__(self, layers: Iterable[int]) -> None:
        self._parts: dict[int, list[torch.Tensor]] = {layer: [] for layer in layers}

    def add(self, layer: int, states: torch.Tensor) -> None:
        """Add the states of further tokens after a layer: (tokens, directions)."""
        self._parts[layer].append(states.to("cpu", torch.float16))

    @property
    def states(self) -> torch.Tensor:
        """All recorded states: (tokens, directions of all layers) float16."""
        return torch.cat([torch.cat(parts) for parts in self._parts.values()], dim=1)


@contextmanager
def recording(model: Llama, projections: Mapping[int, np.ndarray]) -> Iterator[Recorder]:
    """Record the projected states of every token read inside the context.

    States between layers are divided by their root mean square, without weights.

    Args:
        model: a model that reads one sequence at a time.
        projections: (hidden_size, directions) by the number of the layer after which states are
            taken, from 1; `LAST` for the last, after the model's norm. In the order of the result.
    """
    recorder = Recorder(projections)
    with ExitStack() as hooks:
        for layer, projection in projections.items():
            hooks.callback(_hook(model, layer, projection, recorder).remove)
        yield recorder


def _hook(model: Llama, layer: int, projection: np.ndarray, recorder: Recorder) -> RemovableHandle:
    """Record the states after one layer; return the handle that stops it."""
    is_last = layer == LAST
    module = model.model.norm if is_last else model.model.layers[layer - 1]
    device, eps = model.model.norm.weight.device, model.config.rms_norm_eps
    matrix = torch.from_numpy(projection).to(device, torch.float32)

    def record(_: torch.nn.Module, inputs: Any, output: torch.Tensor) -> None:
        states = output[0].float()
        if not is_last:
            states = F.rms_norm(states, states.shape[-1:], eps=eps)
        recorder.add(layer, states @ matrix)

    return module.register_forward_hook(record)
