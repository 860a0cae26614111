"""Identify a checkpoint's state without reading all of its weights. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from longsum.checkpoint.files import CONFIG_NAME
from longsum.checkpoint.rope import Rope

SAMPLE_BYTES = 1 << 16
"""Bytes read at each sampled place of a weight file, including the header with names and shapes."""


def local_identity(folder: Path, files: Sequence[Path]) -> str:
    """Return a hash that identifies a checkpoint's weights on this machine.

    It covers each weight file's name, size, modification time, beginning and end, as reading all of
    them would take as long as loading.

    Args:
        folder: the checkpoint.
        files: its weight files, in a fixed order.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(str(folder.resolve()).encode())
    digest.update((folder / CONFIG_NAME).read_bytes())
    for path in files:
        found = path.stat()
        digest.update(f"\n{path.name} {found.st_size} {found.st_mtime_ns}\n".encode())
        digest.update(_samples(path, 0, found.st_size - SAMPLE_BYTES))
    return digest.hexdigest()


def content_identity(folder: Path, files: Sequence[Path], rope: Rope) -> str:
    """Return a hash of a checkpoint that does not depend on its path or modification times.

    It covers each weight file's name, size, beginning, middle and end.

    Args:
        folder: the checkpoint.
        files: its weight files, in a fixed order.
        rope: window and RoPE parameters in use.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256((folder / CONFIG_NAME).read_bytes())
    digest.update(repr(sorted(rope.parameters.items(), key=str)).encode())
    for path in files:
        size = path.stat().st_size
        digest.update(f"{path.name} {size}\n".encode())
        digest.update(_samples(path, 0, size // 2, size - SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def weights_fingerprint(files: Sequence[Path]) -> str:
    """Return a hash of weights that depends on neither names nor configuration.

    It covers each file's size, beginning, middle and end.

    Args:
        files: the weight files, in a fixed order.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(f"{size}\n".encode())
        digest.update(_samples(path, 0, size // 2, size - SAMPLE_BYTES))
    return digest.hexdigest()[:32]


def _samples(path: Path, *starts: int) -> bytes:
    """Return the bytes at some places of a file, concatenated."""
    with path.open("rb") as file:
        found = []
        for start in starts:
            file.seek(max(0, start))
            found.append(file.read(SAMPLE_BYTES))
    return b"".join(found)
