"""Train the answer adapter: short answers in a passage's own words, or none.

    python -m recipes.smol.answer --base GGUF --rows runs/smol/passages.npz --out runs/smol/answer

A LoRA on all linear layers (arXiv 2106.09685), trained on the tokens of the answers, and with a
lower weight on the questions of passages that answer them: how likely a question is ranks passages.
The rate falls by the steps done or the time used, whichever is further. Writes the adapter in
peft's format, `log.jsonl`, and every five minutes a state to resume from.
"""

from __future__ import annotations

import argparse
import random
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from recipes.smol.base import device_and_dtype, read_base
from recipes.smol.llama import Llama, Positions
from recipes.smol.training import Training

RANK, SCALE = 16, 2.0
LENGTHS = (128, 192, 256)
"""Lengths that rows are padded to: each is compiled once."""
ROWS = 16
"""Rows per step."""
QUESTION_WEIGHT = 0.1
SAVE_EVERY_S = 300.0
LOOK_EVERY = 50
HELD = "fairytaleqa.val"


@dataclass(frozen=True)
class Batch:
    """Rows of one length."""

    ids: torch.Tensor
    """(rows, length)."""
    weights: torch.Tensor
    """(rows, length - 1): weight of the loss of each next token."""
    answered: torch.Tensor
    """(rows,): place of each answer's first token."""


class Passages:
    """The rows of a file, drawn in random order and sorted into lengths.

    Args:
        ids: token ids of all rows.
        places: (rows, 4): start and end; where in the row question and answer begin.
        none: the first token of `none`.
    """

    def __init__(self, ids: np.ndarray, places: np.ndarray, none: int) -> None:
        sizes = places[:, 1] - places[:, 0]
        self.ids, self.places, self.none = ids, places[sizes <= LENGTHS[-1]], none

    def batches(self, seed: int) -> Iterator[Batch]:
        """Yield the rows once, in a random order."""
        order = list(range(len(self.places)))
        random.Random(seed).shuffle(order)
        waiting: dict[int, list[int]] = {length: [] for length in LENGTHS}
        for number in order:
            start, end, _, _ = self.places[number]
            length = next(each for each in LENGTHS if end - start <= each)
            waiting[length].append(number)
            if len(waiting[length]) == ROWS:
                yield self._batch(waiting[length], length)
                waiting[length] = []

    def _batch(self, numbers: list[int], length: int) -> Batch:
        ids = torch.zeros(len(numbers), length, dtype=torch.long)
        weights = torch.zeros(len(numbers), length - 1)
        answered = torch.zeros(len(numbers), dtype=torch.long)
        for row, number in enumerate(numbers):
            start, end, asked, begins = self.places[number].tolist()
            tokens = torch.from_numpy(self.ids[start:end].astype(np.int64))
            ids[row, : len(tokens)] = tokens
            weights[row, begins - 1 : len(tokens) - 1] = 1.0
            answered[row] = begins
            if tokens[begins] != self.none:
                weights[row, asked - 1 : begins - 1] = QUESTION_WEIGHT
        return Batch(ids, weights, answered)


