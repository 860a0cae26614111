"""Reproduce the paper's six tables and Figure 2 with our own base model, at its scale.

    python -m benchmarks.paper --base BASE --tuning TEXTS.jsonl --data DATA --work runs/paper

Every training and every result is saved in the work folder: a killed run resumes.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks.paper import figure2, local_heads, measuring, plots, tables
from benchmarks.paper.extending import train
from benchmarks.paper.measuring import Variant, cached, tuned
from benchmarks.paper.settings import Settings
from benchmarks.paper.summarizing import rouge
from longsum.config import LoadConfig
from longsum.model.find import find_model

HERE = Path(__file__).parent


def parsed() -> tuple[Settings, Path]:
    """Return the settings, and the folder of tables and plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="checkpoint, not extended")
    parser.add_argument("--tuning", type=Path, required=True, help="JSON lines to extend on")
    parser.add_argument("--data", type=Path, required=True, help="folder with text/ and pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/paper"))
    parser.add_argument("--output", type=Path, default=HERE)
    parser.add_argument("--factors", type=int, nargs="+", default=list(Settings.factors))
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--learning-rate", type=float, default=Settings.learning_rate)
    parser.add_argument("--max-windows", type=int, default=Settings.max_windows)
    parser.add_argument("--trials", type=int, default=Settings.trials)
    given = parser.parse_args()
    settings = Settings(
        base=given.base,
        tuning=given.tuning,
        data=given.data,
        work=given.work,
        window=find_model(LoadConfig(model=str(given.base))).rope.window,
        factors=tuple(sorted(given.factors)),
        steps=given.steps,
        learning_rate=given.learning_rate,
        max_windows=given.max_windows,
        trials=given.trials,
    )
    return settings, given.output


def retuned(settings: Settings) -> list[Variant]:
    """Return the untrained base with interpolated positions and its local heads set by hand."""
    contexts = sorted({extension.context for extension in settings.extensions})
    return [
        Variant(
            f"PI {context}, untuned, two heads set by hand",
            local_heads.write(
                settings.base, settings.work / f"retuned-{context}", context / settings.window
            ),
            "pi",
            context,
        )
        for context in contexts
    ]


def measure(settings: Settings) -> dict[str, Any]:
    """Train and measure whatever is missing."""
    results = settings.work / "results"
    extensions = settings.extensions
    found: dict[str, Any] = {"training": {}, "by_steps": {}, "k_max": {}}
    for extension in extensions:
        found["training"][extension.name] = cached(
            results / f"training-{extension.name}.json", lambda e=extension: train(settings, e)
        )
    base = Variant(f"base {settings.window}", settings.base)
    untuned = [
        Variant(f"PI {context}, untuned", settings.base, "pi", context)
        for context in sorted({extension.context for extension in extensions})
    ]
    variants = [base, *untuned, *(tuned(settings, e) for e in extensions)]
    for extension in extensions:
        name = tuned(settings, extension).label
        found["k_max"][name] = [
            cached(
                results / f"passkey-{extension.name}-{step}.json",
                lambda e=extension, s=step: {
                    **measuring.passkey(settings, tuned(settings, e, s), e.context),
                    "step": s,
                },
            )
            for step in settings.measured_steps
        ]
    found["base_k_max"] = [
        cached(
            results / f"passkey-base-{length}.json",
            lambda n=length: measuring.passkey(settings, base, n),
        )
        for length in (settings.window, *sorted({e.context for e in extensions}))
    ]
    found["copying"] = cached(
        results / "copying.json",
        lambda: measuring.copying(settings, [*variants, *retuned(settings)]),
    )
    for name in ("books-test", "specifications"):
        found[name] = cached(
            results / f"perplexity-{name}.json",
            lambda n=name: measuring.perplexity(settings, n, variants),
        )
    for extension in extensions:
        if extension.position == "pi":
            found["by_steps"][tuned(settings, extension).label] = cached(
                results / f"by-steps-{extension.name}.json",
                lambda e=extension: measuring.perplexity_by_steps(settings, e),
            )
    found["short"] = cached(
        results / "short.json",
        lambda: measuring.short_tasks(
            settings, [base, *(tuned(settings, e) for e in extensions if e.position == "pi")]
        ),
    )
    longest = next(e for e in extensions if (e.position, e.context) == ("pi", settings.extended))
    found["rouge"] = cached(results / "rouge.json", lambda: rouge(settings, longest))
    return found


def write(settings: Settings, found: dict[str, Any], output: Path) -> None:
    """Write tables and plots.

    Args:
        settings: settings of the reproduction.
        found: results of `measure`.
        output: folder to write to.
    """
    figure2.draw(HERE / "figure2.png")
    beside = Path(os.path.relpath(HERE, output)).as_posix()
    plots.draw(settings, found["books-test"], found["k_max"], output / "paper.png")
    trained = [
        [
            name,
            tables.shown(training["before"], 3),
            tables.shown(training["after"], 3),
            f"{training['seconds'] / 60:.0f}",
        ]
        for name, training in found["training"].items()
    ]
    machine = f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"
    parts = [
        "# The paper's tables, at our scale\n",
        f"{datetime.date.today()}, torch {torch.__version__}, {machine}. Written by\n",
        "```console\n$ python -m benchmarks.paper " + " ".join(sys.argv[1:]) + "\n```\n",
        f"L = {settings.window:,}, L' up to {settings.extended:,}, {settings.steps} steps of "
        f"{settings.extended:,} tokens at learning rate {settings.learning_rate:g}, the same for "
        f"PI and direct fine-tuning (FT). What it shows, and what not: "
        f"[README.md]({beside}/README.md).\n",
        "## Training\n",
        "Loss (nats a token) on held-out sequences of the extended window.\n",
        tables.table(["run", "before", "after", "minutes"], trained),
        "## Table 1: perplexity by window, books\n",
        tables.perplexity(settings, found["books-test"], "PG-19"),
        "## Table 2: perplexity by window, specifications\n",
        tables.perplexity(settings, found["specifications"], "proof-pile"),
        "## Table 3: perplexity at the extended window by steps, books\n",
        tables.by_steps(settings, found["by_steps"]),
        "## Table 4: effective window k_max by steps\n",
        tables.k_max(settings, found["k_max"], found["base_k_max"]),
        "![Perplexity by window, and k_max by steps](paper.png)\n",
        "## What interpolation breaks: copying inside the native window\n",
        tables.copying(found["copying"]),
        "## Table 5: short tasks inside the native window\n",
        tables.short_tasks(found["short"]),
        "## Table 6: ROUGE after fine-tuning on summaries\n",
        tables.rouge(found["rouge"]),
        "## Figure 2\n",
        f"![A score extrapolated, and interpolated]({beside}/figure2.png)\n",
    ]
    (output / "TABLES.md").write_text("\n".join(parts))


def main() -> None:
    """Run everything."""
    settings, output = parsed()
    output.mkdir(parents=True, exist_ok=True)
    write(settings, measure(settings), output)


if __name__ == "__main__":
    main()
