"""Exact causal attention by plain matrix products, for bfloat16 on a CPU.

The CPU's fused kernel multiplies in float32 even where the machine multiplies bfloat16 twice as
fast. Here queries meet their keys block by block, in three calls per block: scores, softmax,
weighted values. Scores are rounded to bfloat16 and their softmax is computed in float32, with the
result of the `eager` attention of `transformers`; `reference_attention` is the slow form.
"""

from __future__ import annotations

import torch

from longsum.checkpoint.kv_format import SCORE_ROWS


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