def weighted_loss(model: Llama, states: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Return the weighted mean loss of the tokens that are learned, in nats.

    Args:
        model: model whose head is used.
        states: (rows, length, hidden).
        batch: ids and weights.
    """
    taken = batch.weights.flatten().nonzero()[:, 0]
    weights = batch.weights.flatten()[taken]
    flat = states[:, :-1].flatten(0, 1)[taken]
    targets = batch.ids[:, 1:].flatten()[taken]
    losses = F.cross_entropy(F.linear(flat, model.embedding).float(), targets, reduction="none")
    return (losses * weights).sum() / weights.sum()


@torch.no_grad()
def measured(model: Llama, table: torch.Tensor, rows: Passages, count: int) -> dict[str, float]:
    """Return the loss of held-out rows, and how well `none` tells passages apart.

    Args:
        model: model on its device.
        table: cosines and sines.
        rows: held-out rows.
        count: number of batches.
    """
    losses, chances, empty = [], [], []
    for _, batch in zip(range(count), rows.batches(0), strict=False):
        states = model(batch.ids, _positions(batch), table)
        losses.append(float(weighted_loss(model, states, batch)))
        first = states[torch.arange(len(batch.ids)), batch.answered - 1]
        likely = F.linear(first, model.embedding).float().log_softmax(-1)[:, rows.none]
        chances.append(likely)
        wanted = batch.ids[torch.arange(len(batch.ids)), batch.answered]
        empty.append(wanted == rows.none)
    chance, is_empty = torch.cat(chances), torch.cat(empty)
    pairs = chance[is_empty][:, None] > chance[~is_empty][None]
    return {
        "held_loss": round(sum(losses) / len(losses), 4),
        "told_apart": round(float(pairs.float().mean()), 4),
        "said_none_of_empty": round(float((chance[is_empty] > -0.693).float().mean()), 3),
        "said_none_of_answered": round(float((chance[~is_empty] > -0.693).float().mean()), 3),
    }


def train(
    training: Training,
    table: torch.Tensor,
    files: Sequence[Passages],
    held: Passages,
    steps: int,
    seconds: float,
) -> None:
    """Take steps until their number or the time is used up.

    Args:
        training: model, optimizer and log.
        table: cosines and sines.
        files: rows of each file.
        held: held-out rows.
        steps: maximum number of steps.
        seconds: maximum time from now.
    """
    began, batches = time.perf_counter(), _drawn(files, training.step)
    while True:
        progress = max(training.step / steps, (time.perf_counter() - began) / seconds)
        if progress >= 1:
            return
        rate = training.set_rate(progress)
        batch = next(batches)
        states = training.model(batch.ids, _positions(batch), table)
        loss = weighted_loss(training.model, states, batch)
        loss.backward()
        training.update(batch.ids.numel())
        if training.step % 10 == 1:
            training.say(loss=round(loss.item(), 4), rate=round(rate, 3))
        if training.step % LOOK_EVERY == 0:
            training.say(**measured(training.model, table, held, 4))
        if time.perf_counter() - training.saved_at > SAVE_EVERY_S:
            training.save_state()


def _drawn(files: Sequence[Passages], seed: int) -> Iterator[Batch]:
    """Yield batches without end: of a small file more than of its share of the rows."""
    rng = random.Random(seed)
    streams = [each.batches(seed) for each in files]
    while True:
        number = rng.choices(range(len(files)), [len(each.places) ** 0.5 for each in files])[0]
        batch = next(streams[number], None)
        if batch is None:
            streams[number] = files[number].batches(rng.randrange(1 << 30))
            continue
        yield batch


def _positions(batch: Batch) -> torch.Tensor:
    return torch.arange(batch.ids.shape[1])[None].expand(len(batch.ids), -1)


def main() -> None:
    """Train within steps and seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--rows", type=Path, default=Path("runs/smol/passages.npz"))
    parser.add_argument("--out", type=Path, default=Path("runs/smol/answer"))
    parser.add_argument("--go-on", type=Path, help="adapter_model.safetensors to begin with")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--eager", action="store_true", help="do not compile the layers")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _, dtype = device_and_dtype()
    torch.manual_seed(0)
    model = Llama(read_base(arguments.base, dtype), RANK, SCALE)
    if arguments.go_on:
        model.load_adapter(load_file(arguments.go_on))
    if not arguments.eager:
        for layer in model.layers:
            layer.compile(dynamic=False)
    table = Positions().table(LENGTHS[-1])
    stored = dict(np.load(arguments.rows))
    none = int(stored["none"])
    names = [key.removesuffix(".places") for key in stored if key.endswith(".places")]
    files = [name for name in names if name != HELD]
    rows = [Passages(stored[f"{name}.ids"], stored[f"{name}.places"], none) for name in files]
    held = Passages(stored[f"{HELD}.ids"], stored[f"{HELD}.places"], none)
    training = Training(model, arguments.out, arguments.rate, RANK, SCALE)
    training.resume()
    try:
        train(training, table, rows, held, arguments.steps, arguments.seconds)
    except KeyboardInterrupt:
        training.save_state()
        return
    training.save("final", {"task": "answer"})
    training.say(**measured(model, table, held, 12))


if __name__ == "__main__":
    main()
