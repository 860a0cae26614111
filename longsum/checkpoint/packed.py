"""The bundled model's weight file: int8 rows with one scale each.

A matrix `W` (rows, columns) is stored as int8 `Q` and float16 `scale` (rows, 1) with W ≈ Q · scale;
vectors are stored as float16. For 5.0 M parameters this takes 5 MB and costs less than a thousandth
of the loss.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

SCALE = ".scale"


def quantize_rows(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return int8 rows and their scales.

    Args:
        matrix: (rows, columns), any floating dtype.

    Returns:
        int8 (rows, columns) and float16 (rows, 1).
    """
    import torch

    largest = matrix.float().abs().amax(dim=1, keepdim=True)
    scale = (largest / 127).clamp_min(torch.finfo(torch.float16).tiny).half()
    rows = (matrix.float() / scale.float()).round().clamp(-127, 127)
    return rows.to(torch.int8), scale


def pack(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors of the weight file."""
    packed: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        if tensor.ndim == 2:
            packed[name], packed[name + SCALE] = quantize_rows(tensor)
        else:
            packed[name] = tensor.half()
    return packed


def dequantize_rows(
    stored: torch.Tensor, scale: torch.Tensor | None, dtype: torch.dtype
) -> torch.Tensor:
    """Return a weight in a floating dtype.

    Args:
        stored: (rows, columns) int8, or a tensor of any shape without scales.
        scale: (rows, 1), or None.
        dtype: dtype of the result.
    """
    return stored.to(dtype) if scale is None else (stored.float() * scale.float()).to(dtype)


def unpack(packed: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Return the weights in a floating dtype."""
    return {
        name: dequantize_rows(stored, packed.get(name + SCALE), dtype)
        for name, stored in packed.items()
        if not name.endswith(SCALE)
    }


def is_packed(path: Path) -> bool:
    """Return whether a safetensors file is in this format."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return any(name.endswith(SCALE) for name in file.keys())  # noqa: SIM118 - no mapping
