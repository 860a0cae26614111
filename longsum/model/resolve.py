"""Resolve a model's name to its folder on this disk. No torch; downloads only on request."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from longsum.bytesize import format_bytes
from longsum.checkpoint.catalog import KnownModel, find_known, suggest
from longsum.checkpoint.gguf import SUFFIX, gguf_in, is_gguf
from longsum.checkpoint.gguf_folder import unpacked
from longsum.checkpoint.pinned_file import PinnedFile
from longsum.errors import ModelNotFound, UnsupportedModel
from longsum.model.hub import cached_folder, pull
from longsum.model.hub_files import snapshot_gguf
from longsum.paths import configured_model, gguf_folder
from longsum.settings import Setting

MINI = "mini"
SMALL = "smol"
"""Model of the catalogue that is preferred to the bundled one where it is on the disk."""
MINI_FOLDER = Path(__file__).parent.parent / "mini"
DEFAULT_PREFERENCE = ("llama-3.1-8b", "llama-2-7b-32k-instruct", "llama-3.2-3b", "vicuna-7b-16k")


@dataclass(frozen=True)
class ModelSource:
    """A checkpoint on this disk."""

    name: str
    """Name to show."""
    folder: Path
    revision: str | None = None
    """Commit of a Hugging Face repository."""
    known: KnownModel | None = None
    """Its entry in the catalogue."""
    notice: str | None = None
    """Notice for the user if the model was chosen automatically."""
    file: Path | None = None
    """GGUF file that the folder was unpacked from."""

    @property
    def path(self) -> Path:
        """Path with which the user can name it: the GGUF file, or the folder."""
        return self.file or self.folder.resolve()

    @property
    def is_bundled(self) -> bool:
        """Whether it is the bundled model."""
        return self.folder == MINI_FOLDER

    @property
    def answers_verbatim(self) -> bool:
        """Whether it answers verbatim by default."""
        return self.is_bundled or (self.known is not None and self.known.invents)


def set_offline() -> None:
    """Disable the network in the hub's libraries; must run before they are imported."""
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
        name: `mini`, an alias, a folder, a GGUF file or a Hugging Face id, followed by `:` and a
            file if it has several in GGUF (`owner/name:Q4_K_M`); None takes the configured model,
            else with a CUDA device a suitable cached checkpoint, else the bundled model.
        revision: commit or branch of a Hugging Face repository.
        download: whether to download it if it is not on this disk.
        cuda: whether a CUDA device is available.

    Raises:
        ModelNotFound: it is not on this disk.
        ModelUnavailable: the download failed.
    """
    name = name or configured_model()
    if name is None:
        return default_source(cuda)
    if name.lower() == MINI:
        return mini_source()
    if _looks_like_path(name):
        return path_source(name)
    known = find_known(name)
    repo = known.repo if known else name
    if "/" not in repo:
        near = suggest(name)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ModelNotFound(
            f"no model is called {name!r}", hint=hint + "`longsum models list` shows all"
        )
    if known and known.file:
        return file_source(known, known.file)
    folder_here = cached_folder(repo, revision)
    if folder_here is None and download:
        folder_here = pull(repo, revision)
    if folder_here is None:
        size = f" ({format_bytes(known.size_bytes)})" if known else ""
        raise ModelNotFound(
            f"{repo} is not on this disk",
            hint=f"fetch it{size} with `longsum models pull {name}`, or use "
            f"{Setting('model', 'mini')}",
        )
    gguf = snapshot_gguf(folder_here, repo)
    folder = unpacked(gguf, gguf_folder()) if gguf else folder_here
    return ModelSource(name, folder, revision=folder_here.name, known=known, file=gguf)


def path_source(name: str) -> ModelSource:
    """Return the checkpoint at a path.

    Raises:
        ModelNotFound: the path does not exist.
        UnsupportedModel: it is a file, but not a checkpoint.
    """
    folder = Path(name).expanduser()
    if not folder.exists():
        raise ModelNotFound(
            f"model {name!r} does not exist",
            hint=_for_missing(name),
        )
    gguf = gguf_of(folder)
    if gguf is not None:
        return ModelSource(gguf.name, unpacked(gguf, gguf_folder()), file=gguf.absolute())
    if folder.is_file():
        raise UnsupportedModel(
            f"{name} is not a GGUF file",
            hint="name a GGUF file, or a folder with config.json and *.safetensors",
        )
    return ModelSource(folder.name or str(folder), folder)


def _for_missing(name: str) -> str:
    """Return the hint for a path that does not exist."""
    owner, _, rest = name.partition("/")
    if name.lower().endswith(SUFFIX) and rest.count("/") == 1 and owner not in ("", ".", "..", "~"):
        return f"a file on the hub is named {owner}/{rest.replace('/', ':')}"
    return "name a GGUF file, or a folder with config.json and *.safetensors"


def file_source(known: KnownModel, file: PinnedFile) -> ModelSource:
    """Return a model of the catalogue that is a single pinned file.

    Raises:
        ModelNotFound: it is not on this disk.
    """
    if not file.is_here:
        raise ModelNotFound(
            f"{known.alias} is not on this disk",
            hint=f"fetch it ({format_bytes(known.size_bytes)}) with "
            f"`longsum models pull {known.alias}`, or use {Setting('model', 'mini')}",
        )
    folder = unpacked(file.path, gguf_folder())
    return ModelSource(known.alias, folder, known=known, file=file.path)


def gguf_of(path: Path) -> Path | None:
    """Return the GGUF file at a path: the path, or the file in a folder without safetensors.

    Raises:
        UnsupportedModel: the folder has several.
    """
    if path.is_dir():
        return None if any(path.glob("*.safetensors")) else gguf_in(path)
    return path if path.suffix.lower() == SUFFIX or is_gguf(path) else None


def _looks_like_path(name: str) -> bool:
    """Return whether a name is a path rather than a repository id: it exists, or looks like one."""
    written = name.startswith((".", "/", "~")) or name.count("/") > 1
    is_file = name.lower().endswith(SUFFIX) and ":" not in name  # owner/name:file.gguf is the hub's
    return written or is_file or Path(name).is_dir()


def default_source(cuda: bool) -> ModelSource:
    """Choose a model if none is named or configured."""
    if cuda:
        for alias in DEFAULT_PREFERENCE:
            known = find_known(alias)
            if known and (folder := cached_folder(known.repo, None)):
                notice = (
                    f"using {alias}, found on this disk (choose another with {Setting('model')})"
                )
                return ModelSource(alias, folder, folder.name, known, notice)
    return mini_source(f"using the small bundled model; {_better()}")


def _better() -> str:
    """Return how to get a better model than the bundled one."""
    small = find_known(SMALL)
    larger = "`longsum models list` shows larger ones"
    if small is None or small.file is None or small.file.is_here:
        return larger
    return f"`longsum models pull {SMALL}` gets a better one, {larger}"
