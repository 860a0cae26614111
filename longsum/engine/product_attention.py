"""Exact causal attention by plain matrix products, for bfloat16 on a CPU.

The CPU's fused kernel multiplies in float32 even where the machine multiplies bfloat16 twice as
fast. Here queries meet their keys block by block, in three calls per block: scores, softmax,
weighted values. Scores are rounded to bfloat16 and their softmax is computed in float32, with the
result of the `eager` attention of `transformers`; `reference_attention` is the slow form.
"""

from __future__ import annotations

import torch

from longsum.checkpoint.kv_format import SCORE_ROWS

FEW = 5
"""Most tokens for which all heads are multiplied together."""


def takes_products(query: torch.Tensor) -> bool:
    """Return whether matrix products are faster than the fused kernel for these queries.

    On a CPU, bfloat16 is only the compute dtype where its products are the faster ones.
    """
    return query.device.type == "cpu" and query.dtype == torch.bfloat16


def attend_by_products(
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
    batch, heads, tokens, head_dim = query.shape
    kv_heads, seen = key.shape[1], key.shape[2]
    groups = heads // kv_heads
    each = max(1, min(tokens, SCORE_ROWS // groups))  # queries of a block
    grouped = query.reshape(batch, kv_heads, groups, tokens, head_dim)
    output = torch.empty_like(grouped)
    # one memory for all blocks: a new one each would be mapped page by page
    memory = query.new_empty(groups * each * seen)
    hidden = query.new_full((each, each), float("-inf")).triu_(1)
    for entry in range(batch):
        for head in range(kv_heads):
            keys, values = key[entry, head].T, value[entry, head]
            for start in range(0, tokens, each):
                end = min(start + each, tokens)
                visible, count = seen - tokens + end, end - start
                rows = grouped[entry, head, :, start:end].reshape(-1, head_dim)
                scores = memory[: len(rows) * visible].view(len(rows), visible)
                torch.addmm(scores, rows, keys[:, :visible], beta=0, alpha=scale, out=scores)
                if count > 1:
                    own = scores.view(groups, count, visible)[..., visible - count :]
                    own += hidden[:count, :count]
                torch.softmax(scores, -1, out=scores)
                mixed = torch.mm(scores, values[:visible])
                output[entry, head, :, start:end] = mixed.view(groups, count, head_dim)
    return output.view(batch, heads, tokens, head_dim)


def takes_few(query: torch.Tensor) -> bool:
    """Return whether `attend_few` is faster for these queries than `attend_by_products`."""
    return query.shape[0] == 1 and query.shape[2] <= FEW and takes_products(query)


def attend_few(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, length: int
) -> torch.Tensor:
    """Attend causally with few queries, all heads together: the time goes into reading the keys.

    As the left factor, keys need not be laid out anew for the product. Keys after the text are
    hidden: with them the shapes change rarely, and a kernel is made for each shape.

    Args:
        query: (1, heads, T, head_dim), the last T of the text's tokens.
        key: (1, kv_heads, S, head_dim), of which those after the text may be any finite numbers.
        value: (1, kv_heads, S, head_dim), the same.
        scale: factor on the scores.
        length: number of tokens of the text.

    Returns:
        (1, heads, T, head_dim).
    """
    _, kv_heads, seen, head_dim = key.shape
    tokens = query.shape[2]
    rows = query.reshape(kv_heads, -1, head_dim)  # (kv_heads, groups * T, head_dim)
    scores = torch.bmm(key[0], rows.transpose(1, 2)).mul_(scale)
    scores[:, length:] = float("-inf")
    scores = scores.transpose(1, 2).contiguous()  # (kv_heads, groups * T, S)
    if tokens > 1:
        own = scores.view(kv_heads, -1, tokens, seen)[..., length - tokens : length]
        own += query.new_full((tokens, tokens), float("-inf")).triu_(1)
    return torch.bmm(scores.softmax(-1), value[0]).view(query.shape)
