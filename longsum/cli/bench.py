"""`longsum bench`: how near a model comes to what this machine can do."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from longsum.cli import evaluation_options as e
from longsum.cli import options as o
from longsum.cli.evaluation import Files, Found, Task, evaluate, measured_load
from longsum.config import BenchConfig, LoadConfig

if TYPE_CHECKING:
    from longsum.events import Listener


def bench(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="mini, an alias of `longsum models list`, a folder, a GGUF file, or a Hugging "
            "Face id.",
        ),
    ] = "mini",
    tokens: Annotated[
        str,
        typer.Option(
            "--tokens",
            metavar="TOKENS",
            rich_help_panel=e.MEASURE,
            help="Tokens read before the answer, such as 16k.",
        ),
    ] = str(BenchConfig.tokens),
    new_tokens: Annotated[
        int,
        typer.Option(
            "--new-tokens",
            metavar="N",
            help="Tokens written behind them.",
            rich_help_panel=e.MEASURE,
        ),
    ] = BenchConfig.new_tokens,
    runs: Annotated[
        int,
        typer.Option(
            "--runs",
            metavar="N",
            help="Repetitions; the median counts.",
            rich_help_panel=e.MEASURE,
        ),
    ] = BenchConfig.runs,
    quantize: o.Quantize = LoadConfig.quantize,
    kv_cache: e.KVCache = "native",
    device: o.Device = LoadConfig.device,
    dtype: o.Dtype = LoadConfig.dtype,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    output: e.OutputJson = None,
    redo: e.Redo = False,
    as_json: e.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Measure loading, reading, writing and a second question, beside the machine's limits.

    The limits are measured, too: how fast this machine multiplies large matrices in the model's
    dtype, and how fast it copies memory. Reading is bound by the first, writing by the second.

    `longsum evaluate speed` compares several models and lengths, and draws them.
    """
    from longsum.checkpoint.rope import parse_context

    config = BenchConfig(parse_context(tokens), new_tokens, runs)
    load = measured_load(quantize, device, dtype, memory, revision, offline, kv_cache)
    files = Files(output, None, redo, as_json, quiet)
    evaluate([model], load, None, None, files, partial(bench_task, config=config))


def bench_task(found: list[Found], listener: Listener, *, config: BenchConfig) -> Task:
    """Say what is measured."""
    from longsum.bench.measure import bench_notes, measure_bench
    from longsum.evaluate.report import Column

    return Task(
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
