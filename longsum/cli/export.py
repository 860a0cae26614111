"""`longsum export`: write a model as a GGUF file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from longsum.bytesize import format_bytes
from longsum.cli import options as o
from longsum.cli.console import Reporter
from longsum.config import LoadConfig
from longsum.errors import OutputError, UnsupportedModel

Kind = Literal["f32", "f16", "bf16", "q8_0"]


def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Model to write: alias (see `longsum models list`), folder, GGUF file, or Hugging "
            "Face id.",
        ),
    ],
    gguf: Annotated[
        Path, typer.Option("--gguf", metavar="FILE", help="File to write; replaced if it exists.")
    ],
    kind: Annotated[
        Kind, typer.Option("--type", help="Type of the matrices; norms stay in float32.")
    ] = "f16",
    context: Annotated[
        str | None,
        typer.Option(
            metavar="TOKENS",
            help="Window in tokens, such as 32k; a window adapter is merged if it needs one "
            "(default: the model's own).",
        ),
    ] = None,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
) -> None:
    """Write a model as a GGUF file for llama.cpp, ollama or LM Studio.

    The window extended by Position Interpolation is stated in the file as linear scaling.
    """
    from longsum.checkpoint.context import parse_context
    from longsum.checkpoint.gguf_export import export_gguf
    from longsum.model.find import find_checkpoint

    tokens = parse_context(context) if context else None
    source, checkpoint = find_checkpoint(
        LoadConfig(model=model, context=tokens, offline=offline), cuda=False
    )
    if checkpoint.quantized:
        raise UnsupportedModel(
            f"{source.name} is stored as {checkpoint.quantized}, which is not exported",
            hint="export the unquantized checkpoint; --type q8_0 quantizes it",
        )
    if gguf.exists() and any(gguf.samefile(file) for file in checkpoint.weight_files()):
        raise OutputError(f"{gguf} is the model itself", hint="name another file")
    if not gguf.resolve().parent.is_dir():
        raise OutputError(f"{gguf.parent} is not a folder", hint="make it first")
    reporter = Reporter(quiet=quiet)
    with reporter:
        reporter.phase(f"writing {gguf.name}")
        export_gguf(checkpoint, gguf, kind)
        reporter.clear()
        window = f"{checkpoint.rope.window:,}-token window ({checkpoint.rope.rope_type})"
        reporter.notice(
            f"{source.name} in {gguf}: {window}, {kind}, {format_bytes(gguf.stat().st_size)}"
        )
