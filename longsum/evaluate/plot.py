"""Plots of reports, in the format of the file's extension. Needs matplotlib (`eval` extra).

matplotlib is imported when a plot is drawn, and needs no display.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.errors import OutputError, UsageError
from longsum.evaluate.report import Report
from longsum.files import replacing
from longsum.settings import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
DPI = 150
LOG_AXIS_RATIO = 100.0
"""Ratio of the largest to the smallest perplexity above which the axis is logarithmic."""

MAX_LABELS = 12
"""Number of labels that fit side by side."""


def require_matplotlib(path: Path) -> None:
    """Refuse a plot that cannot be drawn, before any work is done.

    Raises:
        UsageError: when matplotlib is not installed, or the file's extension is unknown.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(
            f"{Setting('plot')} {path.name} has an unknown format",
            hint=f"name a file {', '.join(FORMATS)}",
        )
    if find_spec("matplotlib") is None:
        raise UsageError(
            f"{Setting('plot')} needs matplotlib, which is not installed",
            hint="pip install 'longsum[eval]'",
        )


def by_model(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each model, in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["model"], []).append(row)
    return found


def save(figure: Figure, path: Path) -> None:
    """Write a figure, complete or not at all.

    Raises:
        OutputError: when the disk is full or the folder cannot be written.
    """
    with replacing(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # characters missing in the font become boxes
        try:
            figure.savefig(temporary, dpi=DPI)
        except ValueError as error:
            raise OutputError(f"{path} cannot be drawn: {error}") from error


def new_figure(width: float = 7.0, height: float = 4.5) -> tuple[Figure, Axes]:
    """Return a figure of a size in inches, which needs no display, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def window_axis(axes: Axes, windows: Sequence[int], title: str) -> None:
    """Make x a log axis with a tick at each window.

    Args:
        axes: the axes to change.
        windows: windows in tokens.
        title: label of the axis.
    """
    from matplotlib.ticker import NullFormatter, NullLocator

    ticks = sorted(set(windows))
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, tick_labels(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(title)


def tick_labels(ticks: Sequence[int]) -> list[str]:
    """Return the labels of a log axis, leaving out those too close to the previous one."""
    labels = []
    last = 0.0
    for tick in ticks:
        is_near = bool(last) and math.log(tick / last) < math.log(ticks[-1] / ticks[0]) / MAX_LABELS
        labels.append("" if is_near else short(tick))
        last = last if is_near else tick
    return labels


def short(tokens: int) -> str:
    """Return a window in short form: 2k for 2,048."""
    return f"{tokens // 1024}k" if tokens % 1024 == 0 else f"{tokens:,}"


def plain(label: str) -> str:
    """Return a label on one line in which matplotlib finds no formula."""
    return " ".join(label.split()).replace("$", r"\$")


def plot_perplexity(report: Report, path: Path) -> None:
    """Draw perplexity by window, with a line per model and standard errors."""
    from matplotlib.ticker import ScalarFormatter

    figure, axes = new_figure()
    shown = [row for row in report.rows if row["tokens"] and math.isfinite(row["perplexity"])]
    for label, rows in by_model(shown).items():
        axes.errorbar(
            [row["window"] for row in rows],
            [row["perplexity"] for row in rows],
            yerr=[row["perplexity_se"] or 0.0 for row in rows],
            marker="o",
            capsize=3,
            label=plain(label),
        )
    values = [row["perplexity"] for row in shown]
    if values and max(values) > LOG_AXIS_RATIO * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(ScalarFormatter())
    window_axis(axes, [row["window"] for row in shown] or [1], "evaluation window (tokens)")
    axes.set_ylabel("perplexity")
    _finish(figure, axes, f"Perplexity, stride {report.settings.get('stride', '')}", path)


def plot_speed(report: Report, path: Path) -> None:
    """Draw reading and writing speed by length, with two lines per model."""
    from matplotlib.ticker import ScalarFormatter

    figure, axes = new_figure()
    for label, rows in by_model(report.rows).items():
        lengths = [row["length"] for row in rows]
        line = axes.plot(
            lengths,
            [row["prefill_tps"] for row in rows],
            marker="o",
            label=plain(f"{label}: reading"),
        )
        axes.plot(
            lengths,
            [row["decode_tps"] for row in rows],
            marker="s",
            linestyle="--",
            color=line[0].get_color(),
            label=plain(f"{label}: writing"),
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(ScalarFormatter())
    window_axis(axes, [row["length"] for row in report.rows], "tokens read before")
    axes.set_ylabel("tokens/s")
    _finish(figure, axes, "Speed", path)


def plot_passkey(report: Report, path: Path) -> None:
    """Draw accuracy by distance: a line per model for one length, else a heat map per model."""
    lengths = sorted({row["length"] for row in report.rows})
    if len(lengths) == 1:
        _passkey_lines(report, path)
    else:
        _passkey_maps(report, path)


def _passkey_lines(report: Report, path: Path) -> None:
    """Draw accuracy by distance."""
    figure, axes = new_figure()
    for label, rows in by_model(report.rows).items():
        depths = rows[0]["by_depth"]
        axes.plot(
            [each["k"] for each in depths],
            [each["right"] / each["trials"] for each in depths],
            marker="o",
            markersize=4,
            label=plain(f"{label} (k_max {rows[0]['k_max']:,})"),
        )
    axes.axhline(0.2, color="grey", linewidth=1, linestyle=":")
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(left=0)
    axes.set_xlabel("distance k of the passkey from the end (tokens)")
    axes.set_ylabel("share found")
    _finish(figure, axes, f"Passkey in {report.rows[0]['length']:,} tokens", path)


def _passkey_maps(report: Report, path: Path) -> None:
    """Draw accuracy by length and relative depth, side by side for several models."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    models = by_model(report.rows)
    figure = Figure(figsize=(2.0 + 4.0 * len(models), 5.0), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(1, len(models), squeeze=False, sharey=True)[0]
    for axes, (label, rows) in zip(grid, models.items(), strict=True):
        rows = sorted(rows, key=lambda row: int(row["length"]))
        share = [[each["right"] / each["trials"] for each in row["by_depth"]] for row in rows]
        depths = len(share[0])
        image = axes.imshow(
            [list(column) for column in zip(*share, strict=True)],
            origin="lower",
            aspect="auto",
            vmin=0,
            vmax=1,
            cmap="viridis",
            extent=(-0.5, len(rows) - 0.5, 0.5 / depths, 1 + 0.5 / depths),
        )
        axes.set_xticks(
            range(len(rows)),
            [short(row["length"]) for row in rows],
            rotation=0 if len(rows) <= 8 else 60,
        )
        axes.set_xlabel("length (tokens)")
        axes.set_title(plain(label), fontsize="medium", wrap=True)
    grid[0].set_ylabel("distance from the end, as a share of the length")
    figure.colorbar(image, ax=list(grid), label="share found")
    save(figure, path)


def _finish(figure: Figure, axes: Axes, title: str, path: Path) -> None:
    """Add title, grid and legend to a line plot, and write it."""
    axes.set_title(title)
    axes.grid(True, alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small")
    save(figure, path)
