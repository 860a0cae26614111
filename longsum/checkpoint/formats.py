"""The formats of checkpoints: a new format is a class in its own file and an entry here."""

from __future__ import annotations

from pathlib import Path

from longsum.checkpoint.catalog import KnownModel
from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.gguf_checkpoint import GGUFCheckpoint
from longsum.checkpoint.safetensors_checkpoint import SafetensorsCheckpoint

CHECKPOINTS: tuple[type[Checkpoint], ...] = (GGUFCheckpoint, SafetensorsCheckpoint)
"""Formats by priority: the first whose `is_at` is true reads a folder; the last takes any."""


def open_checkpoint(folder: Path, known: KnownModel | None = None) -> Checkpoint:
    """Read a checkpoint's folder, whatever its format, without loading weights.

    Args:
        folder: a checkpoint, or the folder a GGUF file was unpacked to.
        known: its entry in the catalogue, if any.

    Raises:
        ModelNotFound: there is no such folder.
        UnsupportedModel: it is not a Llama that longsum runs.
    """
    format_here = next(each for each in CHECKPOINTS if each.is_at(folder))
    return format_here.open(folder, known.window if known else None)
