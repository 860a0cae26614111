"""A repository of the Hugging Face hub: in the local cache, downloaded, its size. No torch."""

from __future__ import annotations

import glob
from pathlib import Path

from longsum.errors import ModelNotFound, ModelUnavailable
from longsum.model.hub_errors import hub_errors
from longsum.model.hub_files import checkpoint_files, has_gguf, split_id

PATTERNS = ["*.json", "*.safetensors", "tokenizer.model", "*.jinja"]
"""Files to download from a repository: never pickled weights, never code."""


def cached_folder(name: str, revision: str | None) -> Path | None:
    """Return the folder of a repository in the local Hugging Face cache, or None.

    Args:
        name: its id, optionally followed by `:` and a GGUF file.
        revision: commit or branch; None for the default branch.

    Raises:
        ModelNotFound: the id is malformed.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    repo, wanted = split_id(name)
    try:
        folder = snapshot_download(
            repo, revision=revision, local_files_only=True, allow_patterns=PATTERNS
        )
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise ModelNotFound(
            f"{repo!r} is not a model id", hint="ids look like owner/name"
        ) from error
    path = Path(folder)
    is_here = has_gguf(path, wanted) or (not wanted and (path / "config.json").exists())
    return path if is_here else None


def pull(name: str, revision: str | None = None) -> Path:
    """Download a repository's safetensors, configuration and tokenizer into the local cache.

    If it has GGUF files instead, download a single checkpoint.

    Args:
        name: its id, optionally followed by `:` and a GGUF file.
        revision: commit or branch; None for the default branch.

    Raises:
        ModelUnavailable: it is gated or missing, the network fails, or it has several GGUF
            checkpoints and none was named.
    """
    from huggingface_hub import snapshot_download

    repo, wanted = split_id(name)
    with hub_errors(repo):
        if not wanted:
            folder = Path(snapshot_download(repo, revision=revision, allow_patterns=PATTERNS))
            if any(folder.glob("*.safetensors")):
                return folder
        chosen = checkpoint_files([name for name, _ in _listed(repo, revision)], repo, wanted)
        if not chosen:
            return folder
        exactly = [glob.escape(each) for each in chosen]
        return Path(snapshot_download(repo, revision=revision, allow_patterns=exactly))


def download_size(name: str, revision: str | None = None) -> int:
    """Ask the hub for the size of a download in bytes.

    Raises:
        ModelUnavailable: as `pull`, or the repository has neither safetensors nor GGUF files.
    """
    from fnmatch import fnmatch

    repo, wanted = split_id(name)
    with hub_errors(repo):
        files = _listed(repo, revision)
    names = [file for file, _ in files]
    chosen = [name for name in names if any(fnmatch(name, pattern) for pattern in PATTERNS)]
    if wanted or not any(name.endswith(".safetensors") for name in chosen):
        chosen = checkpoint_files(names, repo, wanted)
    if not chosen:
        raise ModelUnavailable(
            f"{repo} has no safetensors and no GGUF files",
            hint="longsum loads nothing else; look for a conversion",
        )
    return sum(size for name, size in files if name in chosen)


def _listed(repo: str, revision: str | None) -> list[tuple[str, int]]:
    """Ask the hub for a repository's files and their sizes."""
    from huggingface_hub import HfApi

    found = HfApi().model_info(repo, revision=revision, files_metadata=True).siblings or []
    return [(file.rfilename, file.size or 0) for file in found]
