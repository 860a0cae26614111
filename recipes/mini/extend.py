"""Extend the window from 2,048 to 32,768 tokens by Position Interpolation (arXiv 2306.15595).

    python -m recipes.mini.extend --work runs/mini

Positions are divided by 16 and the weights are tuned for it, over rows of 8,192 to 32,768 tokens.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from longsum.model.rope import interpolation_factor
from recipes.mini.loop import NATIVE_WINDOW, Batch, Schedule, load_weights, mini_config, train
from recipes.mini.mixture import Mixture, Rows
from recipes.mini.pretrain import as_batch, passkey_accuracy, perplexity_by_position

EXTENDED_WINDOW = 32768
LENGTHS = ((0.75, 8192), (0.94, 16384), (1.01, EXTENDED_WINDOW))
"""Row length until that share of the steps; the longest rows cost the most and come last."""
FIRST_ROW = 10_000_000
"""Rows of this stage are numbered apart from those of pre-training."""


def extended_config(vocab_size: int) -> LlamaConfig:
    """Return the shape with interpolated positions: f'(x, m) = f(x, m L / L'), equation 4."""
    config = mini_config(vocab_size)
    config.rope_parameters = {
        **config.rope_parameters,
        "rope_type": "linear",
        "factor": interpolation_factor(NATIVE_WINDOW, EXTENDED_WINDOW),
    }
    config.max_position_embeddings = EXTENDED_WINDOW
    return config


def batches(rows: Rows, steps: int) -> Callable[[int], list[Batch]]:
    """From a step's number to its one row."""

    def batch_for(step: int) -> list[Batch]:
        length = next(length for until, length in LENGTHS if step / steps < until)
        return [as_batch([rows.row(FIRST_ROW + step, length)])]

    return batch_for


def main() -> None:
    """Extend the pre-trained model, or go on with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--muon-lr", type=float, default=8e-4)
    parser.add_argument("--adam-lr", type=float, default=6e-4)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    rows = Rows(arguments.work, Mixture())
    model = LlamaForCausalLM(extended_config(rows.vocab_size))
    load_weights(model, arguments.work / "pretrain" / "weights.safetensors")

    def measure(model: LlamaForCausalLM, step: int) -> dict[str, float]:
        return {
            f"{name}_{length}": value
            for length in (512, 2048, 8192)
            for name, value in {
                "passkey": passkey_accuracy(model, rows, length, trials=4),
                **perplexity_by_position(model, arguments.work, length, windows=2),
            }.items()
        }

    print("untuned:", measure(model, 0), flush=True)
    train(
        model,
        batches(rows, arguments.steps),
        Schedule(arguments.steps, arguments.muon_lr, arguments.adam_lr, warmup=6),
        arguments.work / "extend",
        measure=measure,
        measure_every=32,
        save_every=8,
    )


if __name__ == "__main__":
    main()
