"""GGUF files in a repository of the hub: which one `owner/name:Q4_K_M` means.

GGUF repositories hold the same model in a dozen sizes; only one of them is downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from longsum.checkpoint.gguf import SUFFIX, first_shards, shard_names
from longsum.errors import ModelNotFound, UnsupportedModel

SHOWN = 8
"""Maximum number of names in a hint."""

_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_PACKED_AS = re.compile(r"[-._]((?:UD-)?(?:I?Q\d\w*|BF16|F16|F32))$", re.IGNORECASE)


def split_id(name: str) -> tuple[str, str | None]:
    """Split `repository:file` into the repository's id and the GGUF file, or None."""
    repo, _, wanted = name.partition(":")
    return repo, wanted or None


def has_gguf(folder: Path, wanted: str | None) -> bool:
    """Return whether a snapshot has GGUF files, or one that matches `wanted`."""
    names = _names(folder)
    return any(_is_meant(name, wanted) for name in names) if wanted else bool(names)


def snapshot_gguf(folder: Path, name: str) -> Path | None:
    """Return the GGUF file of a snapshot to read; None if its safetensors are to be read.

    Args:
        folder: the snapshot.
        name: the repository's id, optionally with `:` and a file.

    Raises:
        ModelNotFound: the named file does not exist.
        UnsupportedModel: there are several and none was named.
    """
    repo, wanted = split_id(name)
    names = _names(folder)
    if not wanted and (not names or any(folder.glob("*.safetensors"))):
        return None
    return folder / choose(names, repo, wanted)


def checkpoint_files(names: Sequence[str], repo: str, wanted: str | None) -> list[str]:
    """Return the files of one GGUF checkpoint in a repository; empty if it has none.

    Args:
        names: paths of all files in the repository.
        repo: the repository's id.
        wanted: a file's name, or how it is packed, such as `Q4_K_M`; None if not named.

    Raises:
        ModelNotFound: the wanted file does not exist.
        UnsupportedModel: there are several and none was named.
    """
    found = [name for name in names if name.lower().endswith(SUFFIX)]
    if not found and not wanted:
        return []
    first = PurePosixPath(choose(found, repo, wanted))
    return [str(first.with_name(name)) for name in shard_names(first.name)]


def choose(names: Sequence[str], repo: str, wanted: str | None) -> str:
    """Return the matching GGUF file, or its first shard.

    Args:
        names: paths of GGUF files in the repository.
        repo: the repository's id.
        wanted: a file's name, or how it is packed, such as `Q4_K_M`; None matches all.

    Raises:
        ModelNotFound: none matches.
        UnsupportedModel: several match.
    """
    first = first_shards(sorted(names))
    meant = [name for name in first if not wanted or _is_meant(name, wanted)]
    if len(meant) == 1:
        return meant[0]
    others = meant or first
    listed = ", ".join(f"{repo}:{_short(name)}" for name in others[:SHOWN])
    hint = f"name one: {listed}{', …' if len(others) > SHOWN else ''}" if others else None
    if meant:
        which = f" that {wanted!r} could mean" if wanted else ""
        raise UnsupportedModel(f"{repo} has {len(meant)} GGUF files{which}", hint=hint)
    raise ModelNotFound(
        f"{repo} has no GGUF file {wanted!r}", hint=hint or "check the name on the hub"
    )


def _names(folder: Path) -> list[str]:
    """Return the relative paths of the GGUF files in a folder and its subfolders."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob(f"*{SUFFIX}"))


def _is_meant(name: str, wanted: str) -> bool:
    """Return whether a file matches by its name, or by how its name says it is packed."""
    asked, stem = wanted.lower().removesuffix(SUFFIX), _stem(name).lower()
    whole = PurePosixPath(name.lower()).name.removesuffix(SUFFIX)
    return asked in (stem, whole) or stem.endswith((f"-{asked}", f".{asked}", f"_{asked}"))


def _stem(name: str) -> str:
    """Return a file's name without its suffix and shard number."""
    return _SHARD.sub("", PurePosixPath(name).name[: -len(SUFFIX)])


def _short(name: str) -> str:
    """Return the shortest name of a file: how it is packed, if its name says so."""
    found = _PACKED_AS.search(_stem(name))
    return found[1] if found else PurePosixPath(name).name
