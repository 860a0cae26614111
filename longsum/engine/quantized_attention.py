"""Exact causal attention over a quantized layer, without dequantizing all of it at once.

Keys are dequantized one block of tokens at a time into buffers that all layers share; the blocks'
results are merged by their log-sum-exp. Few queries go to our GPU kernel, where there is one.
`QuantizedLayer.states` with the plain attention is the slow reference.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from longsum.checkpoint.kv_format import WORKSPACE_TOKENS
from longsum.engine import kernels
from longsum.engine.attention import Merge, attend_part
from longsum.engine.kvquant import rotate
from longsum.engine.layers import chunk_bounds
from longsum.engine.quantized import QuantizedLayer

MAX_QUERIES = 17
"""Maximum number of queries for our GPU kernel: those of a draft and of the token before it."""


def attend_quantized(query: torch.Tensor, layer: QuantizedLayer, scale: float) -> torch.Tensor:
    """Attend causally to a whole layer with the queries of its last T tokens.

    Args:
        query: (batch, heads, T, head_dim).
        layer: a layer that already holds the T tokens' keys and values.
        scale: factor on the scores.

    Returns:
        (batch, heads, T, head_dim).
    """
    batch, heads, t, head_dim = query.shape
    kv_heads = layer.shape[1]
    groups = heads // kv_heads
    done = _by_kernel(query, layer, scale)
    if done is not None:
        return done
    if layer.format.is_rotated:
        query = rotate(query)
    if t == 1:  # one query: its group shares the keys as if it were a longer query
        query = query.reshape(batch, kv_heads, groups, head_dim)
    else:  # one batch entry per key head, shared by its group with stride 0: no copy
        query = query.reshape(batch * kv_heads, groups, t, head_dim)
    merge = Merge()
    for start, end, causal in _parts(layer.length, t):
        key, value = layer.read(start, end)
        if t > 1:
            shape = (batch * kv_heads, 1, end - start, head_dim)
            key = key.view(shape).expand(-1, groups, -1, -1)
            value = value.view(shape).expand(-1, groups, -1, -1)
        merge.add(*attend_part(query, key, value, scale, causal=causal))
    output = merge.result(query.dtype).reshape(batch, heads, t, head_dim)
    return rotate(output) if layer.format.is_rotated else output


def _parts(length: int, t: int) -> Iterator[tuple[int, int, bool]]:
    """Yield bounds of keys to dequantize together, and whether they are those of the queries."""
    if t == 1:  # the last key is the query's own: it sees them all
        for start, end in chunk_bounds(0, length, WORKSPACE_TOKENS):
            yield start, end, False
        return
    for start, end in chunk_bounds(0, length - t, WORKSPACE_TOKENS):
        yield start, end, False
    yield length - t, length, True


def _by_kernel(query: torch.Tensor, layer: QuantizedLayer, scale: float) -> torch.Tensor | None:
    """Attend with a few queries through our GPU kernel; None where there is none."""
    if query.shape[2] > MAX_QUERIES or not kernels.takes_layer(layer):
        return None
    length = torch.full((1,), layer.length, dtype=torch.long, device=query.device)  # no sync
    try:
        return kernels.attend(query, layer, length, scale)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # torch works where Triton does not
        kernels.give_up(error)
        return None
