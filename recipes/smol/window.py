"""Train the window adapter: Position Interpolation of smol from 8,192 to 32,768 tokens.

    python -m recipes.smol.window --base GGUF --shards runs/smol/shards --out runs/smol/window

First rows with skipped positions, then rows as long as the window. The learning rate decays by the
steps done or the time used, whichever is further, so that `--seconds` holds on any machine. Writes
the adapter in peft's format, `log.jsonl`, and every ten minutes a state to resume from: a run that
was stopped, by Ctrl-C or SIGTERM, resumes when it is started again.
"""

from __future__ import annotations

import argparse
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from recipes.smol.base import THETA, device_and_dtype, read_base
from recipes.smol.llama import Llama, Positions, mean_loss
from recipes.smol.measure import by_position, window_losses
from recipes.smol.rows import LONG, SHORT, Rows
from recipes.smol.training import Training

WINDOW, FACTOR, RANK, SCALE = 32_768, 4.0, 32, 2.0
PRECISE_SHARE = 0.62
"""Share of the rate's decay in the part with skipped positions, if long rows come after it."""
SAVE_EVERY_S = 600.0
LOOK_AT = (10, 25, 50, 100, 200, 400, 700)
"""Steps after which held-out windows are measured."""


@dataclass(frozen=True)
class Part:
    """A part of the training with one kind of rows."""

    weights: dict[str, float]
    length: int
    rows: int
    """Rows per step."""
    at_once: int
    """Rows per forward pass."""
    steps: int
    seconds: float


class WindowTraining(Training):
    """A window adapter in training.

    Args:
        model: model on its device.
        table: cosines and sines of `Positions`.
        out: folder for log and adapter.
        rate: maximum learning rate.
    """

    def __init__(self, model: Llama, table: torch.Tensor, out: Path, rate: float) -> None:
        super().__init__(model, out, rate, RANK, SCALE)
        self.table = table

    def find_fastest(self, part: Part, rows: Rows) -> None:
        """Compile the layers if that works here, and report what is used.

        Tried in turn: compiled with any attention kernel, compiled with FlashAttention, plain.
        """
        for compiled, cudnn in ((True, True), (True, False), (False, False)):
            torch.backends.cuda.enable_cudnn_sdp(cudnn)
            for layer in self.model.layers:
                layer._compiled_call_impl = None
                if compiled:
                    layer.compile(dynamic=False)
            try:
                ids, positions = (each[: part.at_once] for each in rows(0, part.rows))
                device = self.model.embedding.device
                ids, positions = ids.to(device), positions.to(device)
                loss = mean_loss(self.model, self.model(ids, positions, self.table), ids)
                loss.backward()
                self.say(compiled=compiled, cudnn=cudnn, first_loss=loss.item())
            except Exception as error:  # compilers and kernels raise anything
                self.say(compiled=compiled, cudnn=cudnn, failed=str(error)[-400:])
            else:
                break
        self.optimizer.zero_grad(set_to_none=True)

    def run(
        self,
        part: Part,
        rows: Rows,
        start: float,
        share: float,
        held: np.ndarray,
        done_before: int = 0,
    ) -> None:
        """Train on one kind of rows.

        Args:
            part: number and length of rows and steps.
            rows: draws the rows.
            start: share of the rate's decay before this part, from 0 to 1.
            share: share of the decay in this part.
            held: held-out windows to measure at some steps.
            done_before: steps of the previous parts.
        """
        began = time.perf_counter()
        for step in range(self.step - done_before, part.steps):
            used = (time.perf_counter() - began) / part.seconds
            progress = max(step / part.steps, used)
            if progress >= 1:
                break
            fallen = start + share * progress
            rate = self.set_rate(fallen)
            loss = self.one(part, *rows(self.step, part.rows))
            if step % 10 == 0 or step in (1, 2):
                self.say(loss=round(loss.item(), 4), length=part.length, rate=round(rate, 3))
            if self.step in LOOK_AT:
                self.look(held)
            if time.perf_counter() - self.saved_at > SAVE_EVERY_S:
                self.save_state()

    def one(self, part: Part, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Take one step and return its loss, on the device.

        Args:
            part: rows per forward pass.
            ids: (rows, length) tokens.
            positions: (rows, length).
        """
        device = self.model.embedding.device
        total = torch.zeros((), device=device)
        for some, where in zip(ids.split(part.at_once), positions.split(part.at_once), strict=True):
            some, where = some.to(device), where.to(device)
            states = self.model(some, where, self.table)
            loss = mean_loss(self.model, states, some) * (len(some) / len(ids))
            loss.backward()
            total += loss.detach()
        self.update(ids.numel())
        return total

    def look(self, held: np.ndarray) -> None:
        """Log the perplexity of held-out windows by position."""
        losses = window_losses(self.model, held, held.shape[1], self.table)
        self.say(held=by_position(losses))


def main() -> None:
    """Train the adapter within steps and seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--shards", type=Path, default=Path("runs/smol/shards"))
    parser.add_argument("--out", type=Path, default=Path("runs/smol/window"))
    parser.add_argument("--method", choices=("pi", "direct"), default="pi")
    parser.add_argument("--go-on", type=Path, help="adapter_model.safetensors to begin with")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--short", type=int, nargs=4, default=(800, 4096, 8, 8),
                        metavar=("STEPS", "LENGTH", "ROWS", "AT_ONCE"))  # fmt: skip
    parser.add_argument("--long", type=int, nargs=2, default=(199, WINDOW),
                        metavar=("STEPS", "LENGTH"))  # fmt: skip
    parser.add_argument("--seconds", type=float, nargs=2, default=(1e9, 1e9),
                        help="at most, of each kind of rows")  # fmt: skip
    parser.add_argument("--window", type=int, default=WINDOW, help="held-out tokens looked at")
    parser.add_argument("--eager", action="store_true", help="do not compile the layers")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    device, dtype = device_and_dtype()
    torch.manual_seed(0)
    model = Llama(read_base(arguments.base, dtype), RANK, SCALE).to(device)
    if arguments.go_on:
        model.load_adapter(load_file(arguments.go_on))
    factor = FACTOR if arguments.method == "pi" else 1.0
    table = Positions(factor=factor).table(WINDOW).to(device)
    streams = dict(np.load(arguments.shards / "streams.npz"))
    held = np.load(arguments.shards / "held.npz")["books-test"][:6, : arguments.window]
    training = WindowTraining(model, table, arguments.out, arguments.rate)
    steps, length, count, at_once = arguments.short
    about = {"method": arguments.method, "window": WINDOW, "factor": factor, "rope_theta": THETA}
    short = Part(SHORT, length, count, at_once, steps, arguments.seconds[0])
    rows = Rows(streams, SHORT, length, WINDOW, 1)
    if not arguments.eager:
        training.find_fastest(short, rows)
    training.resume()
    if not training.step:
        training.look(held)
    try:
        share = PRECISE_SHARE if arguments.long[0] else 1.0
        training.run(short, rows, 0.0, share, held)
    except KeyboardInterrupt:
        training.save_state()
        return
    training.save("short", about)
    training.look(held)
    before, (steps, length) = short.steps, arguments.long
    if steps:
        long = Part(LONG, length, 1, 1, steps, arguments.seconds[1])
        rows = Rows(streams, LONG, length, WINDOW, 2)
        training.run(long, rows, PRECISE_SHARE, 1 - PRECISE_SHARE, held, before)
        training.save("final", about)
        training.look(held)


if __name__ == "__main__":
    main()
