"""Test what interpolation breaks in our base: the heads that distinguish neighbouring tokens.

    python -m benchmarks.paper.local_heads --base BASE --output DIR --factor 16

Positions divided by s are s times closer. A head that looks one token back, score
Σ_j A cos(θ_j (Δ - 1)), then looks s tokens back, and its peak, of curvature Σ_j A θ_j², is s² times
flatter. The base copies through two such heads in its first layer (`recipes/mini/initial.py`).
So we change these two by hand, phase by -θ_j Δ (1 - 1/s) and strength by s², leave every other
weight as it is, and train nothing. If copying recovers, these heads are what was lost.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from recipes.mini.initial import Circuit, frequencies

FAST_PAIRS = Circuit.fast_pairs
"""Number of RoPE pairs by which these heads distinguish neighbours."""
DISTANCES = (1, 2)
"""Number of tokens that the first layer's first and second head look back."""


@torch.no_grad()
def retune(model: LlamaForCausalLM, factor: float) -> None:
    """Make the first layer's position heads look as far back as before, positions interpolated.

    A strength of s² would also multiply the differences in the size of tokens' keys. So the score
    at the target distance is subtracted, by as many of the slowest pairs, which hardly turn:
    s² Σ_j A (cos(θ_j (Δ - Δ₀) / s) - 1).

    Args:
        model: the base, not extended.
        factor: s = L'/L.
    """
    head_dim: int = model.config.head_dim
    half = head_dim // 2
    attention = model.model.layers[0].self_attn
    angles = frequencies(model)[:FAST_PAIRS, None]  # θ_j a token: (pairs, 1)
    fast, slow = torch.arange(FAST_PAIRS), torch.arange(half - FAST_PAIRS, half)
    key = attention.k_proj.weight  # (head_dim, hidden): all heads share it
    key[slow], key[slow + half] = key[fast].clone(), key[fast + half].clone()
    for head, distance in enumerate(DISTANCES):
        query = attention.q_proj.weight[head * head_dim : (head + 1) * head_dim]
        first, second = query[fast] * factor**2, query[fast + half] * factor**2
        query[fast], query[fast + half] = turned(
            first, second, angles * distance * (1 - 1 / factor)
        )
        query[slow], query[slow + half] = turned(-first, -second, angles * distance)


def turned(
    first: torch.Tensor, second: torch.Tensor, angle: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both halves of RoPE pairs rotated by an angle.

    Args:
        first: (pairs, …) first halves.
        second: (pairs, …) second halves.
        angle: (pairs, 1) radians.
    """
    cos, sin = angle.cos(), angle.sin()
    return first * cos - second * sin, second * cos + first * sin


def write(base: Path, output: Path, factor: float) -> Path:
    """Write the re-tuned base as a checkpoint folder and return it; its positions are unchanged.

    Args:
        base: folder of the base.
        output: folder to write.
        factor: s = L'/L.
    """
    model = LlamaForCausalLM.from_pretrained(base, dtype=torch.float32)
    retune(model, factor)
    output.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(output)
    for path in base.glob("tokenizer*"):
        shutil.copy(path, output / path.name)
    return output


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--factor", type=float, default=16)
    given = parser.parse_args()
    write(given.base, given.output, given.factor)


if __name__ == "__main__":
    main()
