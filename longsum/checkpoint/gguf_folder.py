"""A GGUF file as a checkpoint folder: its configuration and tokenizer unpacked, its weights not.

Building a tokenizer of hundreds of thousands of strings takes seconds. It is written once to the
cache folder, beside an index of the tensors, which stay in the GGUF file. Everything that works on
a folder with config.json and tokenizer.json works on this one; `GGUFCheckpoint` reads the index.
"""

from __future__ import annotations

import atexit
import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from longsum.checkpoint.gguf import GgufHeaders, naming, read_gguf, shards_of
from longsum.checkpoint.gguf_tokenizer import write_tokenizer
from longsum.errors import ModelNotFound

INDEX = "gguf.json"
VERSION = 2
SAMPLE_BYTES = 1 << 16
IDENTITY_DIGITS = 16


def unpacked(path: Path, cache: Path | None) -> Path:
    """Return the folder of a GGUF file, written now if it is not there.

    Args:
        path: the file, or any of several.
        cache: where such folders are cached; None for a temporary one, removed at exit.

    Raises:
        ModelNotFound: there is no such file.
        UnsupportedModel: it is damaged, not a Llama, or its tokenizer is of a kind not known.
    """
    if not path.is_file():
        raise ModelNotFound(f"{path} is not a file" if path.exists() else f"{path}: no such file")
    files = shards_of(path)
    try:
        name = f"{path.stem[:80]}-{_identity(files)}"
    except OSError as error:
        raise ModelNotFound(f"cannot read {path}: {error.strerror or error}") from error
    if cache is not None and _is_current(cache / name):
        return cache / name
    checkpoint = read_gguf(path)
    if cache is not None:
        try:
            return _place(checkpoint, cache / name)
        except OSError:
            pass  # a cache that cannot be written to: unpacked for this run alone
    temporary = Path(tempfile.mkdtemp(prefix="longsum-gguf-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return _place(checkpoint, temporary / name)


def _place(checkpoint: GgufHeaders, folder: Path) -> Path:
    """Write a folder whole or not at all, and remove what older states of the file left.

    Raises:
        OSError: there is no writing there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        _write(checkpoint, partial)
        if not _is_current(folder):
            shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except OSError:
        if not _is_current(folder):  # else another process was first
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for other in folder.parent.glob(f"{glob.escape(folder.name[:-IDENTITY_DIGITS])}*"):
        if other != folder and _is_stale(other):
            shutil.rmtree(other, ignore_errors=True)
    return folder


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index of an unpacked folder: version, files, tensors."""
    found: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return found


def changed_files(index: Mapping[str, Any]) -> list[str]:
    """Return the files that have changed since they were unpacked, or are gone."""
    return [
        entry["path"]
        for entry in index["files"]
        if _stated(Path(entry["path"])) != (entry["size"], entry["mtime_ns"])
    ]


def _is_current(folder: Path) -> bool:
    """Return whether a folder is whole, and of this version."""
    try:
        return (
            bool(read_index(folder)["version"] == VERSION) and (folder / "tokenizer.json").is_file()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _is_stale(folder: Path) -> bool:
    """Return whether the files that a folder was unpacked from have changed since, or are gone."""
    try:
        return bool(changed_files(read_index(folder)))
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _write(checkpoint: GgufHeaders, folder: Path) -> None:
    """Write configuration, tokenizer and index; the index last."""
    (folder / "config.json").write_text(json.dumps(checkpoint.config, indent=1), encoding="utf-8")
    with naming(checkpoint.files[0]):
        write_tokenizer(checkpoint.fields, checkpoint.config["vocab_size"], folder)
    # links are not followed: in the hub's cache they bear the names
    paths = {file: os.path.abspath(file) for file in checkpoint.files}
    stated = [(paths[file], *_stated(file)) for file in checkpoint.files]
    index = {
        "version": VERSION,
        "files": [{"path": path, "size": size, "mtime_ns": at} for path, size, at in stated],
        "tensors": [
            {**asdict(tensor), "file": paths[tensor.file]} for tensor in checkpoint.tensors
        ],
    }
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")


def _stated(file: Path) -> tuple[int, int]:
    """Return size and time of change of a file; zeros where there is none."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _identity(files: tuple[Path, ...]) -> str:
    """Return a hash of where files are, how large, how old, and how they begin."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{os.path.abspath(file)} {_stated(file)}\n".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(SAMPLE_BYTES))
    return digest.hexdigest()[:IDENTITY_DIGITS]
