"""The formats of checkpoints: a new one is a class in a file of its own and an entry here."""

from __future__ import annotations

from pathlib import Path

from longsum.checkpoint.catalog import KnownModel
from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.gguf_checkpoint import GGUFCheckpoint
from longsum.checkpoint.safetensors_checkpoint import SafetensorsCheckpoint

CHECKPOINTS: tuple[type[Checkpoint], ...] = (GGUFCheckpoint, SafetensorsCheckpoint)
"""The first that is at a folder reads it; the last takes every folder."""


def open_checkpoint(folder: Path, known: KnownModel | None = None) -> Checkpoint:
    """Read a checkpoint's folder in the format it has; loads no weights.

    Args:
        folder: a checkpoint, or what was unpacked from one.
        known: its entry in the catalogue.

    Raises:
        ModelNotFound: there is no such folder.
        UnsupportedModel: it is not a Llama that longsum runs.
    """
    format_here = next(each for each in CHECKPOINTS if each.is_at(folder))
    return format_here.open(folder, known.window if known else None)
