"""Exact causal attention of a chunk over everything before it, without a mask and without copies.

A chunk of queries meets two kinds of keys: those before the chunk, all of which it sees, and its
own, which it sees causally. Where the kernel has no lower-right causal form (CPUs, float32 and
older GPUs, cuDNN), the parts are computed one by one and merged by their log-sum-exp, as
FlashAttention merges its blocks (arXiv 2205.14135, section 3.1); this is exact up to rounding.
`reference_attention` is the slow form.

Kernels are called by name: PyTorch's choice among them falls on cuDNN for single queries on Hopper,
which then makes a plan for every length (pytorch #155958).
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from longsum.engine import cudnn
from longsum.engine.product_attention import attend_by_products, takes_products

SPLIT_TOKENS = 1024
"""Minimum number of keys for which splitting them is faster."""


def reference_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Compute `attend` with an explicit mask and full scores: attention `eager`, and for tests.

    Args:
        query: (batch, heads, T, head_dim), the last T of the S tokens.
        key: (batch, kv_heads, S, head_dim).
        value: (batch, kv_heads, S, head_dim).
        scale: factor on the scores.

    Returns:
        (batch, heads, T, head_dim).
    """
    key, value = _repeated(query, key, value)
    scores = query @ key.transpose(-1, -2) * scale  # (B, H, T, S)
    scores = scores.masked_fill(~_visible(query, key), float("-inf"))
    exact = torch.promote_types(query.dtype, torch.float32)
    return scores.softmax(-1, exact).to(query.dtype) @ value


def sdpa_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Compute `attend` through the kernel that torch chooses.

    Args:
        query: (batch, heads, T, head_dim), the last T of the S tokens.
        key: (batch, kv_heads, S, head_dim).
        value: (batch, kv_heads, S, head_dim).
        scale: factor on the scores.

    Returns:
        (batch, heads, T, head_dim).
    """
    key, value = _repeated(query, key, value)
    return _by_torch(query, key, value, scale)


def _repeated(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Repeat keys and values for each query head of a group."""
    groups = query.shape[1] // key.shape[1]
    return key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)


def _visible(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Return which keys each query sees, (T, S); the queries are those of the last T tokens."""
    t, s = query.shape[-2], key.shape[-2]
    return torch.ones(t, s, dtype=torch.bool, device=query.device).tril(s - t)


def _by_torch(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend by the kernel that torch chooses, with as many key heads as query heads."""
    if query.shape[-2] == key.shape[-2]:
        return F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale)
    visible = _visible(query, key)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=visible, scale=scale)


