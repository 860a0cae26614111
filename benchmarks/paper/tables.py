"""Format results as Markdown, ours above the paper's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.paper import published
from benchmarks.paper.settings import Settings

Rows = list[dict[str, Any]]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; all columns except the first are aligned right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def shown(value: float | None, digits: int = 2, error: float | None = None) -> str:
    """Return a number as text, or a dash if there is none.

    Args:
        value: the number, or None.
        digits: number of decimals.
        error: its standard error, or None.
    """
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}" if value < 10_000 else f"{value:.1e}"
    return text if error is None else f"{text} ± {error:.{digits}f}"


def perplexity(settings: Settings, rows: Rows, corpus: str) -> str:
    """Return Table 1 or 2.

    Args:
        settings: settings of the reproduction.
        rows: our results.
        corpus: the paper's corpus, `PG-19` or `proof-pile`.
    """
    ours = [
        [name]
        + [
            shown(r["perplexity"], 1, r.get("perplexity_se"))
            for window in settings.windows
            for r in rows
            if (r["model"], r["window"]) == (name, window)
        ]
        for name in dict.fromkeys(row["model"] for row in rows)
    ]
    tokens = rows[0]["tokens"]
    paper = [
        [f"{size}, {method} {context:,}", *(shown(value) for value in values)]
        for size, context, method, values in published.PERPLEXITY[corpus]
    ]
    windows = [f"{window:,}" for window in settings.windows]
    return (
        f"Ours, the same {tokens:,} tokens predicted everywhere (± standard error):\n\n"
        + table(["model", *windows], ours)
        + f"\nThe paper's, {corpus}:\n\n"
        + table(["model", "2,048", "4,096", "8,192", "16,384", "32,768"], paper)
    )


def by_steps(settings: Settings, found: dict[str, Rows]) -> str:
    """Return Table 3."""
    ours = [[name, *(shown(row["perplexity"], 1) for row in rows)] for name, rows in found.items()]
    paper = [
        [name, *(shown(value) for value in values)]
        for name, values in published.PERPLEXITY_BY_STEPS.items()
    ]
    return (
        "Ours, steps:\n\n"
        + table(["model", *map(str, settings.measured_steps)], ours)
        + "\nThe paper's, steps:\n\n"
        + table(["7B", *map(str, published.STEPS)], paper)
    )


def k_max(settings: Settings, found: dict[str, Rows], base: Rows) -> str:
    """Return Table 4, with the accuracy over all distances after each k_max.

    Args:
        settings: settings of the reproduction.
        found: our results by model.
        base: results of the base by prompt length.
    """
    cell = "{k_max:,} ({accuracy:.0%})".format_map
    ours = [[name, *(cell(row) for row in rows)] for name, rows in found.items()]
    untrained = [[f"{row['length']:,}", cell(row)] for row in base]
    paper = [
        [name, *("–" if value is None else f"{value:,}" for value in values)]
        for name, values in published.K_MAX_BY_STEPS.items()
    ]
    return (
        "Ours, k_max (accuracy over all distances), steps:\n\n"
        + table(["model", *map(str, settings.measured_steps)], ours)
        + "\nThe base, its positions unchanged, in prompts of:\n\n"
        + table(["tokens", "k_max (accuracy)"], untrained)
        + "\nThe paper's, steps:\n\n"
        + table(["7B", *map(str, published.STEPS)], paper)
    )


def copying(shares: dict[str, float]) -> str:
    """Return the table of random tokens predicted when their sequence is repeated."""
    return "Random tokens told right when they come a second time:\n\n" + table(
        ["model", "told right"], [[name, f"{share:.0%}"] for name, share in shares.items()]
    )


def short_tasks(rows: Rows) -> str:
    """Return Table 5."""
    names = list(dict.fromkeys(row["text"] for row in rows))
    ours = [
        [model]
        + [
            f"{row['acc']:.1f} ± {row['acc_se']:.1f}"
            for name in names
            for row in rows
            if (row["model"], row["text"]) == (model, name)
        ]
        for model in dict.fromkeys(row["model"] for row in rows)
    ]
    paper = [[name, *values] for name, values in published.SHORT_TASKS.items()]
    return (
        "Ours, accuracy in %, chance 25:\n\n"
        + table(["model", *(f"cloze, {name}" for name in names)], ours)
        + "\nThe paper's:\n\n"
        + table(["7B", "BoolQ", "PIQA", "RACE-M", "RACE-H", "WinoGrande"], paper)
    )


def rouge(rows: Rows) -> str:
    """Return Table 6."""
    ours = [
        [row["system"], *(shown(row[key], 1) for key in ("rouge1", "rouge2", "rougeL"))]
        for row in rows
        if row.get("kind") in ("model", "baseline")
    ]
    paper = [[name, *values] for name, values in published.ROUGE.items()]
    head = ["system", "ROUGE-1", "ROUGE-2", "ROUGE-L"]
    return "Ours:\n\n" + table(head, ours) + "\nThe paper's, GovReport:\n\n" + table(head, paper)
