"""Attention of whole chunks on Hopper, where cuDNN's kernel is nearly twice as fast as flash.

Measured elsewhere: 631 against 329 TFLOP/s on an H100 (pytorch #142132), and slower than flash on
other architectures (transformers #48163). cuDNN builds a plan for every combination of lengths,
which takes the host longer than a short attention, so it is called with only a few lengths.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from longsum.engine.fallback import warn_once

STEP_TOKENS = 1024
"""Numbers of queries and keys that are not multiples of this go to the flash kernel."""

_failed: list[str] = []
"""Error messages of cuDNN; after the first, it is not tried again."""


def fits(query: torch.Tensor, key: torch.Tensor) -> bool:
    """Return whether to try cuDNN: a Hopper GPU, 16 bits, whole chunks.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, kv_heads, S, head_dim).
    """
    return takes_chunk(query) and key.shape[2] > 0 and key.shape[2] % STEP_TOKENS == 0


def takes_chunk(query: torch.Tensor) -> bool:
    """Return whether cuDNN takes a chunk's queries (batch, heads, T, head_dim)."""
    t, head_dim = query.shape[2:]
    return (
        query.device.type == "cuda"
        and not _failed
        and t >= STEP_TOKENS
        and t % STEP_TOKENS == 0
        and query.dtype in (torch.bfloat16, torch.float16)
        and head_dim % 8 == 0
        and head_dim <= 128
        and torch.version.hip is None
        and torch.cuda.get_device_capability(query.device)[0] == 9
    )


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, *, causal: bool
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Attend to one part of the keys, as `attend_part` does.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, kv_heads, S, head_dim).
        value: (batch, kv_heads, S, head_dim).
        scale: factor on the scores.
        causal: with T = S, query t sees keys up to t; otherwise it sees all.

    Returns:
        The output (batch, heads, T, head_dim) and the log-sum-exp (batch, heads, T); None if cuDNN
        fails.
    """
    try:
        output, lse, *_ = torch.ops.aten._scaled_dot_product_cudnn_attention(
            query, key, value, None, True, 0.0, causal, False, scale=scale
        )
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # cuDNN is too old or not installed
        _failed.append(str(error))
        warn_once("no attention by cuDNN, reading takes longer", error)
        return None
    return output, lse.reshape(output.shape[:3])


def pieces(tokens: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) bounds of pieces whose lengths are powers of two, the remainder last.

    So a text of any length needs no more plans than its length has binary digits.
    """
    start = 0
    while tokens - start >= STEP_TOKENS:
        size = 1 << ((tokens - start).bit_length() - 1)
        yield start, start + size
        start += size
    if start < tokens:
        yield start, tokens
