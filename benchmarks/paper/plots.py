"""The two plots of the results: perplexity by window, and k_max by steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.paper.settings import Settings

Rows = list[dict[str, Any]]


def draw(settings: Settings, by_window: Rows, by_steps: dict[str, Rows], path: Path) -> None:
    """Draw both side by side.

    Args:
        settings: settings of the reproduction.
        by_window: rows of perplexity by window.
        by_steps: rows of k_max by steps, by model.
        path: file to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    for name in dict.fromkeys(row["model"] for row in by_window):
        rows = [row for row in by_window if row["model"] == name]
        left.plot(
            [row["window"] for row in rows], [row["perplexity"] for row in rows], "o-", label=name
        )
    left.set_xscale("log", base=2)
    left.set_yscale("log")
    left.set_xticks(settings.windows, [f"{window:,}" for window in settings.windows])
    left.minorticks_off()
    low, high = left.get_ylim()
    ticks = [
        t for t in (20, 30, 50, 70, 100, 150, 200, 250, 300, 400, 500, 1000) if low <= t <= high
    ]
    left.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    left.set(xlabel="evaluation window (tokens)", ylabel="perplexity", title="Held-out books")
    left.axvline(settings.window, color="grey", linewidth=0.8, linestyle=":")
    for name, rows in by_steps.items():
        right.plot([row["step"] for row in rows], [row["k_max"] for row in rows], "o-", label=name)
    right.axhline(settings.window, color="grey", linewidth=0.8, linestyle=":")
    right.set(
        xlabel="fine-tuning steps",
        ylabel="k_max (tokens)",
        title="How far back a passkey is found",
        ylim=(0, settings.extended * 1.05),
    )
    left.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    right.legend(fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    figure.savefig(path, dpi=120)
    plt.close(figure)
