"""Measure smol's window: the base, untrained methods and adapters, on the same windows.

    python -m recipes.smol.compare --base GGUF --shards runs/smol/shards --out runs/smol/compare \
        --adapters pi=runs/smol/window/final

Writes `compare.jsonl`: perplexity by position and by window on two kinds of held-out text, and keys
found by length and depth. Each text is read in one forward pass, without truncation.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recipes.smol.base import device_and_dtype, read_base, say
from recipes.smol.llama import Llama, Positions, merged, read_adapter
from recipes.smol.measure import (
    by_position,
    by_window,
    needles_found,
    passkeys_found,
    window_losses,
)

WINDOW = 32_768
SIZES = (2048, 4096, 8192, 16384, 32768)
LENGTHS = (2048, 4096, 8000, 12288, 16384, 24576, 32600)
UNTRAINED = {
    "base": Positions(),
    "untuned PI 2": Positions(factor=2.0),
    "untuned PI 4": Positions(factor=4.0),
    "NTK-aware 4": Positions(theta=100_000.0 * 4.0 ** (64 / 62)),
    "YaRN 4": Positions(yarn=4.0),
}


class Comparison:
    """Results in one file, within a time limit.

    Args:
        out: folder for the results.
        held: held-out windows by kind of text.
        keys: token ids of the retrieval tasks.
        seconds: time after which no new measurement begins.
    """

    def __init__(
        self, out: Path, held: Mapping[str, np.ndarray], keys: Mapping[str, Any], seconds: float
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.path, self.held, self.keys = out / "compare.jsonl", held, keys
        self.until = time.perf_counter() + seconds

    def losses(self, name: str, model: Llama, table: torch.Tensor, sizes: tuple[int, ...]) -> None:
        """Measure perplexity of every kind of text, read in windows of each size.

        Args:
            name: name of the model.
            model: model on its device.
            table: cosines and sines of `Positions`.
            sizes: window sizes in tokens.
        """
        for kind, windows in self.held.items():
            for size in sizes:
                if time.perf_counter() > self.until:
                    return
                losses = window_losses(model, windows, size, table)
                found = by_window(losses)
                say(
                    self.path, model=name, text=kind, window=size, n=len(losses),
                    **found, by_position=by_position(losses),
                )  # fmt: skip

    def retrieval(
        self,
        name: str,
        model: Llama,
        table: torch.Tensor,
        lengths: tuple[int, ...],
        trials: int,
        depths: int,
        needles: int,
    ) -> None:
        """Measure how often keys are found at each length.

        Args:
            name: name of the model.
            model: model on its device.
            table: cosines and sines of `Positions`.
            lengths: prompt lengths in tokens.
            trials: prompts per length and depth.
            depths: number of depths.
            needles: prompts per length with several keys in a text.
        """
        for tokens in lengths:
            if time.perf_counter() > self.until:
                return
            found = passkeys_found(model, self.keys, tokens, table, trials, depths)
            books = next(iter(self.held.values()))
            hit = needles_found(model, self.keys, books, tokens, table, needles)
            say(
                self.path, model=name, tokens=tokens, passkeys=found, of=trials,
                share=sum(found) / (trials * len(found)), needles=hit, of_needles=needles,
            )  # fmt: skip


def main() -> None:
    """Measure, most important first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--shards", type=Path, default=Path("runs/smol/shards"))
    parser.add_argument("--out", type=Path, default=Path("runs/smol/compare"))
    parser.add_argument("--adapters", nargs="*", default=[], help="NAME=FOLDER")
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--depths", type=int, default=10)
    parser.add_argument("--needles", type=int, default=20)
    parser.add_argument("--windows", type=int, default=16, help="of each kind of text")
    parser.add_argument("--tokens", type=int, default=WINDOW, help="of each window that are read")
    parser.add_argument("--methods", nargs="*", default=list(UNTRAINED), choices=list(UNTRAINED),
                        help="untrained methods to compare with")  # fmt: skip
    parser.add_argument("--kinds", nargs="*", help="kinds of text; all without")
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--lengths", type=int, nargs="*", default=LENGTHS)
    arguments = parser.parse_args()
    device, dtype = device_and_dtype()
    held = {
        kind: windows[: arguments.windows, : arguments.tokens]
        for kind, windows in np.load(arguments.shards / "held.npz").items()
        if not arguments.kinds or kind in arguments.kinds
    }
    keys = json.loads((arguments.shards / "keys.json").read_text())
    comparison = Comparison(arguments.out, held, keys, arguments.seconds)
    weights = read_base(arguments.base, dtype)
    sizes, lengths = tuple(arguments.sizes), tuple(arguments.lengths)
    asked = arguments.trials, arguments.depths, arguments.needles
    base = Llama(weights).to(device)
    for text in arguments.adapters:
        name, folder = text.split("=")
        config = json.loads((Path(folder) / "adapter_config.json").read_text())
        model = Llama(merged(weights, *read_adapter(Path(folder)))).to(device)
        table = Positions(factor=config["factor"]).table(WINDOW).to(device)
        comparison.losses(name, model, table, sizes)
        comparison.retrieval(name, model, table, lengths, *asked)
    for name in arguments.methods:
        table = UNTRAINED[name].table(WINDOW).to(device)
        comparison.losses(name, base, table, sizes)
        if name == "base":
            comparison.retrieval(name, base, table, lengths, *asked)


if __name__ == "__main__":
    main()
