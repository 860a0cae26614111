"""Cache layers for the tests of the attention kernels, and what torch makes of them."""

from __future__ import annotations

import torch

from longsum.checkpoint.kv_format import KV_FORMATS
from longsum.engine.kvquant import unpack_int4
from longsum.engine.layers import HeldLayer, PreallocatedLayer
from longsum.engine.quantized import QuantizedLayer, Workspace

KINDS = ("native", "int8", "int4")


def layer_of(
    kind: str, capacity: int, kv_heads: int, head_dim: int, like: torch.Tensor
) -> HeldLayer:
    """Return a layer with buffers full of nonsense, of a tensor's dtype and on its device."""
    if kind == "native":
        layer: HeldLayer = PreallocatedLayer(capacity)
    else:
        layer = QuantizedLayer(capacity, KV_FORMATS[kind], Workspace())
    layer.allocate(1, kv_heads, head_dim, like.dtype, like.device)
    for name, held in layer.buffers().items():
        if held.is_floating_point() and name != "keys_centre":
            held.fill_(float("nan"))
    return layer


def random(*shape: int, like: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Return random values of a tensor's dtype and on its device."""
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return made.to(like)


def filled(
    kind: str, length: int, kv_heads: int, head_dim: int, like: torch.Tensor, more: int = 37
) -> HeldLayer:
    """Return a layer that holds random tokens, and nonsense beyond them."""
    layer = layer_of(kind, length + more, kv_heads, head_dim, like)
    shape = (1, kv_heads, length, head_dim)
    layer.update(random(*shape, like=like, seed=length), random(*shape, like=like, seed=1))
    return layer


def exact(query: torch.Tensor, layer: HeldLayer, scale: float) -> torch.Tensor:
    """Attend in float32 over what a layer holds, keys and values not rotated."""
    if isinstance(layer, QuantizedLayer):
        dtype, layer.dtype = layer.dtype, torch.float32
        key, value = layer.states()
        layer.dtype = dtype
    else:
        buffers = layer.buffers()
        key, value = (buffers[name][:, :, : layer.length].float() for name in ("keys", "values"))
    t, s, groups = query.shape[2], key.shape[2], query.shape[1] // key.shape[1]
    key, value = (states.repeat_interleave(groups, 1) for states in (key, value))
    seen = torch.ones(t, s, dtype=torch.bool, device=query.device).tril(s - t)
    scores = (query.float() @ key.transpose(-1, -2)) * scale
    return scores.masked_fill(~seen, float("-inf")).softmax(-1) @ value


def codes(layer: HeldLayer, name: str) -> torch.Tensor:
    """Return all values or codes that a layer has a place for."""
    held = layer.buffers()[name]
    if not isinstance(layer, QuantizedLayer):
        return held
    if not layer.format.is_packed:
        return held.int()
    shape = (*held.shape[:-1], 2 * held.shape[-1])
    return unpack_int4(held, torch.empty(shape, dtype=torch.int8, device=held.device)).int()
