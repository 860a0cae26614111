"""Pre-train the bundled model inside its native window of 2,048 tokens.

    python -m recipes.mini.pretrain --work runs/mini --steps 1000

Rows grow from 512 to 2,048 tokens, so that copying is learned over short distances first.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM

from recipes.mini.loop import IGNORE, NATIVE_WINDOW, Batch, Schedule, mini_config, train
from recipes.mini.mixture import Mixture, Rows

LENGTHS = ((0.5, 512), (0.75, 1024), (1.01, NATIVE_WINDOW))
"""Row length until that share of the steps."""


def length_at(share_done: float) -> int:
    """Row length (tokens) at a point of the run."""
    return next(length for until, length in LENGTHS if share_done < until)


def as_batch(rows: list[np.ndarray]) -> Batch:
    """Stack rows into `input_ids` and shifted `labels`."""
    ids = torch.from_numpy(np.stack(rows)).long()
    return ids, torch.cat([ids[:, 1:], torch.full_like(ids[:, :1], IGNORE)], dim=1)


@torch.no_grad()
def passkey_accuracy(model: LlamaForCausalLM, rows: Rows, length: int, trials: int = 16) -> float:
    """Return the share of made-up numbers that the model copies exactly from a fact in the text."""
    right = 0
    for trial in range(trials):
        rng = np.random.default_rng([12345, trial])
        number = str(rng.integers(10_000, 99_999))
        fact = rows.encode(f" The pass key is {number}. Remember it. {number} is the pass key.")
        question = rows.encode(" What is the pass key? The pass key is")
        answer = rows.encode(f" {number}")
        text = rows.text(rng, length - len(fact) - len(question) - len(answer) - 1)
        cut = int(len(text) * (trial + 0.5) / trials)
        ids = [rows.begin, *text[:cut], *fact, *text[cut:], *question, *answer]
        logits = model(torch.tensor([ids[:-1]]), logits_to_keep=len(answer)).logits[0]
        right += logits.argmax(-1).tolist() == answer
    return right / trials


@torch.no_grad()
def perplexity_by_position(
    model: LlamaForCausalLM, work: Path, length: int, windows: int = 8
) -> dict[str, float]:
    """Return the perplexity on held-out books for the first and the last quarter of a window."""
    held_out = np.memmap(work / "shards" / "books-test-000.bin", np.uint16, "r")
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


def batches(rows: Rows, steps: int, tokens_per_step: int) -> Callable[[int], list[Batch]]:
    """From a step's number to its micro-batches of at most 8,192 tokens."""

    def batch_for(step: int) -> list[Batch]:
        length = length_at(step / steps)
        count = tokens_per_step // length
        first = step * (tokens_per_step // 256)  # row numbers never repeat, whatever the length
        numbered = [rows.row(first + i, length) for i in range(count)]
        size = max(1, 8192 // length)
        return [as_batch(numbered[i : i + size]) for i in range(0, count, size)]

    return batch_for


def main() -> None:
    """Pre-train, or go on with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--tokens-per-step", type=int, default=8192)
    parser.add_argument("--muon-lr", type=float, default=4e-3)
    parser.add_argument("--adam-lr", type=float, default=3e-3)
    parser.add_argument("--folder", default="pretrain")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(2)
    rows = Rows(arguments.work, Mixture())
    model = LlamaForCausalLM(mini_config(rows.vocab_size))
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)

    def measure(model: LlamaForCausalLM, step: int) -> dict[str, float]:
        length = length_at((step - 1) / arguments.steps)
        return {
            "passkey": passkey_accuracy(model, rows, length),
            **perplexity_by_position(model, arguments.work, length),
        }

    train(
        model,
        batches(rows, arguments.steps, arguments.tokens_per_step),
        Schedule(arguments.steps, arguments.muon_lr, arguments.adam_lr),
        arguments.work / arguments.folder,
        measure=measure,
    )


if __name__ == "__main__":
    main()
