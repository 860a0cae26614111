"""The work of reading and writing: operations and bytes no implementation can do without. Pure.

A model reads no faster than the machine multiplies, and writes no faster than it moves the weights
and the cache through its processors.
"""

from __future__ import annotations

from longsum.checkpoint.files import ModelShape


def prefill_flops(shape: ModelShape, tokens: int, before: int = 0) -> int:
    """Return the floating-point operations of reading tokens, a multiply-add being two.

    Each token meets every weight of the linear layers, and its queries the keys and values of
    itself and of all tokens before it; only the last one meets the vocabulary.

    Args:
        shape: the model's.
        tokens: read now.
        before: tokens in the cache already.
    """
    seen = tokens * before + tokens * (tokens + 1) // 2
    linear = 2 * shape.linear_parameters * tokens
    attention = 4 * shape.num_hidden_layers * shape.attention_size * seen
    return linear + attention + 2 * shape.hidden_size * shape.vocab_size


def decode_bytes(weight_bytes: int, kv_bytes: int) -> int:
    """Return the bytes that writing one token reads.

    Args:
        weight_bytes: of all weights but an input embedding of its own, of which one row is read.
        kv_bytes: of the cache at the token's depth.
    """
    return weight_bytes + kv_bytes
