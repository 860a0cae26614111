"""The options that the evaluations share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longsum import config
from longsum.cli import options as o

MEASURE = "Measurement"

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL",
        help="mini, aliases of `longsum models list`, folders, GGUF files, or Hugging Face ids, "
        "side by side.",
    ),
]
KVCache = Annotated[
    config.KVCache,
    typer.Option(
        "--kv-cache",
        rich_help_panel=o.MODEL,
        help="How keys and values are held: native is the compute dtype and loses nothing; int8 "
        "and int4 take a half and a quarter of 16 bits' memory.",
    ),
]
OutputJson = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        rich_help_panel=o.OUTPUT,
        help="Write everything as JSON. Until then FILE.journal keeps what is measured: after an "
        "interruption the same command goes on.",
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw a PNG.", rich_help_panel=o.OUTPUT),
]
Redo = Annotated[
    bool,
    typer.Option("--redo", help="Overwrite the files and measure anew.", rich_help_panel=o.OUTPUT),
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="Print everything as JSON instead of a table.", rich_help_panel=o.OUTPUT
    ),
]
Position = Annotated[
    config.Position | None,
    typer.Option(
        "--position",
        rich_help_panel=o.MODEL,
        help="Rotate positions another way, for comparison; the weights are not tuned for it. "
        "pi interpolates, none extrapolates. Needs --context.",
    ),
]
PositionContext = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="TOKENS",
        rich_help_panel=o.MODEL,
        help="Window in tokens that --position stretches to.",
    ),
]
