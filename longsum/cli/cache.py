"""`longsum cache`: list and delete cached documents and quantized models."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from longsum.bytesize import format_bytes
from longsum.cli import options as o
from longsum.cli.console import Reporter
from longsum.cli.wrapping import stdout_console
from longsum.errors import UsageError
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    from longsum.store.entries import Entry, EntryStore

Kind = Literal["document", "model"]
COUNTED: dict[Kind, str] = {"document": "document", "model": "quantized model"}

app = typer.Typer(
    no_args_is_help=True,
    help="List and remove cached documents and quantized models. A document's entry contains its "
    "content, so that later questions start at once; a model's entry contains its weights in 4 or "
    "8 bits, so that the next start is faster. LONGSUM_CACHE_SIZE (default 5GiB) and "
    "LONGSUM_WEIGHTS_SIZE (default 20GiB) limit them; 0 disables either cache.",
)

Only = Annotated[
    Kind | None,
    typer.Option("--only", help="Kind of entries (default: both)."),
]


@app.command(name="list")
def list_entries(only: Only = None, as_json: o.PlainJson = False) -> None:
    """List the entries, most recently used first."""
    stores = {kind: (store, store.entries()) for kind, store in _stores(only).items()}
    if as_json:
        from longsum.cli.output import as_json_text

        found = [_as_dict(kind, each) for kind, (_, held) in stores.items() for each in held]
        print(as_json_text(found))
        return
    console = stdout_console()
    for kind, (store, entries) in stores.items():
        for entry in entries:
            console.print(escape_for_terminal(_line(kind, entry)).replace("\n", " "))
        if entries or kind == "document" or only:
            total = format_bytes(sum(entry.size_bytes for entry in entries))
            folder = escape_for_terminal(str(store.root))
            console.print(f"{_count(kind, entries)}, {total} in {folder}")


@app.command()
def clear(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="Name of an entry, or its beginning (default: all entries)."
        ),
    ] = None,
    only: Only = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove one entry, or all of them after asking."""
    stores = _stores(only)
    if name is None:
        _confirm_all(stores, yes)
        removed = {kind: store.clear() for kind, store in stores.items()}
    else:
        removed = _clear_one(stores, name)
    for kind, entries in removed.items():
        if entries or len(removed) == 1 or kind == "document":
            size = format_bytes(sum(each.size_bytes for each in entries))
            Reporter().notice(f"removed {_count(kind, entries)}, {size}, from {stores[kind].root}")


def _clear_one(stores: dict[Kind, EntryStore], name: str) -> dict[Kind, list[Entry]]:
    """Remove the entry with a name.

    Raises:
        UsageError: when the name is empty or does not select exactly one entry.
    """
    if not name.strip():  # an unset shell variable
        raise UsageError(
            "the name of the entry is empty; nothing was removed",
            hint="`longsum cache list` shows the names; to remove all, leave the name out",
        )
    named = {
        kind: store
        for kind, store in stores.items()
        for held in store.entries()
        if held.name.startswith(name)
    }
    try:
        ((kind, store),) = named.items()
        return {kind: store.clear(name)}
    except (ValueError, KeyError):
        raise UsageError(
            f"{name!r} is not the name of one entry", hint="`longsum cache list` shows them"
        ) from None


def _confirm_all(stores: dict[Kind, EntryStore], yes: bool) -> None:
    """Ask before removing everything, unless there is nothing to remove.

    Raises:
        UsageError: when there is no terminal to ask on.
        typer.Exit: with 1 when the user declines.
    """
    found = {kind: store.entries() for kind, store in stores.items()}
    counts = [_count(kind, entries) for kind, entries in found.items() if entries]
    if yes or not counts:
        return
    size = format_bytes(sum(each.size_bytes for held in found.values() for each in held))
    everything = f"all that is cached: {' and '.join(counts)}, {size}"
    if not sys.stdin.isatty():
        raise UsageError(
            f"this would remove {everything}", hint="add --yes, or name one entry to remove"
        )
    if not typer.confirm(f"Remove {everything}?", err=True):
        raise typer.Exit(1)


def _stores(only: Kind | None) -> dict[Kind, EntryStore]:
    """Return the stores asked for; their size limits do not matter here."""
    from longsum.loading.quantized_cache import WeightStore, weights_folder
    from longsum.paths import prefix_folder
    from longsum.store.prefixes import PrefixStore

    stores: dict[Kind, EntryStore] = {
        "document": PrefixStore(prefix_folder(), 0),
        "model": WeightStore(weights_folder(), 0),
    }
    return {kind: store for kind, store in stores.items() if only in (None, kind)}


def _count(kind: Kind, entries: list[Entry]) -> str:
    """Return the number of entries as text."""
    return f"{len(entries):,} {COUNTED[kind]}{'' if len(entries) == 1 else 's'}"


def _line(kind: Kind, entry: Entry) -> str:
    """Return an entry as a line of the list."""
    facts = _as_dict(kind, entry)
    held = f"{facts['tokens']:>7,} tokens" if kind == "document" else f"{facts['quantize']:>14}"
    return (
        f"{entry.name[:12]}  {format_bytes(entry.size_bytes):>10}  {held}  "
        f"{facts['used'][:16].replace('T', ' ')}  {facts['model']}  {facts.get('document', '')}"
    ).rstrip()


def _as_dict(kind: Kind, entry: Entry) -> dict[str, Any]:
    """Return an entry for JSON."""
    record = entry.record
    tokens = record.get("tokens")
    own: dict[str, Any] = {"quantize": str(record.get("quantize", ""))}
    if kind == "document":
        own = {
            "document": str(record.get("document", "")),
            "tokens": tokens if isinstance(tokens, int) else 0,
        }
    return {
        "name": entry.name,
        "kind": kind,
        "model": str(record.get("model", "")),
        **own,
        "size_bytes": entry.size_bytes,
        "used": datetime.fromtimestamp(entry.used).isoformat(timespec="seconds"),
        "folder": str(entry.folder),
    }
