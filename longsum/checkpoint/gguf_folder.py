"""A GGUF file as a checkpoint folder: its configuration and tokenizer unpacked, its weights not.

Building a tokenizer of hundreds of thousands of strings takes seconds. It is written once to the
cache folder, with an index of the tensors, which stay in the GGUF file. Everything that works on a
folder with config.json and tokenizer.json works on this one; `GGUFCheckpoint` reads the index.
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

from longsum.checkpoint.gguf import GgufHeaders, named_errors, read_gguf, shards_of
from longsum.checkpoint.gguf_tokenizer import write_tokenizer
from longsum.errors import ModelNotFound

INDEX = "gguf.json"
VERSION = 2
SAMPLE_BYTES = 1 << 16
IDENTITY_DIGITS = 16


def unpacked(path: Path, cache: Path | None) -> Path:
    """Return the folder a GGUF file is unpacked to, unpacking it if it is not cached.

    Args:
        path: the file, or any of its shards.
        cache: folder for such folders; None for a temporary one, removed at exit.

    Raises:
        ModelNotFound: there is no such file.
        UnsupportedModel: it is damaged, not a Llama, or its kind of tokenizer is unknown.
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
            pass  # the cache cannot be written to: unpack for this run only
    temporary = Path(tempfile.mkdtemp(prefix="longsum-gguf-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return _place(checkpoint, temporary / name)


def _place(checkpoint: GgufHeaders, folder: Path) -> Path:
    """Write a folder atomically, and remove folders of older states of the file.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        _write(checkpoint, partial)
        if not _is_current(folder):
            shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except OSError:
        if not _is_current(folder):  # otherwise another process was faster
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
    """Return the files that are missing or have changed since they were unpacked."""
    return [
        entry["path"]
        for entry in index["files"]
        if _stated(Path(entry["path"])) != (entry["size"], entry["mtime_ns"])
    ]


def _is_current(folder: Path) -> bool:
    """Return whether a folder is complete and of this version."""
    try:
        return (
            bool(read_index(folder)["version"] == VERSION) and (folder / "tokenizer.json").is_file()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _is_stale(folder: Path) -> bool:
    """Return whether files that a folder was unpacked from are missing or have changed."""
    try:
        return bool(changed_files(read_index(folder)))
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _write(checkpoint: GgufHeaders, folder: Path) -> None:
    """Write configuration, tokenizer and index; the index last."""
    (folder / "config.json").write_text(json.dumps(checkpoint.config, indent=1), encoding="utf-8")
    with named_errors(checkpoint.files[0]):
        write_tokenizer(checkpoint.fields, checkpoint.config["vocab_size"], folder)
    # symbolic links are not resolved: in the hub's cache they have the file names
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
    """Return a file's size and modification time; zeros if there is none."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _identity(files: tuple[Path, ...]) -> str:
    """Return a hash of the files' paths, sizes, modification times and first bytes."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{os.path.abspath(file)} {_stated(file)}\n".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(SAMPLE_BYTES))
    return digest.hexdigest()[:IDENTITY_DIGITS]
