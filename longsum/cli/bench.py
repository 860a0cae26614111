"""`longsum bench`: how near a model comes to what this machine can do."""

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
            help="mini, an alias of `longsum models list`, a folder, a GGUF file, or a Hugging "
            "Face id.",
        ),
    ] = "mini",
    tokens: str = c.in_measurement(
        str(BenchConfig.tokens),
        metavar="TOKENS",
        help="Tokens read before the answer, such as 16k.",
    ),
    *,
    timed: c.RunsOptions,
    held: c.MeasuredOptions,
    files: Annotated[Files, Without("plot")],
) -> None:
    """Measure loading, reading, writing and a second question, beside the machine's limits.

    The limits are measured, too: how fast this machine multiplies large matrices in the model's
    dtype, and how fast it copies memory. Reading is bound by the first, writing by the second.

    `longsum evaluate speed` compares several models and lengths, and draws them.
    """
    from longsum.checkpoint.rope import parse_context

    config = BenchConfig(tokens=parse_context(tokens), new_tokens=timed.new_tokens, runs=timed.runs)
    c.evaluate([model], held.load_config(), files, partial(bench_task, config=config))


def bench_task(found: list[c.Found], listener: Listener, *, config: BenchConfig) -> c.Task:
    """Say what is measured."""
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
