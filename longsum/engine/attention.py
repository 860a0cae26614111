"""Exact causal attention of a chunk over everything before it, without a mask and without copies.

Our own model calls it, and `transformers` under the name `longsum`. A chunk of queries meets two
kinds of keys: those before the chunk, all of which it sees, and its own, which it sees causally.
Where the kernel has no lower-right causal form (CPUs, float32 and older GPUs, cuDNN), the parts are
computed one by one and merged by their log-sum-exp, as FlashAttention merges its blocks (arXiv
2205.14135, section 3.1); this is exact up to rounding. `reference_attention` is the slow form.

Kernels are called by name: PyTorch's choice among them falls on cuDNN for single queries on Hopper,
which then makes a plan for every length (pytorch #155958).
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from longsum.engine import cudnn
from longsum.engine.layers import HeldLayer
from longsum.engine.partial import Merge, attend_part, takes_groups
from longsum.engine.quantized import QuantizedLayer
from longsum.engine.quantized_attention import attend_quantized

NAME = "longsum"
SPLIT_TOKENS = 1024
"""Keys from which on cutting them pays."""


def reference_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Compute the same with an explicit mask and full scores, for tests.

    Args:
        query: (batch, heads, T, head_dim), the last T of the S tokens.
        key: (batch, heads, S, head_dim).
        value: (batch, heads, S, head_dim).
        scale: factor on the scores.
    """
    t, s = query.shape[-2], key.shape[-2]
    scores = query @ key.transpose(-1, -2) * scale  # (B, H, T, S)
    visible = torch.ones(t, s, dtype=torch.bool, device=query.device).tril(s - t)
    return scores.masked_fill(~visible, float("-inf")).softmax(-1) @ value


def _merged(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend to the keys before the chunk and to the chunk itself, and merge the two."""
    past = key.shape[-2] - query.shape[-2]
    if not past:
        return attend_part(query, key, value, scale, causal=True)[0]
    before, lse_before = attend_part(
        query, key[:, :, :past], value[:, :, :past], scale, causal=False
    )
    own, lse_own = attend_part(query, key[:, :, past:], value[:, :, past:], scale, causal=True)
    weight = torch.sigmoid(lse_own - lse_before).unsqueeze(-1)  # (B, H, T, 1)
    return torch.lerp(before, own, weight.to(own.dtype))


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend causally with the chunk aligned to the end of the keys.

    Args:
        query: (batch, heads, T, head_dim), the last T of the S tokens.
        key: (batch, kv_heads, S, head_dim).
        value: (batch, kv_heads, S, head_dim).
        scale: factor on the scores.

    Returns:
        (batch, heads, T, head_dim).
    """
    batch, heads, t, head_dim = query.shape
    kv_heads, s = key.shape[1], key.shape[2]
    groups = heads // kv_heads
    if t == 1:  # one query: its group shares the keys as if it were a longer query
        packed = query.reshape(batch, kv_heads, groups, head_dim)
        return _one(packed, key, value, scale).reshape(batch, heads, 1, head_dim)
    if takes_groups(query):
        return _by_chunks_kernel(query, key, value, scale)
    if groups > 1:  # one batch entry a key head, its group sharing it by a stride of 0: no copy
        query = query.reshape(batch * kv_heads, groups, t, head_dim)
        key = key.reshape(batch * kv_heads, 1, s, head_dim).expand(-1, groups, -1, -1)
        value = value.reshape(batch * kv_heads, 1, s, head_dim).expand(-1, groups, -1, -1)
    return _causal(query, key, value, scale).reshape(batch, heads, t, head_dim)


def _one(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float) -> torch.Tensor:
    """Attend with few queries that see all keys: (batch, kv_heads, groups, head_dim).

    The CPU's kernel gives each head to one thread. With fewer heads than threads, the keys are cut
    into as many parts as there are threads to a head, which are merged by their log-sum-exp
    (Flash-Decoding, arXiv 2311.01282, section 3, cuts so for a GPU).
    """
    batch, kv_heads, groups, head_dim = query.shape
    tokens = key.shape[2]
    if query.device.type == "cuda":
        return attend_part(query, key, value, scale, causal=False)[0]
    parts = torch.get_num_threads() // kv_heads if query.device.type == "cpu" else 1
    if batch > 1 or parts < 2 or tokens < SPLIT_TOKENS:
        return F.scaled_dot_product_attention(query, key, value, scale=scale)
    each = tokens // parts
    cut = each * parts
    # a part is a head of its own: (kv_heads, parts, each, head_dim), and the few keys behind them
    spread = query[0, :, None].expand(-1, parts, -1, -1)
    merge = Merge()
    output, lse = attend_part(
        spread,
        key[0, :, :cut].view(kv_heads, parts, each, head_dim),
        value[0, :, :cut].view(kv_heads, parts, each, head_dim),
        scale,
        causal=False,
    )
    for part in range(parts):
        merge.add(output[None, :, part], lse[None, :, part])
    if cut < tokens:
        merge.add(*attend_part(query, key[:, :, cut:], value[:, :, cut:], scale, causal=False))
    return merge.result(query.dtype)


def _by_chunks_kernel(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend on a GPU whose kernels take groups: by cuDNN in parts, or by flash at once."""
    past = key.shape[2] - query.shape[2]
    if not cudnn.takes_chunk(query):
        return attend_part(query, key, value, scale, causal=True)[0]
    merge = Merge()
    bounds = [*cudnn.pieces(past), (past, key.shape[2])]
    for start, end in bounds:
        part = (query, key[:, :, start:end], value[:, :, start:end], scale)
        merge.add(*attend_part(*part, causal=start == past))
    return merge.result(query.dtype)


def _causal(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend through an exact kernel that has as many key heads as query heads."""
    t, s = query.shape[-2], key.shape[-2]
    if query.device.type == "cuda":
        return _merged(query, key, value, scale)
    if t == s:
        return F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale)
    if query.device.type == "cpu":
        return _merged(query, key, value, scale)
    visible = torch.ones(t, s, dtype=torch.bool, device=query.device).tril(s - t)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=visible, scale=scale)


def attend_new(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float,
    *,
    held: HeldLayer | None,
) -> torch.Tensor:
    """Attend causally with new tokens, after their keys and values are put into a cache layer.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, kv_heads, T, head_dim).
        value: (batch, kv_heads, T, head_dim).
        scale: factor on the scores.
        held: takes them; None where there are no tokens but these.

    Returns:
        (batch, heads, T, head_dim).
    """
    if held is not None:
        key, value = held.update(key, value)
    return attend_held(query, key, value, scale)


def attend_held(
    query: torch.Tensor,
    key: torch.Tensor | QuantizedLayer,
    value: torch.Tensor | QuantizedLayer,
    scale: float,
) -> torch.Tensor:
    """Attend causally to what a cache layer's `update` returned; see `attend`."""
    if isinstance(key, QuantizedLayer):
        return attend_quantized(query, key, scale)
    assert isinstance(value, torch.Tensor)
    return attend(query, key, value, scale)


def _attention_forward(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor | QuantizedLayer,
    value: torch.Tensor | QuantizedLayer,
    attention_mask: torch.Tensor | None,
    scaling: float,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Adapt `attend_held` to the signature `transformers` calls."""
    assert attention_mask is None, "longsum attention reads one unpadded sequence"
    return attend_held(query, key, value, scaling).transpose(1, 2).contiguous(), None


def register() -> str:
    """Make the attention known to `transformers` and return its name."""
    from transformers import AttentionInterface  # two seconds, which our own model does without

    AttentionInterface.register(NAME, _attention_forward)
    return NAME
