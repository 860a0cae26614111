"""From a model's name to its folder on this disk. No torch; downloads only when asked to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from longsum.bytesize import format_bytes
from longsum.errors import ModelNotFound, ModelUnavailable, UnsupportedModel
from longsum.model.catalog import KnownModel, find_known, suggest
from longsum.paths import configured_model

MINI = "mini"
MINI_FOLDER = Path(__file__).parent.parent / "mini"
PATTERNS = ["*.json", "*.safetensors", "tokenizer.model", "*.jinja"]
"""What is fetched of a repository: never pickled weights, never code."""
DEFAULT_PREFERENCE = ("llama-3.1-8b", "llama-2-7b-32k-instruct", "llama-3.2-3b", "vicuna-7b-16k")


@dataclass(frozen=True)
class ModelSource:
    """A checkpoint on this disk."""

    name: str
    """What to call it."""
    folder: Path
    revision: str | None = None
    """Commit of a Hugging Face repository."""
    known: KnownModel | None = None
    """Its entry in the catalogue."""
    notice: str | None = None
    """A line for the user when the model was chosen for them."""

    @property
    def is_bundled(self) -> bool:
        """Tell whether it is the model that comes with the program."""
        return self.folder == MINI_FOLDER


def set_offline() -> None:
    """Tell the hub's libraries never to use the network; must run before they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"


def mini_source(notice: str | None = None) -> ModelSource:
    """Return the bundled model."""
    return ModelSource(MINI, MINI_FOLDER, known=find_known(MINI), notice=notice)


def resolve_model(
    name: str | None, *, revision: str | None = None, download: bool = False, cuda: bool = False
) -> ModelSource:
    """Find a model on this disk.

    Args:
        name: `mini`, an alias, a folder or a Hugging Face id; None takes the configured model, else
            with a CUDA device a suitable checkpoint of the local cache, else the bundled one.
        revision: commit or branch of a Hugging Face repository.
        download: fetch it if it is not here.
        cuda: whether a CUDA device is at hand.

    Raises:
        ModelNotFound: when it is not on this disk.
        ModelUnavailable: when fetching it failed.
    """
    name = name or configured_model()
    if name is None:
        return default_source(cuda)
    if name.lower() == MINI:
        return mini_source()
    if _looks_like_path(name):
        folder = Path(name).expanduser()
        if folder.is_file():
            raise _not_a_folder(folder)
        if not folder.is_dir():
            raise ModelNotFound(
                f"model folder {name!r} does not exist",
                hint="a folder needs config.json and *.safetensors; see `longsum models list`",
            )
        return ModelSource(folder.name or str(folder), folder)
    known = find_known(name)
    repo = known.repo if known else name
    if "/" not in repo:
        near = suggest(name)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ModelNotFound(
            f"no model is called {name!r}", hint=hint + "`longsum models list` shows all"
        )
    folder_here = cached_folder(repo, revision)
    if folder_here is None and download:
        folder_here = pull(repo, revision)
    if folder_here is None:
        size = f" ({format_bytes(known.size_bytes)})" if known else ""
        raise ModelNotFound(
            f"{repo} is not on this disk",
            hint=f"fetch it{size} with `longsum models pull {name}`, or use --model mini",
        )
    return ModelSource(name, folder_here, revision=folder_here.name, known=known)


def _not_a_folder(path: Path) -> UnsupportedModel:
    """Return what is wrong with a file in a model's place."""
    if path.suffix.lower() == ".gguf":
        return UnsupportedModel(
            f"{path.name} is a GGUF file, which longsum cannot read yet",
            hint="name a folder with config.json and *.safetensors of the same model",
        )
    return UnsupportedModel(
        f"model {path.name!r} is a file, not a folder",
        hint="name the folder that holds config.json and *.safetensors",
    )


def _looks_like_path(name: str) -> bool:
    """Tell a path from a repository id: it exists, or it is written like one."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or Path(name).exists()


def default_source(cuda: bool) -> ModelSource:
    """Choose for a user who named and configured no model."""
    if cuda:
        for alias in DEFAULT_PREFERENCE:
            known = find_known(alias)
            if known and (folder := cached_folder(known.repo, None)):
                notice = f"using {alias}, found on this disk (choose another with --model)"
                return ModelSource(alias, folder, folder.name, known, notice)
    return mini_source(
        "using the small bundled model; `longsum models list` shows larger ones, "
        "`longsum models pull NAME` fetches one"
    )


def cached_folder(repo: str, revision: str | None) -> Path | None:
    """Return the folder of a repository in the local Hugging Face cache, or None."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

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
    return path if (path / "config.json").exists() else None


def pull(repo: str, revision: str | None = None) -> Path:
    """Download a repository's safetensors, configuration and tokenizer into the local cache.

    Raises:
        ModelUnavailable: when it is gated, missing, or the network is not there.
    """
    from huggingface_hub import snapshot_download

    with hub_errors(repo):
        return Path(snapshot_download(repo, revision=revision, allow_patterns=PATTERNS))


def download_size(repo: str, revision: str | None = None) -> int:
    """Ask the hub how many bytes a download will take.

    Raises:
        ModelUnavailable: as `pull`; also when the repository has no safetensors.
    """
    from fnmatch import fnmatch

    from huggingface_hub import HfApi

    with hub_errors(repo):
        files = HfApi().model_info(repo, revision=revision, files_metadata=True).siblings or []
    chosen = [f for f in files if any(fnmatch(f.rfilename, pattern) for pattern in PATTERNS)]
    if not any(f.rfilename.endswith(".safetensors") for f in chosen):
        raise ModelUnavailable(
            f"{repo} has no safetensors", hint="longsum loads nothing else; look for a conversion"
        )
    return sum(f.size or 0 for f in chosen)


@contextmanager
def hub_errors(repo: str) -> Iterator[None]:
    """Turn what the hub's library raises into our errors."""
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError, see below
        GatedRepoError,
        HFValidationError,
        HTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise ModelUnavailable(
            f"{repo} is gated",
            hint=f"accept its licence at https://huggingface.co/{repo}, then set HF_TOKEN",
        ) from error
    except RevisionNotFoundError as error:
        raise ModelNotFound(f"{repo} has no such revision") from error
    except RepositoryNotFoundError as error:
        raise ModelNotFound(
            f"the hub knows no {repo}", hint="check the spelling; private ones need HF_TOKEN"
        ) from error
    except HFValidationError as error:
        raise ModelNotFound(f"{repo!r} is not a model id") from error
    # HTTPError is of the hub's HTTP library, whichever that is; a lost connection is one, too
    except (OfflineModeIsEnabled, HTTPError, OSError) as error:
        # snapshot_download tells of offline mode only in the cause
        if OfflineModeIsEnabled in (type(error), type(error.__cause__)):
            raise ModelUnavailable(
                f"{repo} cannot be fetched: offline mode is on",
                hint="run without --offline and with HF_HUB_OFFLINE unset",
            ) from error
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelUnavailable(
            f"{repo} could not be fetched: {first}",
            hint="check the network and free disk space, then run the same command again",
        ) from error
