"""Rotary positions (RoPE, arXiv 2104.09864): frequencies of every type, and the rotation.

The formulas are those of `transformers`, which are the types' authors'. Two types change with the
length of the text, and a key that was rotated before the change stays as it is, as there.
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
    """Return how far each pair of a head's values turns from one position to the next.

    Args:
        rope: type and parameters.
        head_dim: values of one head, even.
        length: tokens of the text so far.
        positions: tokens from which on dynamic scaling begins; None takes the window.

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
        head_dim: values of one head, even.
        positions: tokens from which on dynamic scaling begins; None takes the window.
    """

    def __init__(self, rope: Rope, head_dim: int, positions: int | None = None) -> None:
        self.rope, self.head_dim = rope, head_dim
        self.positions = positions or rope.window
        self._held: dict[torch.device, tuple[int, torch.Tensor, float]] = {}

    def is_steady(self, length: int) -> bool:
        """Return whether positions are rotated the same way up to a length (tokens)."""
        return self._reach(length) == self._reach(1)

    def _reach(self, length: int) -> int:
        """Return what of a length decides the frequencies: texts of equal reach have the same."""
        if self.rope.rope_type == "dynamic":
            return max(length, self.positions)
        return int(self.rope.rope_type == "longrope" and length > self.rope.native_window)

    def angles(
        self, positions: torch.Tensor, dtype: torch.dtype, length: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return cosine and sine of the angles that positions are turned by.

        Args:
            positions: (tokens,).
            dtype: of the result; the angles are computed in float32.
            length: tokens of the text up to the last of them.

        Returns:
            Two of (tokens, 1, head_dim / 2).
        """
        turns, scaling = self._frequencies(positions.device, length)
        angles = positions.float()[:, None, None] * turns
        cos, sin = angles.cos(), angles.sin()
        if scaling != 1.0:
            cos, sin = cos * scaling, sin * scaling
        return cos.to(dtype), sin.to(dtype)

    def _frequencies(self, device: torch.device, length: int) -> tuple[torch.Tensor, float]:
        """Return the frequencies on a device, computed once and on the CPU: the same everywhere."""
        reach, turns, scaling = self._held.get(device, (-1, torch.empty(0), 1.0))
        if reach != self._reach(length):
            with torch.inference_mode(False), torch.device("cpu"):  # they stay
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
