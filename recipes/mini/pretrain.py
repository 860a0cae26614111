"""Pre-train inside the native window.

    python -m recipes.mini.pretrain --work runs/mini --shape mini --steps 1000

The initial weights already copy (`initial.py`); a third of the rows needs it, so that they continue
to copy while they learn to read. The log has passkey accuracy and perplexity besides the loss.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM

from longsum.evaluate.passkey_prompt import FILLER
from recipes.mini.initial import set_induction_circuit
from recipes.mini.loop import (
    Batch,
    Schedule,
    as_batch,
    dense_loss,
    train,
)
from recipes.mini.mixture import Rows
from recipes.mini.stage import begin, options

MICRO_BATCH_TOKENS = 8192
WARMUP = 100
"""Warm-up steps, which protect the circuit in the initial weights."""
WHOLE_EVERY = 3
"""Steps between those that read whole windows."""
MIN_ROW_TOKENS = 256
"""Minimum tokens per row."""


def length_at(step: int, steps: int, window: int) -> int:
    """Return the row length in tokens: a quarter of the window, then half of it, then all of it.

    Short rows are read faster, and near tokens are learned first anyway. Every third step still
    reads whole windows: with short rows only, distant tokens were soon no longer found.

    Args:
        step: number of the step.
        steps: total steps.
        window: native window in tokens.
    """
    done = step / steps
    divisor = next(d for until, d in ((0.4, 4), (0.7, 2), (2.0, 1)) if done < until)
    if step % WHOLE_EVERY == 0:
        divisor = 1
    return max(window // divisor, min(MIN_ROW_TOKENS, window))


@torch.no_grad()
def passkey_accuracy(
    model: LlamaForCausalLM, rows: Rows, length: int, trials: int = 32, *, paper: bool = False
) -> float:
    """Return the share of made-up numbers that the model copies exactly from a fact in the text.

    Args:
        model: model to measure.
        rows: provides tokenizer and filler.
        length: tokens per trial.
        trials: number of trials, at depths from the beginning to the end.
        paper: whether to fill with the paper's sentences (arXiv 2306.15595, figure 3).
    """
    garbage = rows.encode(" " + " ".join(FILLER))
    right = 0
    for trial in range(trials):
        rng = np.random.default_rng([12345, trial])
        number = str(rng.integers(10_000, 99_999))
        fact = rows.encode(f" The pass key is {number}. Remember it. {number} is the pass key.")
        question = rows.encode(" What is the pass key? The pass key is")
        answer = rows.encode(f" {number}")
        left = length - len(fact) - len(question) - len(answer) - 1
        text = np.resize(garbage, left) if paper else rows.text(rng, left)
        cut = int(len(text) * (trial + 0.5) / trials)
        ids = [rows.begin, *text[:cut], *fact, *text[cut:], *question, *answer]
        logits = model(torch.tensor([ids[:-1]]), logits_to_keep=len(answer)).logits[0]
        right += logits.argmax(-1).tolist() == answer
    return right / trials


@torch.no_grad()
def perplexity_by_position(
    model: LlamaForCausalLM, work: Path, length: int, tokens: int = 16384
) -> dict[str, float]:
    """Return the perplexity on held-out books for the first and the last quarter of a window.

    Args:
        model: model to measure.
        work: folder with `shards/`.
        length: window in tokens.
        tokens: total tokens to read.
    """
    held_out = np.memmap(work / "shards" / "books-test-000.bin", np.uint16, "r")
    windows = max(2, tokens // length)
    nats = torch.zeros(length - 1)
    for start in np.linspace(0, len(held_out) - length, windows).astype(int):
        ids = torch.from_numpy(np.array(held_out[start : start + length], dtype=np.int64))[None]
        logits = model(ids).logits[0, :-1]
        nats += torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none") / windows
    quarter = length // 4
    return {
        "ppl_first": nats[:quarter].mean().exp().item(),
        "ppl_last": nats[-quarter:].mean().exp().item(),
    }


def batches(
    rows: Rows, length_of: Callable[[int], int], tokens_per_step: int, first_row: int = 0
) -> Callable[[int], list[Batch]]:
    """Return a function from a step's number to its micro-batches.

    Args:
        rows: rows by number.
        length_of: from a step's number to the length of its rows (tokens).
        tokens_per_step: tokens per step; at least one row is read.
        first_row: number of the stage's first row, so that no two stages read the same.
    """

    def batch_for(step: int) -> list[Batch]:
        length = length_of(step)
        count = max(1, tokens_per_step // length)
        # row numbers never repeat, whatever the length
        first = first_row + step * (tokens_per_step // MIN_ROW_TOKENS)
        numbered = [rows.row(first + i, length) for i in range(count)]
        size = max(1, MICRO_BATCH_TOKENS // length)
        weights = rows.mixture.weights
        return [as_batch(numbered[i : i + size], weights) for i in range(0, count, size)]

    return batch_for


def main() -> None:
    """Pre-train, resuming if there is a checkpoint."""
    parser = options(__doc__, steps=1000)
    parser.add_argument("--folder", default="pretrain")
    parser.add_argument("--tokens-per-step", type=int, default=8192)
    parser.add_argument("--muon-lr", type=float, default=2e-3)
    parser.add_argument("--adam-lr", type=float, default=1e-3)
    arguments = parser.parse_args()
    shape, rows = begin(arguments)
    model = LlamaForCausalLM(shape.config(rows.vocab_size))
    set_induction_circuit(model)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)

    def measure(model: LlamaForCausalLM, step: int) -> dict[str, float]:
        return {
            "passkey": passkey_accuracy(model, rows, shape.window),
            "passkey_paper": passkey_accuracy(model, rows, shape.window, paper=True),
            **perplexity_by_position(model, arguments.work, shape.window),
        }

    train(
        model,
        batches(
            rows,
            lambda step: length_at(step, arguments.steps, shape.window),
            arguments.tokens_per_step,
        ),
        Schedule(arguments.steps, arguments.muon_lr, arguments.adam_lr, warmup=WARMUP),
        arguments.work / arguments.folder,
        loss_of=dense_loss,
        measure=measure,
        measure_every=100,
        save_every=50,
    )


if __name__ == "__main__":
    main()
