"""The least work of reading and writing: operations and bytes that no implementation avoids. Pure.

Reading is bound by how fast the machine multiplies, writing by how fast it moves the weights and
the cache through its processors.
"""

from __future__ import annotations

from longsum.checkpoint.files import ModelShape


def prefill_flops(shape: ModelShape, tokens: int, before: int = 0) -> int:
    """Return the floating-point operations of a prefill; a multiply-add counts as two.

    Each token is multiplied by every weight of the linear layers and attends to itself and all
    tokens before it; only the last one is multiplied by the output embedding.

    Args:
        shape: the shape of the model.
        tokens: number of tokens to read.
        before: number of tokens already in the KV cache.
    """
    attended = tokens * before + tokens * (tokens + 1) // 2
    linear = 2 * shape.linear_parameters * tokens
    attention = 4 * shape.num_hidden_layers * shape.attention_size * attended
    return linear + attention + 2 * shape.hidden_size * shape.vocab_size


def decode_bytes(weight_bytes: int, kv_bytes: int) -> int:
    """Return the bytes read to write one token.

    Args:
        weight_bytes: bytes of all weights, without an untied input embedding, of which only one
            row is read.
        kv_bytes: bytes of the KV cache at the token's position.
    """
    return weight_bytes + kv_bytes
