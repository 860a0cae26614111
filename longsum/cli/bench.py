"""`longsum bench`: how close a model comes to the limits of this machine."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from longsum.bench.config import BenchConfig
from longsum.cli.evaluate import common as c
from longsum.cli.evaluate.files import Files
from longsum.cli.grouping import Without, grouped

if TYPE_CHECKING:
    from longsum.events import Listener


@grouped
def bench(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Alias (see `longsum models list`), folder, GGUF file, or Hugging Face id.",
        ),
    ] = "mini",
    tokens: str = c.in_measurement(
        str(BenchConfig.tokens),
        metavar="TOKENS",
        help="Tokens to read before the answer, such as 16k.",
    ),
    *,
    timed: c.RunsOptions,
    held: c.MeasuredOptions,
    files: Annotated[Files, Without("plot")],
) -> None:
    """Measure a model's speed against the limits of this machine.

    Times loading, reading, writing and a second question. The limits are measured as well: how
    fast this machine multiplies large matrices in the model's dtype, which bounds reading, and how
    fast it copies memory, which bounds writing.

    `longsum evaluate speed` compares and plots several models and lengths.
    """
    from longsum.checkpoint.context import parse_context

    config = BenchConfig(tokens=parse_context(tokens), new_tokens=timed.new_tokens, runs=timed.runs)
    c.evaluate([model], held.load_config(), files, partial(bench_task, config=config))


def bench_task(found: list[c.Found], listener: Listener, *, config: BenchConfig) -> c.Task:
    """Return what is measured.

    Args:
        found: the model.
        listener: unused; every evaluation's task takes one.
        config: tokens to read and to write, repetitions.
    """
    from longsum.bench.measure import bench_notes, measure_bench
    from longsum.evaluate.report import Column

    return c.Task(
        kind="bench",
        settings=asdict(config),
        columns=(
            Column("step", "step"),
            Column("seconds", "seconds", 2),
            Column("rate", "rate"),
            Column("percent", "share of the limit"),
        ),
        tokens=lambda model: config.tokens + 1 + config.new_tokens,
        measure=lambda opened, journal, listener: measure_bench(opened, config, journal, listener),
        notes=lambda rows: bench_notes(config),
        draw=None,
    )
