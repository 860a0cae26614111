"""One attention and one append for every cache layer, with lengths and positions on the device.

A CUDA graph can replay them at any length up to the capacity: no shape, address or Python number
depends on how many tokens are held. Where Triton has no kernel (on a CPU), torch computes the same
over the whole capacity: slow, and the reference for the kernels.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib.util import find_spec

import torch

from longsum.checkpoint.kv_format import KVFormat
from longsum.engine.fallback import warn_once
from longsum.engine.kvquant import rotate
from longsum.engine.layers import HeldLayer, PreallocatedLayer
from longsum.engine.quantized import QuantizedLayer

SLOWER = "no Triton kernels for the key-value cache, answers are written more slowly"

KERNEL_DEVICES = {"cuda"}
"""Device types with kernels; tests add the CPU for Triton's interpreter."""
MIN_HEAD_DIM, MAX_HEAD_DIM = 32, 256

_failures: list[BaseException] = []
"""Errors of the kernels; after the first, this process uses no kernels."""


@cache
def _has_triton() -> bool:
    """Return whether Triton is installed."""
    return find_spec("triton") is not None


def give_up(error: BaseException) -> None:
    """Use no more kernels in this process, and report it once.

    Args:
        error: the error of a kernel: no compiler, an old driver. Triton fails in many ways.
    """
    _failures.append(error)
    warn_once(SLOWER, error)


def takes_layer(layer: HeldLayer) -> bool:
    """Return whether our GPU kernels take a layer, whose buffers are allocated.

    They take one sequence whose head_dim is a power of two from 32 to 256, on a CUDA device, if
    Triton is installed and no kernel has failed.
    """
    held = layer.buffers().get("values")
    if held is None or held.device.type not in KERNEL_DEVICES or _failures:
        return False
    if isinstance(layer, QuantizedLayer) and not _takes_format(layer.format):
        return False
    head_dim = layer.shape[2] if isinstance(layer, QuantizedLayer) else held.shape[-1]
    fits = MIN_HEAD_DIM <= head_dim <= MAX_HEAD_DIM and head_dim & (head_dim - 1) == 0
    if not fits or held.shape[0] != 1:
        return False
    if not _has_triton():
        warn_once(SLOWER, "Triton is not installed")
    return _has_triton()


def _takes_format(kv_format: KVFormat) -> bool:
    """Return whether the kernels support a format: 8-bit integers, or rotated 4-bit integers."""
    four = kv_format.bits == 4
    known = kv_format.bits in (4, 8) and not kv_format.is_float
    return known and kv_format.is_rotated == kv_format.is_centred == four


def append(
    layer: HeldLayer, key: torch.Tensor, value: torch.Tensor, position: torch.Tensor
) -> None:
    """Write new keys and values into a layer's buffers, without changing `layer.length`.

    Args:
        layer: a layer that already holds tokens, so that its buffers and its centre are set.
        key: (1, kv_heads, T, head_dim).
        value: (1, kv_heads, T, head_dim).
        position: () or (1,) int64 position of the first, on their device; position + T ≤ capacity.
    """
    if not takes_layer(layer):
        _append_plain(layer, key, value, position)
        return
    from longsum.engine import triton_append

    with _on(key.device):
        triton_append.append(layer, key, value, position)


def attend(
    query: torch.Tensor, layer: HeldLayer, length: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend causally to a layer with the queries of its last T tokens.

    Args:
        query: (1, heads, T, head_dim), without the Hadamard rotation.
        layer: a layer that already holds the T tokens' keys and values.
        length: (1,) int64 number of tokens held, including the T, on query's device.
        scale: factor on the scores.

    Returns:
        (1, heads, T, head_dim), rotated back; a view of a contiguous (1, T, heads, head_dim).
    """
    if not takes_layer(layer):
        return _attend_plain(query, layer, length, scale)
    from longsum.engine import triton_attend

    is_rotated = isinstance(layer, QuantizedLayer) and layer.format.is_rotated
    with _on(query.device):
        query = rotate(query) if is_rotated else query
        output = triton_attend.attend(query, layer, length, scale)
        return rotate(output.transpose(1, 2)).transpose(1, 2) if is_rotated else output


def _on(device: torch.device) -> AbstractContextManager[object]:
    """Make a device current: Triton launches there, wherever its arguments are."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _append_plain(
    layer: HeldLayer, key: torch.Tensor, value: torch.Tensor, position: torch.Tensor
) -> None:
    """Append with torch."""
    places = position.reshape(1) + torch.arange(key.shape[2], device=key.device)
    held = layer.buffers()
    if isinstance(layer, PreallocatedLayer):
        held["keys"].index_copy_(2, places, key.to(held["keys"].dtype))
        held["values"].index_copy_(2, places, value.to(held["values"].dtype))
        return
    assert isinstance(layer, QuantizedLayer)
    for name, states in (("keys", layer.centred(key)), ("values", value)):
        codes, scale = layer.quantized(states)
        held[name].index_copy_(2, places, codes)
        held[f"{name}_scale"].index_copy_(2, places, scale)


def _attend_plain(
    query: torch.Tensor, layer: HeldLayer, length: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend with torch, over the whole capacity."""
    _, heads, t, head_dim = query.shape
    is_rotated = isinstance(layer, QuantizedLayer) and layer.format.is_rotated
    if isinstance(layer, QuantizedLayer):
        key, value = layer.read(0, layer.capacity)
        query = rotate(query) if is_rotated else query
    else:
        key, value = layer.buffers()["keys"], layer.buffers()["values"]
    kv_heads, capacity = key.shape[1:3]
    place = torch.arange(capacity, device=key.device)
    held = (place < length)[:, None]
    last = length - t + torch.arange(t, device=key.device)
    rows = query.reshape(1, kv_heads, heads // kv_heads, t, head_dim).float()
    keys = key.float().masked_fill(~held, 0)[:, :, None]  # the rest is uninitialized
    scores = (rows @ keys.transpose(-1, -2)) * scale  # (1, H_kv, G, T, capacity)
    weights = scores.masked_fill(place > last[:, None], float("-inf")).softmax(-1)
    output = weights @ value.float().masked_fill(~held, 0)[:, :, None]
    output = output.reshape(1, heads, t, head_dim).to(query.dtype)
    output = rotate(output) if is_rotated else output
    return output.transpose(1, 2).contiguous().transpose(1, 2)
