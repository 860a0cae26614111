"""Tell two states of a checkpoint apart without reading all of its weights. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from longsum.checkpoint.files import CONFIG_NAME
from longsum.checkpoint.rope import Rope

SAMPLE_BYTES = 1 << 16
"""Read at each place of a weight file; the header with all names and shapes is among them."""


def local_identity(folder: Path, files: Sequence[Path]) -> str:
    """Return a hash of what decides a checkpoint's weights, for this machine alone.

    Of each weight file it takes name, size, time of change, beginning and end: reading them all
    would take as long as loading.

    Args:
        folder: the checkpoint.
        files: of its weights, in a fixed order.

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
    """Return a hash of a checkpoint that does not depend on where it is, nor on its age.

    Args:
        folder: the checkpoint.
        files: of its weights, in a fixed order; of each it takes size, beginning, middle and end.
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


def _samples(path: Path, *starts: int) -> bytes:
    """Return the bytes at some places of a file, one after the other."""
    with path.open("rb") as file:
        found = []
        for start in starts:
            file.seek(max(0, start))
            found.append(file.read(SAMPLE_BYTES))
    return b"".join(found)
