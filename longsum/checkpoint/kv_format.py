"""The size of the KV cache, by dtype, and of what attention over it needs besides. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longsum.checkpoint.files import ModelShape

KV_DTYPES = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
"""The native cache's dtype: the compute dtype, losing nothing."""

KV_BLOCK = 32
"""Most values along head_dim that share a scale."""

WORKSPACE_TOKENS = 4096
"""Tokens of a quantized cache that are dequantized at once: as many as the largest chunk."""

QUANTIZE_TOKENS = 512
"""Tokens of a chunk that are quantized at once."""

_BITS = {"fp32": 32, "bf16": 16, "fp16": 16, "int8": 8, "int4": 4}
"""Bits of a cached value, without its share of a scale."""


def kv_block(head_dim: int) -> int:
    """Return how many values share a scale: 32, or the largest power of two that divides."""
    return math.gcd(head_dim, KV_BLOCK)


def is_quantized(kv_dtype: str) -> bool:
    """Tell whether a cache of this dtype is dequantized to be read."""
    return kv_dtype in ("int8", "int4")


def bytes_of_kv_cache(shape: ModelShape, tokens: int, kv_dtype: str) -> int:
    """Return the bytes of the KV cache: 2 · layers · kv heads · head_dim · tokens · bits / 8.

    A quantized value is one of 8 or 4 bits; a block's scale adds 16 bits, and so does, for int4,
    each value of the key that is taken from all keys. Layers that need float32 are held so.
    """
    layer = 2 * shape.key_value_size * tokens
    if not is_quantized(kv_dtype):
        return shape.num_hidden_layers * layer * _BITS[kv_dtype] // 8
    quantized = shape.num_hidden_layers - shape.exact_kv_layers
    scales = quantized * layer // kv_block(shape.head_dim)
    centre = quantized * shape.key_value_size if kv_dtype == "int4" else 0
    held = quantized * layer * _BITS[kv_dtype] // 8 + 2 * (scales + centre)
    return held + shape.exact_kv_layers * layer * 4


def bytes_of_kv_workspace(shape: ModelShape, tokens: int, kv_dtype: str, width: int) -> int:
    """Return the bytes it takes to read and fill a quantized cache, whatever its length.

    They are one block of dequantized keys and values with its scales, for int4 its unpacked codes,
    and what `QUANTIZE_TOKENS` new tokens need to become codes: values, magnitudes and quotients in
    float32, and before int4 their rotation.

    Args:
        shape: the model's.
        tokens: the cache's capacity.
        kv_dtype: `int8` or `int4`; any other needs nothing.
        width: bytes of a value of the compute dtype.
    """
    if not is_quantized(kv_dtype):
        return 0
    values = min(tokens, WORKSPACE_TOKENS) * shape.key_value_size
    read = 2 * values * width + values * width // kv_block(shape.head_dim)
    fill = min(tokens, QUANTIZE_TOKENS) * shape.key_value_size * 12
    return read + fill + (values if kv_dtype == "int4" else 0)
