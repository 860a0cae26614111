"""`longsum models`: what there is, what is here, and how to get more."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longsum.cli import options as o
from longsum.cli.console import Reporter, print_line
from longsum.cli.wrapping import stdout_console

if TYPE_CHECKING:
    from longsum.model.catalog import KnownModel

app = typer.Typer(no_args_is_help=True, help="List, show, fetch and choose models.")

Name = Annotated[str, typer.Argument(metavar="MODEL", help="An alias, a folder or an id.")]


@app.command(name="list")
def list_models(as_json: o.PlainJson = False) -> None:
    """List the known models: window, size, licence, and whether they are on this disk."""
    from longsum.documents.clean import escape_for_terminal
    from longsum.model.catalog import KNOWN_MODELS, find_known
    from longsum.paths import configured_model

    rows = [describe(known) for known in KNOWN_MODELS]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    console = stdout_console()
    default = configured_model() or "mini"
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
        "\n* the default. Fetch one with: longsum models pull MODEL"
        "\nAny other Llama on Hugging Face works by its id: --model owner/name"
    )


def describe(known: KnownModel) -> dict[str, Any]:
    """Return a catalogue entry with what this disk has of it."""
    from longsum.bytesize import format_bytes
    from longsum.model.resolve import cached_folder

    here = known.is_bundled or cached_folder(known.repo, None) is not None
    gated = {True: ", gated", False: "", None: ""}[known.gated]
    return {
        "alias": known.alias,
        "repo": known.repo,
        "window": known.window,
        "scaling": known.scaling,
        "download": "bundled" if known.is_bundled else format_bytes(known.size_bytes),
        "here": here,
        "fits": fits_here(known),
        "licence": known.licence + gated,
        "note": known.note,
    }


def fits_here(known: KnownModel) -> str:
    """Return whether a model's whole window fits this machine's free memory, and how."""
    from longsum.config import LoadConfig
    from longsum.model.find import in_float32, plan_for_shape
    from longsum.model.hardware import detect_machine

    load = LoadConfig()
    machine = detect_machine(load.device, load.dtype)
    if known.shape.exact_kv_layers:
        machine = in_float32(machine)
    plan = plan_for_shape(known.shape, machine, load, known.window)
    if not plan.fits:
        return "no"
    held = [plan.quantize] if plan.quantize != "none" else []
    if plan.kv_cache != "native":
        held.append(f"{plan.kv_cache} cache")
    return f"with {', '.join(held)}" if held else "yes"


@app.command()
def show(model: Name, as_json: o.PlainJson = False, offline: o.Offline = False) -> None:
    """Show what a model is: window, scaling, shape, where it is kept."""
    from longsum.model.catalog import find_known
    from longsum.model.checkpoint import read_config, read_shape
    from longsum.model.resolve import resolve_model, set_offline
    from longsum.model.rope import read_rope

    if offline:
        set_offline()
    known = find_known(model)
    facts: dict[str, Any] = describe(known) if known else {}
    if known is None or facts["here"]:
        source = resolve_model(model)
        config = read_config(source.folder)
        shape, window = read_shape(config), known.window if known else None
        rope = read_rope(config, known_window=window)
        facts |= {
            "folder": str(source.folder),
            "window": rope.window,
            "native window": rope.native_window,
            "rope": f"{rope.rope_type}, factor {rope.factor:g}, theta {rope.rope_theta:g}",
            "why": rope.reason,
            "parameters": shape.parameters,
            "layers": shape.num_hidden_layers,
            "heads": f"{shape.num_attention_heads}, {shape.num_key_value_heads} of them for keys",
        }
    if as_json:
        print(json.dumps(facts, indent=2))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        shown = _words(value)
        stdout_console().print(f"{name:<{width}}  {shown}")


def _words(value: object) -> str:
    """Return a fact as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


@app.command()
def pull(
    model: Name,
    revision: o.Revision = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Fetch a model's weights from Hugging Face into its local cache."""
    print(fetch(model, revision, ask=not yes))
    Reporter().notice(f"use it with: longsum summarize FILE --model {model}")


def fetch(model: str, revision: str | None, *, ask: bool) -> Path:
    """Tell a download's size and licence, fetch it with a progress bar, and return its folder.

    Args:
        model: an alias or a Hugging Face id.
        revision: commit or branch.
        ask: let the user decide, where there is a terminal.
    """
    from longsum.bytesize import format_bytes
    from longsum.errors import UsageError
    from longsum.model.catalog import find_known
    from longsum.model.resolve import cached_folder, download_size
    from longsum.model.resolve import pull as download

    known = find_known(model)
    repo = known.repo if known else model
    if known and known.is_bundled:
        raise UsageError("mini comes with longsum", hint="there is nothing to fetch")
    if "/" not in repo:
        raise UsageError(f"no model is called {model!r}", hint="see `longsum models list`")
    size = format_bytes(download_size(repo, revision))
    licence = known.licence if known else "see its page"
    print_line("", "", f"{repo}: {size} to download, licence {licence}")
    if ask and sys.stdin.isatty() and cached_folder(repo, revision) is None:
        typer.confirm("Fetch it?", abort=True, err=True)
    return download(repo, revision)


@app.command()
def use(model: Name) -> None:
    """Make a model the default; `longsum models use mini` goes back."""
    from longsum.model.resolve import MINI, resolve_model
    from longsum.paths import save_configured_model

    source = resolve_model(model)
    # a folder is kept by its whole path: the default must not depend on where one stands
    chosen = str(source.folder.resolve()) if source.revision is None else model
    path = save_configured_model(None if source.is_bundled else chosen)
    Reporter().notice(f"default model: {MINI if source.is_bundled else chosen} ({path})")
