"""Test what interpolation takes from our base: the heads that tell a token from its neighbours.

    python -m benchmarks.paper.local_heads --base BASE --output DIR --factor 16

Positions divided by s lie s times closer. A head that looks one token back, score
Σ_j A cos(θ_j (Δ - 1)), then looks s tokens back, and its peak, of curvature Σ_j A θ_j², is s² times
flatter. The base retrieves through two such heads in its first layer (`recipes/mini/initial.py`).
So we change these two by hand, phase by -θ_j Δ (1 - 1/s) and strength by s², leave every other
weight as it is, and train nothing. If retrieval over the extended window comes back, it is what was
lost.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

DISTANCES = (1, 2)
"""Tokens that the first layer's first and second head look back."""


@torch.no_grad()
def retune(model: LlamaForCausalLM, factor: float) -> None:
    """Make the first layer's position heads look as far back as before, positions interpolated.

    Args:
        model: the base, not extended.
        factor: s = L'/L.
    """
    head_dim: int = model.config.head_dim
    theta: float = model.config.rope_parameters["rope_theta"]
    half = head_dim // 2
    frequencies = theta ** (-torch.arange(half) / half)  # θ_j, one a pair
    weight = model.model.layers[0].self_attn.q_proj.weight  # (heads · head_dim, hidden)
    for head, distance in enumerate(DISTANCES):
        rows = weight[head * head_dim : (head + 1) * head_dim]
        turn = (frequencies * distance * (1 - 1 / factor))[:, None]
        first, second = rows[:half].clone(), rows[half:].clone()
        rows[:half] = (first * turn.cos() - second * turn.sin()) * factor**2
        rows[half:] = (second * turn.cos() + first * turn.sin()) * factor**2


def write(base: Path, output: Path, factor: float) -> Path:
    """Write the re-tuned base as a checkpoint folder and return it; its positions are unchanged."""
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
