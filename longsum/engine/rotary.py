"""Rotary positions (RoPE, arXiv 2104.09864): frequencies of every static type, and the rotation.

Static is what does not change with the length of the text: a key that was rotated stays right. The
formulas are those of `transformers`, which are the types' authors'.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from longsum.checkpoint.rope import Rope

STATIC_TYPES = ("default", "linear", "llama3", "yarn")

_OPTIONAL = ("attention_factor", "mscale", "mscale_all_dim", "beta_fast", "beta_slow")
"""Numbers a YaRN block may name."""


def is_static(rope: Rope) -> bool:
    """Tell whether a RoPE block is one of those computed here, and is well formed."""
    block = rope.parameters
    return (
        rope.rope_type in STATIC_TYPES
        and block.get("partial_rotary_factor") in (None, 1, 1.0)
        and all(isinstance(block.get(name), int | float | None) for name in _OPTIONAL)
        and isinstance(block.get("truncate", True), bool)
    )


def frequencies(rope: Rope, head_dim: int) -> tuple[torch.Tensor, float]:
    """Return how far each pair of a head's values turns from one position to the next.

    Args:
        rope: one that `is_static`.
        head_dim: values of one head.

    Returns:
        (head_dim / 2,) radians in float32, and the factor on their cosines and sines.
    """
    pairs = torch.arange(0, head_dim, 2, dtype=torch.float32)
    plain = 1.0 / rope.rope_theta ** (pairs / head_dim)
    if rope.rope_type == "linear":  # Position Interpolation: arXiv 2306.15595, eq. 4
        return plain / rope.factor, 1.0
    if rope.rope_type == "llama3":
        return _llama3(plain, rope.parameters), 1.0
    if rope.rope_type == "yarn":
        return _yarn(plain, rope, head_dim), _yarn_scaling(rope)
    return plain, 1.0


def _llama3(plain: torch.Tensor, block: Mapping[str, Any]) -> torch.Tensor:
    """Divide what turns slowly, keep what turns fast, and pass from one to the other smoothly."""
    factor, native = block["factor"], block["original_max_position_embeddings"]
    low, high = block["low_freq_factor"], block["high_freq_factor"]
    turns = native * plain / (2 * math.pi)  # in the native window
    smooth = (turns - low) / (high - low)
    between = (1 - smooth) * plain / factor + smooth * plain
    scaled = torch.where(turns < low, plain / factor, plain)
    return torch.where((turns >= low) & (turns <= high), between, scaled)


def _yarn(plain: torch.Tensor, rope: Rope, head_dim: int) -> torch.Tensor:
    """Divide the pairs that turn less than once in the native window (arXiv 2309.00071)."""
    block = rope.parameters
    native = block["original_max_position_embeddings"]

    def pair_of(turns: float) -> float:
        log = math.log(native / (turns * 2 * math.pi))
        return head_dim * log / (2 * math.log(rope.rope_theta))

    first, last = pair_of(block.get("beta_fast") or 32), pair_of(block.get("beta_slow") or 1)
    if block.get("truncate", True):
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, head_dim - 1)
    if first == last:
        last += 0.001
    ramp = ((torch.arange(head_dim // 2, dtype=torch.float32) - first) / (last - first)).clamp(0, 1)
    return plain / rope.factor * ramp + plain * (1 - ramp)


def _yarn_scaling(rope: Rope) -> float:
    """Return YaRN's factor on cosines and sines, which makes up for flatter attention."""
    block = rope.parameters
    if block.get("attention_factor") is not None:
        return float(block["attention_factor"])

    def scale(weight: float) -> float:
        return 0.1 * weight * math.log(rope.factor) + 1.0 if rope.factor > 1 else 1.0

    if block.get("mscale") and block.get("mscale_all_dim"):
        return scale(block["mscale"]) / scale(block["mscale_all_dim"])
    return scale(1.0)


class Rotary:
    """Cosines and sines of positions.

    Args:
        rope: one that `is_static`.
        head_dim: values of one head.
    """

    def __init__(self, rope: Rope, head_dim: int) -> None:
        self.rope, self.head_dim = rope, head_dim
        self._held: dict[torch.device, tuple[torch.Tensor, float]] = {}

    def angles(
        self, positions: torch.Tensor, dtype: torch.dtype
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return cosine and sine of the angles that positions are turned by.

        Args:
            positions: (tokens,).
            dtype: of the result; the angles are computed in float32.

        Returns:
            Two of (tokens, 1, head_dim / 2).
        """
        turns, scaling = self._frequencies(positions.device)
        angles = positions.float()[:, None, None] * turns
        cos, sin = angles.cos(), angles.sin()
        if scaling != 1.0:
            cos, sin = cos * scaling, sin * scaling
        return cos.to(dtype), sin.to(dtype)

    def _frequencies(self, device: torch.device) -> tuple[torch.Tensor, float]:
        """Return the frequencies on a device, computed once and on the CPU: the same everywhere."""
        if device not in self._held:
            with torch.inference_mode(False), torch.device("cpu"):  # they are kept
                turns, scaling = frequencies(self.rope, self.head_dim)
            self._held[device] = turns.to(device), scaling
        return self._held[device]


def rotated(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotate pairs (i, i + head_dim / 2) by their position's angles.

    Args:
        states: (batch, T, heads, head_dim).
        cos: (T, 1, head_dim / 2).
        sin: as cos.
    """
    turned = torch.empty_like(states)
    first, second = states.chunk(2, dim=-1)
    low, high = turned.chunk(2, dim=-1)
    torch.mul(first, cos, out=low)
    torch.mul(second, cos, out=high)
    if states.device.type == "cuda":  # four kernels, rounded once
        low.addcmul_(second, sin, value=-1)
        high.addcmul_(first, sin)
    else:  # rounded as in `transformers`
        low.sub_(second * sin)
        high.add_(first * sin)
    return turned
