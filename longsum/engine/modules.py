"""The modules that a LLaMA is built of, without initialization: their weights are loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from longsum.checkpoint.files import ModelShape
from longsum.engine.codes import CodeMatrix


def activation(hidden_act: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return an activation by its name in config.json; all but SiLU come from `transformers`."""
    if hidden_act == "silu":
        return partial(F.silu, inplace=True)
    from transformers.activations import ACT2FN

    found: Callable[[torch.Tensor], torch.Tensor] = ACT2FN[hidden_act]
    return found


class Linear(nn.Linear):
    """A linear layer without initialization, as drawing random numbers would import a compiler."""

    codes: CodeMatrix | None = None
    """The same weights as 4-bit codes, for few tokens."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply (…, columns) by the weights: (…, rows)."""
        if self.codes is not None and self.codes.takes(x):
            return self.codes(x)
        return super().forward(x)


class Embedding(nn.Embedding):
    """Embeddings without initialization; see `Linear`."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class RMSNorm(nn.Module):
    """Division by the root mean square, in float32 (arXiv 1910.07467).

    Args:
        size: number of values of a state.
        eps: constant added to the mean square.
    """

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size))
        self.eps = eps

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the states normed and weighted."""
        if hidden.device.type == "cuda":  # one kernel, float32 internally, rounded once
            return F.rms_norm(hidden, hidden.shape[-1:], self.weight, self.eps)
        normed = F.rms_norm(hidden.float(), hidden.shape[-1:], eps=self.eps)
        return self.weight * normed.to(hidden.dtype)


class MLP(nn.Module):
    """The gated feed-forward network.

    Args:
        shape: the model's shape.
        hidden_act: name of the gate's activation.
    """

    codes: CodeMatrix | None = None
    """The weights of `gate_proj` and `up_proj` together, as 4-bit codes for few tokens."""

    def __init__(self, shape: ModelShape, hidden_act: str = "silu") -> None:
        super().__init__()
        self.act_fn = activation(hidden_act)
        self.gate_proj = Linear(shape.hidden_size, shape.intermediate_size, bias=shape.mlp_bias)
        self.up_proj = Linear(shape.hidden_size, shape.intermediate_size, bias=shape.mlp_bias)
        self.down_proj = Linear(shape.intermediate_size, shape.hidden_size, bias=shape.mlp_bias)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return (batch, T, hidden)."""
        if self.codes is not None and self.codes.takes(hidden):
            gate, up = self.codes(hidden).chunk(2, dim=-1)
        else:
            gate, up = self.gate_proj(hidden), self.up_proj(hidden)
        gated = self.act_fn(gate).mul_(up)
        output: torch.Tensor = self.down_proj(gated)
        return output
