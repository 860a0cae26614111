"""Tell two states of a checkpoint apart without reading all of its weights. No torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

from longsum.checkpoint.files import CONFIG_NAME
from longsum.checkpoint.gguf_folder import files_of, is_unpacked

SAMPLE_BYTES = 1 << 16
"""Read at either end of each weight file; the header with all names and shapes is among them."""


def weight_files(folder: Path) -> list[Path]:
    """Return the files whose bytes are a checkpoint's weights, in a fixed order."""
    if is_unpacked(folder):
        return list(files_of(folder))
    return sorted(folder.glob("*.safetensors"))


def weights_identity(folder: Path) -> str:
    """Return a hash of what decides a checkpoint's weights.

    Of each weight file it takes name, size, time of change, beginning and end: reading them all
    would take as long as loading.

    Args:
        folder: the checkpoint.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(str(folder.resolve()).encode())
    digest.update((folder / CONFIG_NAME).read_bytes())
    for path in weight_files(folder):
        found = path.stat()
        digest.update(f"\n{path.name} {found.st_size} {found.st_mtime_ns}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(SAMPLE_BYTES))
            file.seek(max(0, found.st_size - SAMPLE_BYTES))
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
