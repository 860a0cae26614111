"""Train the window adapter: Position Interpolation of smol from 8,192 to 32,768 tokens.

    python -m recipes.smol.window --base GGUF --shards runs/smol/shards --out runs/smol/window

First rows with skipped positions, then rows as long as the window. The learning rate decays by the
steps done or the time used, whichever is further, so that `--seconds` holds on any machine. Writes
the adapter in peft's format, `log.jsonl`, and every ten minutes a state to resume from: a run that
was stopped, by Ctrl-C or SIGTERM, resumes when it is started again.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from recipes.smol.base import THETA, device_and_dtype, read_base, say
from recipes.smol.llama import LINEAR, Llama, Positions, mean_loss
from recipes.smol.measure import by_position, window_losses
from recipes.smol.rows import LONG, SHORT, Rows

WINDOW, FACTOR, RANK, SCALE = 32_768, 4.0, 32, 2.0
PRECISE_SHARE = 0.62
"""Share of the learning rate's decay in the part with skipped positions, if long rows come after."""
WARM_UP = 20
STATE = "state.safetensors"
SAVE_EVERY_S = 600.0
MIN_RATE = 0.05
CLIP = 1.0
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


class Training:
    """An adapter in training.

    Args:
        model: model on its device.
        table: cosines and sines of `Positions`.
        out: folder for log and adapter.
        rate: maximum learning rate.
    """

    def __init__(self, model: Llama, table: torch.Tensor, out: Path, rate: float) -> None:
        self.model, self.table, self.out, self.rate = model, table, out, rate
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        fused = model.embedding.is_cuda
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=rate, betas=(0.9, 0.95), weight_decay=0.0, fused=fused
        )
        self.step = self.tokens = 0
        self.began = self.saved_at = time.perf_counter()
        out.mkdir(parents=True, exist_ok=True)

    def say(self, **found: object) -> None:
        """Write a line of the log, and print it."""
        so_far = {"step": self.step, "tokens": self.tokens, "s": round(self.elapsed, 1)}
        say(self.out / "log.jsonl", **so_far, **found)

    @property
    def elapsed(self) -> float:
        """Seconds since the start of the training."""
        return time.perf_counter() - self.began

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
            rate = max(MIN_RATE, 0.5 * (1 + math.cos(math.pi * fallen)))
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * rate * min(1.0, (self.step + 1) / WARM_UP)
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
        torch.nn.utils.clip_grad_norm_(self.parameters, CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += ids.numel()
        return total

    def look(self, held: np.ndarray) -> None:
        """Log the perplexity of held-out windows by position."""
        losses = window_losses(self.model, held, held.shape[1], self.table)
        self.say(held=by_position(losses))

    def save_state(self) -> None:
        """Write the state to resume from."""
        tensors: dict[str, torch.Tensor] = {}
        for number, parameter in enumerate(self.parameters):
            state = self.optimizer.state[parameter]
            tensors |= {f"{number}.{name}": value for name, value in state.items()}
            tensors[f"{number}.value"] = parameter.detach()
        partial = self.out / "state.tmp"
        about = {"step": str(self.step), "tokens": str(self.tokens), "s": str(self.elapsed)}
        save_file({key: t.cpu().contiguous() for key, t in tensors.items()}, partial, about)
        partial.replace(self.out / STATE)
        self.saved_at = time.perf_counter()

    @torch.no_grad()
    def resume(self) -> None:
        """Load the state of an earlier run, if there is one."""
        path = self.out / STATE
        if not path.exists():
            return
        with safe_open(path, "pt") as file:
            about = file.metadata()
            self.step, self.tokens = int(about["step"]), int(about["tokens"])
            self.began -= float(about["s"])
            for number, parameter in enumerate(self.parameters):
                parameter.copy_(file.get_tensor(f"{number}.value"))
                self.optimizer.state[parameter] = {
                    name: file.get_tensor(f"{number}.{name}").to(
                        parameter.device if name != "step" else "cpu"
                    )
                    for name in ("step", "exp_avg", "exp_avg_sq")
                }
        self.say(went_on=True)

    def save(self, name: str, about: dict[str, object]) -> None:
        """Write the adapter in peft's format."""
        folder = self.out / name
        folder.mkdir(parents=True, exist_ok=True)
        tensors = self.model.adapter()
        save_file(
            {key: value.detach().bfloat16().cpu().contiguous() for key, value in tensors.items()},
            folder / "adapter_model.safetensors",
        )
        config = {
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": RANK * SCALE,
            "lora_dropout": 0.0, "bias": "none",
            "target_modules": [part.rsplit(".", 1)[1] for part in LINEAR],
            "base_model_name_or_path": "SmolLM2-135M-Instruct.Q4_1.gguf",
        }  # fmt: skip
        trained = {"steps": self.step, "tokens": self.tokens, "seconds": round(self.elapsed)}
        (folder / "adapter_config.json").write_text(json.dumps(config | about | trained, indent=1))


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
    training = Training(model, table, arguments.out, arguments.rate)
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
