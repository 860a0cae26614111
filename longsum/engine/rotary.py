"""Rotary positions (RoPE, arXiv 2104.09864): frequencies of every type, and the rotation.

The formulas are those of `transformers`, and so of each type's authors. Two types change with the
length of the text; as there, keys rotated before the change stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from longsum.checkpoint.rope import Rope


def frequencies(
    rope: Rope, head_dim: int, *, length: int = 1, positions: int | None = None
) -> tuple[torch.Tensor, float]:
    """Return the angle by which each pair of a head's values turns per position.

    Args:
        rope: type and parameters.
        head_dim: number of values per head, even.
        length: number of tokens of the text so far.
        positions: tokens beyond which dynamic scaling begins; None for the window.

    Returns:
        (head_dim / 2,) radians in float32, and the factor on their cosines and sines.
    """
    pairs = torch.arange(0, head_dim, 2, dtype=torch.float32)
    theta = rope.rope_theta
    if rope.rope_type == "dynamic":  # NTK-aware scaling: the base grows with the text
        begin = positions or rope.window
        stretch = rope.factor * max(length, begin) / begin - (rope.factor - 1)
        theta *= stretch ** (head_dim / (head_dim - 2))
    if rope.rope_type == "longrope":  # arXiv 2402.13753
        name = "long_factor" if length > rope.native_window else "short_factor"
        factors = torch.tensor(rope.parameters[name], dtype=torch.float32)
        return 1.0 / (factors * theta ** (pairs / head_dim)), _longrope_scaling(rope)
    plain = 1.0 / theta ** (pairs / head_dim)
    if rope.rope_type == "linear":  # Position Interpolation: arXiv 2306.15595, eq. 4
        return plain / rope.factor, 1.0
    if rope.rope_type == "llama3":
        return _llama3(plain, rope.parameters), 1.0
    if rope.rope_type == "yarn":
        return _yarn(plain, rope, head_dim), _yarn_scaling(rope)
    return plain, 1.0


def _llama3(plain: torch.Tensor, block: Mapping[str, Any]) -> torch.Tensor:
    """Divide low frequencies by the factor, keep high ones, and interpolate in between."""
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
    """Return YaRN's factor on cosines and sines, which sharpens the attention."""
    block = rope.parameters
    if block.get("attention_factor") is not None:
        return float(block["attention_factor"])

    def scale(weight: float) -> float:
        return 0.1 * weight * math.log(rope.factor) + 1.0 if rope.factor > 1 else 1.0

    if block.get("mscale") and block.get("mscale_all_dim"):
        return scale(block["mscale"]) / scale(block["mscale_all_dim"])
    return scale(1.0)


def _longrope_scaling(rope: Rope) -> float:
    """Return longrope's factor on cosines and sines."""
    if rope.parameters.get("attention_factor") is not None:
        return float(rope.parameters["attention_factor"])
    if rope.factor <= 1:
        return 1.0
    return math.sqrt(1 + math.log(rope.factor) / math.log(rope.native_window))


class Rotary:
    """Cosines and sines of positions.

    Args:
        rope: type and parameters.
        head_dim: number of values per head, even.
        positions: tokens beyond which dynamic scaling begins; None for the window.
    """

    def __init__(self, rope: Rope, head_dim: int, positions: int | None = None) -> None:
        self.rope, self.head_dim = rope, head_dim
        self.positions = positions or rope.window
        self._held: dict[torch.device, tuple[int, torch.Tensor, float]] = {}

    def is_steady(self, length: int) -> bool:
        """Return whether the frequencies are the same for all texts up to a length (tokens)."""
        return self._reach(length) == self._reach(1)

    def _reach(self, length: int) -> int:
        """Return a key of the frequencies for a length: equal keys have equal frequencies."""
        if self.rope.rope_type == "dynamic":
            return max(length, self.positions)
        return int(self.rope.rope_type == "longrope" and length > self.rope.native_window)

    def angles(
        self, positions: torch.Tensor, dtype: torch.dtype, length: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the cosines and sines of the positions' angles.

        Args:
            positions: (tokens,).
            dtype: dtype of the result; the angles are computed in float32.
            length: number of tokens of the text, up to and including these.

        Returns:
            Two tensors (tokens, 1, head_dim / 2).
        """
        turns, scaling = self._frequencies(positions.device, length)
        angles = positions.float()[:, None, None] * turns
        cos, sin = angles.cos(), angles.sin()
        if scaling != 1.0:
            cos, sin = cos * scaling, sin * scaling
        return cos.to(dtype), sin.to(dtype)

    def _frequencies(self, device: torch.device, length: int) -> tuple[torch.Tensor, float]:
        """Return the frequencies, computed on the CPU to be the same on every device."""
        reach, turns, scaling = self._held.get(device, (-1, torch.empty(0), 1.0))
        if reach != self._reach(length):
            with torch.inference_mode(False), torch.device("cpu"):  # cached
                turns, scaling = frequencies(
                    self.rope, self.head_dim, length=length, positions=self.positions
                )
            turns = turns.to(device)
            self._held[device] = self._reach(length), turns, scaling
        return turns, scaling


def rotated(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotate pairs (i, i + head_dim / 2) by their position's angles.

    Args:
        states: (batch, T, heads, head_dim).
        cos: (T, 1, head_dim / 2).
        sin: (T, 1, head_dim / 2).

    Returns:
        (batch, T, heads, head_dim).
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
