"""Filled cache layers of every kind, and their content."""

from __future__ import annotations

import torch

from benchmarks.gpu.common import DEVICE, KIND, rnd
from longsum.checkpoint.kv_format import KV_FORMATS
from longsum.engine.kvquant import rotate
from longsum.engine.layers import HeldLayer, PreallocatedLayer
from longsum.engine.quantized import QuantizedLayer, Workspace

KINDS = ("native", "int8", "int4")
SHAPES = ((32, 32, 128), (32, 8, 128), (9, 3, 64))
"""Heads, key heads, head_dim."""
WORKSPACE = Workspace()


def layer_of(
    kind: str, capacity: int, kv_heads: int, head_dim: int, dtype: torch.dtype = KIND
) -> HeldLayer:
    """Return a layer with uninitialized buffers.

    Args:
        kind: one of `KINDS`.
        capacity: maximum tokens.
        kv_heads: number of key heads.
        head_dim: number of values per head.
        dtype: dtype of keys and values.
    """
    if kind == "native":
        layer: HeldLayer = PreallocatedLayer(capacity)
    else:
        layer = QuantizedLayer(capacity, KV_FORMATS[kind], WORKSPACE)
    layer.allocate(1, kv_heads, head_dim, dtype, torch.device(DEVICE))
    return layer


def filled(kind: str, n: int, kv_heads: int, head_dim: int, more: int = 7) -> HeldLayer:
    """Return a layer with n random tokens, and NaN after them.

    Args:
        kind: one of `KINDS`.
        n: number of tokens.
        kv_heads: number of key heads.
        head_dim: number of values per head.
        more: capacity beyond n.
    """
    layer = layer_of(kind, n + more, kv_heads, head_dim)
    layer.update(rnd(1, kv_heads, n, head_dim), rnd(1, kv_heads, n, head_dim))
    for name, held in layer.buffers().items():
        if held.is_floating_point() and "centre" not in name:
            held[:, :, n:] = float("nan")
    return layer


def held(layer: HeldLayer, query: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return keys, values and the query as attention sees them: rotated if the layer is."""
    if isinstance(layer, QuantizedLayer):
        key, value = (states.clone() for states in layer.read(0, layer.length))
        return key, value, rotate(query) if layer.format.is_rotated else query
    buffers = layer.buffers()
    key, value = (buffers[name][:, :, : layer.length] for name in ("keys", "values"))
    return key, value, query


def turned_back(layer: HeldLayer, output: torch.Tensor) -> torch.Tensor:
    """Return an output as the kernel returns it: rotated back if the layer is rotated."""
    return (
        rotate(output) if isinstance(layer, QuantizedLayer) and layer.format.is_rotated else output
    )


def length_of(layer: HeldLayer) -> torch.Tensor:
    """Return a layer's length, on the device."""
    return torch.full((1,), layer.length, dtype=torch.long, device=DEVICE)
