"""A GGUF file as a checkpoint folder: its configuration and tokenizer unpacked, its weights not.

Reading a header of hundreds of thousands of strings takes seconds. What is found is written once to
the cache folder, beside an index of the tensors that stay in the GGUF file. Everything that works
on a folder with config.json and tokenizer.json works on this one; only who reads weights asks
`read_index`.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from longsum.checkpoint.gguf import GgufCheckpoint, GgufTensor, read_gguf, shards_of
from longsum.checkpoint.gguf_tokenizer import write_tokenizer
from longsum.errors import UnsupportedModel

INDEX = "gguf.json"
VERSION = 1
SAMPLE_BYTES = 1 << 16


def unpacked(path: Path, cache: Path | None) -> Path:
    """Return the folder of a GGUF file, written now if it is not there.

    Args:
        path: the file, or any of several.
        cache: where such folders are cached; None for a temporary one, removed at exit.

    Raises:
        ModelNotFound: there is no such file.
        UnsupportedModel: it is damaged, not a Llama, or its tokenizer is of a kind not known.
    """
    files = shards_of(path) if path.is_file() else (path,)
    if cache is not None and path.is_file():
        folder = cache / f"{path.stem[:80]}-{_identity(files)}"
        if _is_current(folder):
            return folder
    else:
        folder = Path(tempfile.mkdtemp(prefix="longsum-gguf-")) / path.stem[:80]
        atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    checkpoint = read_gguf(path)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    except OSError:  # a cache that cannot be written to: for this run alone
        return unpacked(path, None)
    try:
        _write(checkpoint, partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except OSError:
        if cache is None:
            raise
        return unpacked(path, None)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def is_unpacked(folder: Path) -> bool:
    """Tell whether a folder is one of these."""
    return (folder / INDEX).is_file()


def read_index(folder: Path) -> tuple[GgufTensor, ...]:
    """Return the tensors of an unpacked GGUF file, all of which are there.

    Raises:
        UnsupportedModel: the file is gone, or was changed since.
    """
    index = _read(folder)
    for entry in index["files"]:
        if _stated(Path(entry["path"])) != (entry["size"], entry["mtime_ns"]):
            raise UnsupportedModel(
                f"{entry['path']} is gone or has changed", hint="name the file again"
            )
    return tuple(
        GgufTensor(
            **{**entry, "file": Path(entry["file"]), "shape": tuple(entry["shape"])},
        )
        for entry in index["tensors"]
    )


def files_of(folder: Path) -> tuple[Path, ...]:
    """Return the GGUF files of an unpacked folder."""
    return tuple(Path(entry["path"]) for entry in _read(folder)["files"])


def _read(folder: Path) -> dict[str, Any]:
    """Return the index of a folder."""
    found: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return found


def _is_current(folder: Path) -> bool:
    """Tell whether a folder is whole, and of this version."""
    try:
        return bool(_read(folder)["version"] == VERSION) and (folder / "tokenizer.json").is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(checkpoint: GgufCheckpoint, folder: Path) -> None:
    """Write configuration, tokenizer and index; the index last."""
    first = checkpoint.files[0]
    (folder / "config.json").write_text(json.dumps(checkpoint.config, indent=1), encoding="utf-8")
    write_tokenizer(first, checkpoint.reader, folder)
    stated = [(file, _stated(file)) for file in checkpoint.files]
    index = {
        "version": VERSION,
        "files": [
            {"path": str(file.resolve()), "size": size, "mtime_ns": changed}
            for file, (size, changed) in stated
        ],
        "tensors": [
            {**asdict(tensor), "file": str(tensor.file.resolve())} for tensor in checkpoint.tensors
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
        digest.update(f"{file.resolve()} {_stated(file)}\n".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(SAMPLE_BYTES))
    return digest.hexdigest()[:16]
