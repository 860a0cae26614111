"""The table and the plot of a contest, with machine and date."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

from longsum.bytesize import format_bytes
from longsum.model.hardware import cpu_name

Rows = list[dict[str, Any]]
PARTS = {"import_s": "imports", "load_s": "load", "prefill_s": "prefill", "decode_s": "decode"}


def machine(threads: int) -> str:
    """Return date, machine and versions in one line."""
    try:
        name = cpu_name(Path("/proc/cpuinfo").read_text())
    except OSError:
        name = platform.machine()
    libraries = ", ".join(f"{n} {importlib.metadata.version(n)}" for n in ("torch", "transformers"))
    cores = (
        f"{threads} thread{'s' if threads > 1 else ''}" if threads else f"{os.cpu_count()} cores"
    )
    today = datetime.datetime.now(datetime.UTC).date()
    return f"{today}, {name}, {cores}{gpu_name()}, Python {platform.python_version()}, {libraries}"


def gpu_name() -> str:
    """Return the GPU's name after a comma, or an empty string."""
    import torch

    return f", {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else ""


def table(rows: Rows) -> str:
    """Return the rows in Markdown; times in seconds."""
    lines = [
        "| contestant | whole process s | load s | prefill s | first token s | decode tokens/s | "
        "peak memory | same tokens |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        peak = format_bytes(row["peak_bytes"])
        if row["device_bytes"] > 0 and row.get("on_gpu"):
            peak = f"{format_bytes(row['device_bytes'])} on the GPU"
        lines.append(
            f"| {row['name']} | {row['wall_s']:.2f} | {row['load_s']:.2f} | {row['prefill_s']:.2f} "
            f"| {row['first_token_s']:.2f} | {row['decode_tps']:,.1f} | {peak} "
            f"| {row['same_tokens']} of {len(row['tokens'])} |"
        )
    return "\n".join(lines)


def verdicts(rows: Rows) -> list[str]:
    """Return the comparisons with our targets, for the contestants that ran."""
    by_name = {row["name"]: row for row in rows}
    ours = by_name.get("longsum")
    if ours is None:
        return []
    lines = []
    for name, row in by_name.items():
        if name == "longsum" or name.startswith("longsum,"):
            continue
        lines.append(
            f"- whole process: {ours['wall_s'] / row['wall_s']:.0%} of the time of {name}; "
            f"decode: {ours['decode_tps'] / row['decode_tps']:.1f} times as fast"
        )
    again = by_name.get("longsum, second question")
    if again is not None:
        share = again["first_token_s"] / ours["first_token_s"]
        lines.append(
            f"- second question in a new process: first token in {share:.1%} of the first "
            "question's time, imports left out"
        )
    if ours["drafted"]:
        lines.append(
            f"- guesses from the document: {ours['accepted']} of {ours['drafted']} accepted"
        )
    return lines


def draw(rows: Rows, title: str, path: Path) -> None:
    """Draw one bar per contestant, with its parts stacked.

    Args:
        rows: results of the contestants.
        title: title of the plot.
        path: file to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.5 * len(rows)), layout="constrained")
    names = [row["name"] for row in rows]
    left = [0.0] * len(rows)
    for key, label in PARTS.items():
        widths = [row[key] for row in rows]
        axes.barh(names, widths, left=left, label=label)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set(xlabel="seconds", title=title)
    axes.legend(ncols=4, fontsize=8)
    figure.savefig(path, dpi=120)
    plt.close(figure)
