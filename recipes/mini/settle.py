"""Let the pre-trained model settle on interpolated positions, short rows first.

    python -m recipes.mini.settle --work runs/mini --steps 200

Position Interpolation (arXiv 2306.15595) moves neighbours s times closer together, and what the
base learned about neighbours is lost first: the two heads that look at them are set by hand for the
new distances, and frozen. Otherwise retrieval did not recover. The other heads learn the new
distances on short rows, which show neighbours as well as long ones and are read many times faster;
then rows become longer, up to half of the new window, since they have more distractors.
"""

from __future__ import annotations

import numpy as np
import torch
from transformers import LlamaForCausalLM

from recipes.mini.initial import common_direction, set_position_heads
from recipes.mini.loop import Schedule, dense_loss, load_weights, train
from recipes.mini.mixture import Rows
from recipes.mini.pretrain import batches, passkey_accuracy, perplexity_by_position
from recipes.mini.stage import begin, options

FIRST_ROW = 700_000_000
"""Number of this stage's first row, beyond those of the other stages."""
SHORT = (8, 4, 1)
"""The native window divided by a row's length, in turn, in the first part of the steps."""
LONG = (1, 2, 1, 4, 1, 8)
"""A row's length divided by the native window, in turn, in the rest."""
SHORT_SHARE = 0.5
"""Share of the steps in the first part."""
SAMPLE_TOKENS = 60_000
"""Tokens of text for computing what the first layer's inputs share."""
TRIALS = 8


def length_at(step: int, steps: int, window: int) -> int:
    """Return the row length of a step in tokens.

    Args:
        step: number of the step.
        steps: total steps.
        window: native window in tokens.
    """
    if step < SHORT_SHARE * steps:
        return window // SHORT[step % len(SHORT)]
    return window * LONG[step % len(LONG)]


def aim_position_heads(model: LlamaForCausalLM, rows: Rows) -> None:
    """Set the position heads for the model's positions."""
    text = rows.text(np.random.default_rng(0), SAMPLE_TOKENS)
    direction, size = common_direction(model, torch.from_numpy(text))
    set_position_heads(model, direction, size)


def freeze_position_heads(model: LlamaForCausalLM) -> None:
    """Exclude the position heads from training."""
    first = model.model.layers[0]
    for module in (first.input_layernorm, first.self_attn.q_proj, first.self_attn.k_proj):
        module.requires_grad_(False)


def main() -> None:
    """Settle, resuming if there is a checkpoint."""
    parser = options(__doc__, steps=200)
    parser.add_argument("--tokens-per-step", type=int, default=8192)
    parser.add_argument("--learning-rate", type=float, default=1.5e-3, help="Muon's and AdamW's")
    arguments = parser.parse_args()
    shape, rows = begin(arguments)
    model = LlamaForCausalLM(shape.extended_config(rows.vocab_size))
    load_weights(model, arguments.work / "pretrain" / "weights.safetensors")
    aim_position_heads(model, rows)
    freeze_position_heads(model)

    def measure(model: LlamaForCausalLM, step: int) -> dict[str, float]:
        return {
            "passkey": passkey_accuracy(model, rows, shape.window, TRIALS),
            "passkey_8": passkey_accuracy(model, rows, 8 * shape.window, TRIALS // 2),
            **perplexity_by_position(model, arguments.work, shape.window),
        }

    train(
        model,
        batches(
            rows,
            lambda step: length_at(step, arguments.steps, shape.window),
            arguments.tokens_per_step,
            FIRST_ROW,
        ),
        Schedule(arguments.steps, arguments.learning_rate, arguments.learning_rate, warmup=5),
        arguments.work / "settle",
        loss_of=dense_loss,
        measure=measure,
        measure_every=50,
        save_every=10,
    )


if __name__ == "__main__":
    main()
