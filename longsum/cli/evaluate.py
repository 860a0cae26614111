"""`longsum evaluate`: how good a model is, measured as the paper measures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from longsum.cli import evaluate_quality, joined
from longsum.cli import evaluation_options as e
from longsum.cli import options as o
from longsum.cli.evaluation import Files, evaluate, measured_load
from longsum.cli.evaluation_tasks import passkey_task, perplexity_task, speed_task
from longsum.config import LoadConfig, PasskeyConfig, PerplexityConfig, SpeedConfig

app = typer.Typer(
    no_args_is_help=True,
    help="Measure models as the Position Interpolation paper does (arXiv 2306.15595).",
)


def _lengths(texts: list[str] | None) -> tuple[int, ...]:
    """Return the windows or lengths of an option, sorted, each once."""
    from longsum.checkpoint.rope import parse_context

    return tuple(sorted({parse_context(text) for text in texts or ()}))


def perplexity(
    models: e.Models,
    data: Annotated[
        list[Path],
        typer.Option(
            "--data",
            metavar="FILE",
            rich_help_panel=e.MEASURE,
            help="Text, PDF, a folder of them, or .jsonl[.gz|.xz] with a text field; repeatable.",
        ),
    ],
    window: Annotated[
        list[str] | None,
        typer.Option(
            "--window",
            metavar="TOKENS",
            rich_help_panel=e.MEASURE,
            help="Window, such as 4k; repeatable. By default the powers of two from 2,048, or from "
            "the native window if that is smaller, to the one the weights were tuned for. A wider "
            "one measures extrapolation.",
        ),
    ] = None,
    stride: Annotated[
        int,
        typer.Option(
            "--stride",
            metavar="S",
            rich_help_panel=e.MEASURE,
            help="Tokens each window predicts, its last ones; the paper's is 256. A document's "
            "first window predicts all its tokens but the first.",
        ),
    ] = PerplexityConfig.stride,
    max_windows: Annotated[
        int | None,
        typer.Option(
            "--max-windows",
            metavar="N",
            rich_help_panel=e.MEASURE,
            help="Most windows of each size, evenly spaced over all documents. Each predicts its "
            "last S tokens, the same tokens at every window.",
        ),
    ] = PerplexityConfig.max_windows,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens",
            metavar="N",
            rich_help_panel=e.MEASURE,
            help="Read only the beginning of each document; the paper reads 32,768 tokens of "
            "proof-pile's.",
        ),
    ] = PerplexityConfig.max_tokens,
    position: e.Position = None,
    context: e.PositionContext = None,
    quantize: o.Quantize = LoadConfig.quantize,
    kv_cache: e.KVCache = "native",
    device: o.Device = LoadConfig.device,
    dtype: o.Dtype = LoadConfig.dtype,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    output: e.OutputJson = None,
    plot: e.Plot = None,
    redo: e.Redo = False,
    as_json: e.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Measure perplexity by window: whether a model predicts better the more it sees.

    Sliding windows as in the paper (section 3.2): each is read anew from position 0.

    Documents shorter than a window are left out of it.
    """
    config = PerplexityConfig(_lengths(window), stride, max_windows, max_tokens)
    load = measured_load(quantize, device, dtype, memory, revision, offline, kv_cache)
    files = Files(output, plot, redo, as_json, quiet)
    make = partial(perplexity_task, data=data, config=config)
    evaluate(models, load, position, context, files, make)


def passkey(
    models: e.Models,
    length: Annotated[
        list[str] | None,
        typer.Option(
            "--length",
            metavar="TOKENS",
            rich_help_panel=e.MEASURE,
            help="Tokens of prompt and answer together, such as 8k; repeatable. By default the "
            "window the weights were tuned for.",
        ),
    ] = None,
    depths: Annotated[
        int,
        typer.Option(
            "--depths",
            metavar="N",
            rich_help_panel=e.MEASURE,
            help="Distances of the passkey from the end, evenly spaced; the paper's are 32.",
        ),
    ] = PasskeyConfig.depths,
    trials: Annotated[
        int,
        typer.Option(
            "--trials",
            metavar="N",
            rich_help_panel=e.MEASURE,
            help="Random keys at each distance; the paper's are 10.",
        ),
    ] = PasskeyConfig.trials,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", help="Random seed for the keys.", rich_help_panel=e.MEASURE
        ),
    ] = PasskeyConfig.seed,
    position: e.Position = None,
    context: e.PositionContext = None,
    quantize: o.Quantize = LoadConfig.quantize,
    kv_cache: e.KVCache = "native",
    device: o.Device = LoadConfig.device,
    dtype: o.Dtype = LoadConfig.dtype,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    output: e.OutputJson = None,
    plot: e.Plot = None,
    redo: e.Redo = False,
    as_json: e.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Measure from how far back a model repeats a number hidden in filler text.

    Prompt and protocol are the paper's (section 3.4).

    k_max is the largest distance up to which 20 % of the keys or more are found at each.
    """
    config = PasskeyConfig(_lengths(length), depths, trials, seed)
    load = measured_load(quantize, device, dtype, memory, revision, offline, kv_cache)
    files = Files(output, plot, redo, as_json, quiet)
    make = partial(passkey_task, config=config)
    evaluate(models, load, position, context, files, make)


def speed(
    models: e.Models,
    length: Annotated[
        list[str] | None,
        typer.Option(
            "--length",
            metavar="TOKENS",
            rich_help_panel=e.MEASURE,
            help="Tokens read before the answer, such as 8k; repeatable. By default the window the "
            "weights were tuned for, less the answer.",
        ),
    ] = None,
    new_tokens: Annotated[
        int,
        typer.Option(
            "--new-tokens",
            metavar="N",
            help="Tokens written behind them.",
            rich_help_panel=e.MEASURE,
        ),
    ] = SpeedConfig.new_tokens,
    runs: Annotated[
        int,
        typer.Option(
            "--runs",
            metavar="N",
            help="Repetitions; the median counts.",
            rich_help_panel=e.MEASURE,
        ),
    ] = SpeedConfig.runs,
    position: e.Position = None,
    context: e.PositionContext = None,
    quantize: o.Quantize = LoadConfig.quantize,
    kv_cache: e.KVCache = "native",
    device: o.Device = LoadConfig.device,
    dtype: o.Dtype = LoadConfig.dtype,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    output: e.OutputJson = None,
    plot: e.Plot = None,
    redo: e.Redo = False,
    as_json: e.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Measure how fast a model loads, reads and writes, and in what memory."""
    config = SpeedConfig(_lengths(length), new_tokens, runs)
    load = measured_load(quantize, device, dtype, memory, revision, offline, kv_cache)
    files = Files(output, plot, redo, as_json, quiet)
    make = partial(speed_task, config=config)
    evaluate(models, load, position, context, files, make)


for command in (
    perplexity,
    passkey,
    evaluate_quality.summaries,
    evaluate_quality.short,
    speed,
):
    app.command(help=joined(command.__doc__ or ""))(command)
