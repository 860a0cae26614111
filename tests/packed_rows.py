"""Rows of GGUF weights of every type, somewhere in a file."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from ggufs import IN_BLOCKS

from longsum.checkpoint.gguf import GgufTensor
from longsum.checkpoint.gguf_header import BLOCKS

ROWS, COLUMNS, BEFORE = 24, 512, 96


def packed(kind: str) -> np.ndarray:
    """Return packed rows: quantized, or of types that the library cannot write random blocks."""
    chance = np.random.default_rng(0)
    if kind in IN_BLOCKS or kind in ("F32", "F16", "BF16"):
        values = chance.standard_normal((ROWS, COLUMNS), dtype=np.float32)
        return gguf.quants.quantize(values, Type[kind]).view(np.uint8)
    weights, size = BLOCKS[kind]
    found = chance.integers(0, 256, (ROWS, COLUMNS // weights, size), dtype=np.uint8)
    scales = chance.uniform(-0.1, 0.1, found.shape[:2] + (2,)).astype(np.float16).view(np.uint8)
    if kind == "Q6_K":
        found[..., -2:] = scales[..., :2]
    else:
        found[..., :4] = scales
    return found.reshape(ROWS, -1)


def stored(folder: Path, kind: str, *, heads: int = 0) -> GgufTensor:
    """Write packed rows somewhere into a file."""
    data = packed(kind).tobytes()
    path = folder / "x"
    path.write_bytes(bytes(BEFORE) + data + bytes(50))
    return GgufTensor("x", path, kind, (ROWS, COLUMNS), BEFORE, len(data), heads)
