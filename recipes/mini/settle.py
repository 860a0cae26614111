"""Let the pre-trained model settle on interpolated positions, on rows that are mostly short.

    python -m recipes.mini.settle --work runs/mini --steps 200

Position Interpolation (arXiv 2306.15595) moves neighbours s times closer together, and what the
base knew of neighbours is lost first. Short rows show neighbours as well as long ones do, and are
read twenty times as fast, so most rows are of the native window. Some are longer, up to half of the
new one: there is more to confuse there. `extend`, which comes after it, reads whole windows.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from recipes.mini.loop import Schedule, dense_loss, load_weights, train
from recipes.mini.mixture import Mixture, Rows
from recipes.mini.pretrain import batches, passkey_accuracy, perplexity_by_position
from recipes.mini.shapes import FACTOR, SHAPES

FIRST_ROW = 700_000_000
"""Rows of this stage are numbered apart from those of the others."""
LONGER = {16: 8, 4: 4}
"""Every so many steps rows are so many times the native window long; the rarest goes first."""
TRIALS = 8


def length_at(step: int, window: int) -> int:
    """Return the row length of a step (tokens)."""
    times = next((times for every, times in LONGER.items() if step % every == every - 1), 1)
    return window * times


def main() -> None:
    """Settle, or go on with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--shape", choices=list(SHAPES), default="mini")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--tokens-per-step", type=int, default=8192)
    parser.add_argument("--muon-lr", type=float, default=1.5e-3)
    parser.add_argument("--adam-lr", type=float, default=1.5e-3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    shape = SHAPES[arguments.shape]
    rows = Rows(arguments.work, Mixture())
    config = shape.config(rows.vocab_size)
    config.rope_parameters = {**config.rope_parameters, "rope_type": "linear", "factor": FACTOR}
    config.max_position_embeddings = shape.extended_window
    model = LlamaForCausalLM(config)
    load_weights(model, arguments.work / "pretrain" / "weights.safetensors")

    def measure(model: LlamaForCausalLM, step: int) -> dict[str, float]:
        return {
            "passkey": passkey_accuracy(model, rows, shape.window, TRIALS),
            "passkey_4": passkey_accuracy(model, rows, 4 * shape.window, TRIALS),
            **perplexity_by_position(model, arguments.work, shape.window),
        }

    train(
        model,
        batches(
            rows,
            lambda step: length_at(step, shape.window),
            arguments.tokens_per_step,
            FIRST_ROW,
        ),
        Schedule(arguments.steps, arguments.muon_lr, arguments.adam_lr, warmup=20),
        arguments.work / "settle",
        loss_of=dense_loss,
        measure=measure,
        measure_every=24,
        save_every=12,
    )


if __name__ == "__main__":
    main()