def _merged(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend to the keys before the chunk and to the chunk itself, then merge the results."""
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
    if takes_products(query):
        return attend_by_products(query, key, value, scale)
    if t == 1:  # one query: its group shares the keys as if it were a longer query
        packed = query.reshape(batch, kv_heads, groups, head_dim)
        return _one(packed, key, value, scale).reshape(batch, heads, 1, head_dim)
    if takes_groups(query):
        return _by_chunks_kernel(query, key, value, scale)
    if groups > 1:  # one batch entry per key head, shared by its group with stride 0: no copy
        query = query.reshape(batch * kv_heads, groups, t, head_dim)
        key = key.reshape(batch * kv_heads, 1, s, head_dim).expand(-1, groups, -1, -1)
        value = value.reshape(batch * kv_heads, 1, s, head_dim).expand(-1, groups, -1, -1)
    return _causal(query, key, value, scale).reshape(batch, heads, t, head_dim)


def _one(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float) -> torch.Tensor:
    """Attend with few queries that see all keys: (batch, kv_heads, groups, head_dim).

    The CPU's kernel gives each head to one thread. With fewer heads than threads, the keys are
    split into one part per available thread, and the parts are merged by their log-sum-exp
    (Flash-Decoding, arXiv 2311.01282, section 3, splits this way on a GPU).
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
    # each part becomes a head: (kv_heads, parts, each, head_dim); the remainder is merged last
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
    """Attend on a GPU whose kernels take groups: by cuDNN in parts, or by flash in one call."""
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
    """Attend through an exact kernel, with as many key heads as query heads."""
    device, is_whole = query.device.type, query.shape[-2] == key.shape[-2]
    if device == "cuda" or (device == "cpu" and not is_whole):
        return _merged(query, key, value, scale)
    return _by_torch(query, key, value, scale)


def attend_part(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, *, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend to one part of the keys through the device's fastest exact kernel.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, heads, S, head_dim); fewer heads only where `takes_groups`.
        value: as key.
        scale: factor on the scores.
        causal: with T = S, query t sees keys up to t; otherwise it sees all. Where `takes_groups`,
            T may be less than S: the queries are the last T of the S tokens.

    Returns:
        The output (batch, heads, T, head_dim) and the log-sum-exp (batch, heads, T) float32.
    """
    aten = torch.ops.aten
    square = not causal or query.shape[2] == key.shape[2]
    if square and cudnn.fits(query, key):
        found = cudnn.attend(query, key, value, scale, causal=causal)
        if found is not None:
            return found
    if query.device.type == "cpu":
        output, lse = aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, causal, scale=scale
        )
    elif takes_groups(query):
        output, lse, *_ = aten._scaled_dot_product_flash_attention(
            query, key, value, 0.0, causal, False, scale=scale
        )
    elif query.device.type == "cuda" and query.shape[-1] % 8 == 0:
        output, lse, *_ = aten._scaled_dot_product_efficient_attention(
            query, key, value, None, True, 0.0, causal, scale=scale
        )
    else:
        output, lse = attend_part_plain(query, key, value, scale, causal=causal)
    return output, lse[..., : query.shape[-2]].float()  # some kernels pad it


def takes_groups(query: torch.Tensor) -> bool:
    """Return whether the GPU's flash kernel takes these queries: 16 bits, from Ampere on.

    Only this kernel takes fewer key heads than query heads, and a causal chunk after other keys.
    """
    if query.device.type != "cuda":
        return False
    head_dim = query.shape[-1]
    fits = query.dtype != torch.float32 and head_dim % 8 == 0 and head_dim <= 256
    return fits and torch.cuda.get_device_capability(query.device) >= (8, 0)


def attend_part_plain(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, *, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute `attend_part` with full scores: for devices without a kernel, and for tests.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, heads, S, head_dim).
        value: (batch, heads, S, head_dim).
        scale: factor on the scores.
        causal: with T = S, query t sees keys up to t; otherwise it sees all.

    Returns:
        The output (batch, heads, T, head_dim) and the log-sum-exp (batch, heads, T) float32.
    """
    scores = (query.float() @ key.float().transpose(-1, -2)) * scale  # (B, H, T, S)
    if causal:
        visible = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~visible, float("-inf"))
    lse = scores.logsumexp(-1)
    weights = (scores - lse.unsqueeze(-1)).exp_()
    return (weights @ value.float()).to(query.dtype), lse


class Merge:
    """Attention output of the parts added so far, in float32 from the second part on."""

    def __init__(self) -> None:
        self._output: torch.Tensor | None = None
        self._lse: torch.Tensor | None = None
        self._is_own = False

    def add(self, output: torch.Tensor, lse: torch.Tensor) -> None:
        """Add one part.

        Args:
            output: (batch, heads, T, head_dim).
            lse: (batch, heads, T) float32.
        """
        if self._output is None or self._lse is None:
            self._output, self._lse, self._is_own = output, lse, False
            return
        if not self._is_own:  # a single part is returned unchanged
            self._output, self._is_own = self._output.to(torch.float32, copy=True), True
        share = torch.sigmoid(lse - self._lse).unsqueeze(-1)  # of the new part
        self._output.mul_(1 - share).addcmul_(output, share)  # no float32 copy of the part
        self._lse = torch.logaddexp(self._lse, lse)

    def result(self, dtype: torch.dtype) -> torch.Tensor:
        """Return the merged output."""
        assert self._output is not None, "no part was added"
        return self._output.to(dtype)


ATTENTIONS = {"auto": attend, "sdpa": sdpa_attention, "eager": reference_attention}
"""Implementations by `LoadConfig.attention`: exact in chunks, torch's choice, full scores."""
