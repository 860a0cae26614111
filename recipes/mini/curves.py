"""Draw the curves of stages from their logs: loss, what retrieval finds, perplexity, tokens/s.

    python -m recipes.mini.curves --work runs/mini --stages pretrain settle recall --output FILE

Each stage draws its own when it ends (`curve.png` beside its log).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SMOOTHED = 20
"""Steps that a point of loss and speed is the mean of."""
PANELS = (
    ("loss (nats)", ("loss",)),
    ("found (share)", ("passkey", "passkey_paper")),
    ("perplexity", ("ppl_first", "ppl_last")),
    ("tokens/s", ("tokens_per_s",)),
)
"""Titles, and fields of the log."""

Log = list[dict[str, Any]]


def read_log(folder: Path) -> Log:
    """Return a stage's log, one row a step; of a step taken twice, the later one."""
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {row["step"]: row for row in map(json.loads, lines)}
    return [rows[step] for step in sorted(rows)]


def points(log: Log, field: str) -> tuple[list[int], list[float]]:
    """Return steps and values of a field: means of some steps where each step has one."""
    found = [(row["step"], row[field]) for row in log if field in row]
    size = SMOOTHED if len(found) == len(log) else 1
    parts = [found[i : i + size] for i in range(0, len(found), size)]
    return [part[-1][0] for part in parts], [sum(v for _, v in p) / len(p) for p in parts]


def draw(folders: Sequence[Path], path: Path) -> None:
    """Draw stages one below the other."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    size = (4 * len(PANELS), 2.8 * len(folders))
    figure, axes = plt.subplots(
        len(folders), len(PANELS), figsize=size, layout="constrained", squeeze=False
    )
    for folder, row in zip(folders, axes, strict=True):
        log = read_log(folder)
        for axis, (title, fields) in zip(row, PANELS, strict=True):
            for field in fields:
                steps, values = points(log, field)
                if steps:
                    axis.plot(steps, values, ".-", label=field)
            axis.set(title=f"{folder.name}: {title}", xlabel="step")
            axis.set_ylim(bottom=0)
            if len(axis.lines) > 1:
                axis.legend(fontsize=8)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--stages", nargs="+", default=["pretrain", "settle", "recall"])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "curves.png")
    arguments = parser.parse_args()
    draw([arguments.work / stage for stage in arguments.stages], arguments.output)


if __name__ == "__main__":
    main()
