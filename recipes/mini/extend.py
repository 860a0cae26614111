"""Extend the window from 2,048 to 32,768 tokens by Position Interpolation (arXiv 2306.15595).

    python -m recipes.mini.extend --work runs/mini --base runs/mini/plain

`longsum extend` does it; this stage only says with what. The base is what `export --plain` wrote
of a stage, the texts are those of `texts`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from longsum.config import ExtendConfig, LoadConfig
from longsum.extend.train import extend
from longsum.extend.training_events import ExtendListener, StepReport
from recipes.mini.shapes import SHAPES


class Lines(ExtendListener):
    """Prints notices, and every so many steps how far it is."""

    def __init__(self, every: int = 1) -> None:
        self.every = every

    def notice(self, line: str) -> None:
        """Print it."""
        print(line, flush=True)

    def step(self, report: StepReport) -> None:
        """Print how far it is."""
        if report.step % self.every == 0:
            print(
                f"step={report.step} loss={report.loss:.3f} tokens_per_s={report.tokens_per_s:.0f}",
                flush=True,
            )


def main() -> None:
    """Extend the pre-trained model, or go on with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--base", type=Path, default=Path("runs/mini/plain"))
    parser.add_argument("--shape", choices=list(SHAPES), default="mini")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    arguments = parser.parse_args()
    result = extend(
        LoadConfig(model=str(arguments.base), context=SHAPES[arguments.shape].extended_window),
        [arguments.work / "extend.jsonl"],
        arguments.work / "extend",
        ExtendConfig(steps=arguments.steps, learning_rate=arguments.learning_rate, save_every=2),
        Lines(),
    )
    print("base:", result.base, "untuned:", result.before, "tuned:", result.after, flush=True)


if __name__ == "__main__":
    main()
