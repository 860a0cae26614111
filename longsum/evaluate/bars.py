"""Bar plots of `evaluate summaries`, `answers` and `short`, with standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

from longsum.evaluate.answer_rows import MEASURES
from longsum.evaluate.plot import new_figure, plain, save
from longsum.evaluate.report import Report
from longsum.evaluate.short import ACCURACIES
from longsum.evaluate.summary_rows import TITLES


def plot_summaries(report: Report, path: Path) -> None:
    """Draw ROUGE by system, models first."""
    rows = [row for row in report.rows if row["kind"] in ("model", "baseline") and row["n"]]
    _bars(
        rows,
        labels=[f"{row['system']} (n {row['n']:,})" for row in rows],
        keys=TITLES,
        unit="F1 (percent)",
        title=f"ROUGE, {report.settings['documents']:,} documents",
        path=path,
    )


def plot_answers(report: Report, path: Path) -> None:
    """Draw the measures in percent, by model."""
    models: dict[str, dict[str, Any]] = {}
    for row in report.rows:
        if row["kind"] == "model":
            found = models.setdefault(row["system"], {})
            found |= {row["key"]: row["value"], f"{row['key']}_se": row["se"]}
    shown = {each.key: each.title for each in MEASURES}
    _bars(
        [
            {key: row.get(key) for key in (*shown, *(f"{key}_se" for key in shown))}
            for row in models.values()
        ],
        labels=list(models),
        keys={key: title.replace(" ", "\n") for key, title in shown.items()},
        unit="percent",
        title=f"Answers to {report.settings['questions']:,} questions",
        path=path,
    )


def plot_short(report: Report, path: Path) -> None:
    """Draw accuracy by model, with the level of guessing."""
    rows = [row for row in report.rows if row["kind"] == "model"]
    _bars(
        rows,
        labels=[row["model"] for row in rows],
        keys={key: key for key in ACCURACIES},
        unit="accuracy (percent)",
        title=f"Multiple choice, {rows[0]['n']:,} items",
        path=path,
        level=rows[0]["chance"],
    )


def _bars(
    rows: Sequence[dict[str, Any]],
    *,
    labels: Sequence[str],
    keys: dict[str, str],
    unit: str,
    title: str,
    path: Path,
    level: float | None = None,
) -> None:
    """Draw a group of bars per measure, with a bar per row.

    Args:
        rows: values by measure and, as `KEY_se`, their standard errors.
        labels: one per row.
        keys: titles by measure.
        unit: unit of the measures.
        title: title of the figure.
        path: file to write.
        level: value to draw as a dotted line.
    """
    figure, axes = new_figure(width=max(6.0, 1.5 + max(0.8, 0.35 * len(rows)) * len(keys)))
    width = 0.8 / max(1, len(rows))
    for number, (row, label) in enumerate(zip(rows, labels, strict=True)):
        axes.bar(
            [group + (number - (len(rows) - 1) / 2) * width for group in range(len(keys))],
            [nan if row[key] is None else row[key] for key in keys],
            width,
            yerr=[row[f"{key}_se"] or 0.0 for key in keys],
            capsize=2,
            label=plain(label),
        )
    if level is not None:
        axes.axhline(level, color="grey", linestyle=":", label=f"chance ({level:.1f})")
    axes.set_xticks(range(len(keys)), list(keys.values()))
    axes.set_ylabel(unit)
    axes.set_title(title)
    axes.grid(True, axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    if rows:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, path)
