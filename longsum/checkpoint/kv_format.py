"""Formats of the key-value cache, and the memory they take. Pure, no torch.

A new format is a row in `KV_FORMATS` and, if no codec has its properties yet, one in `CODECS` of
`engine/kvquant.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longsum.checkpoint.files import ModelShape

KV_DTYPES = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
"""Names of the native cache's dtype, which is the compute dtype."""

NATIVE_BITS = {"fp32": 32, "bf16": 16, "fp16": 16}
"""Bits per value of a native cache."""

WORKSPACE_TOKENS = 4096
"""Tokens of a quantized cache dequantized at once: as many as the largest chunk."""

QUANTIZE_TOKENS = 512
"""Tokens of a chunk quantized at once."""

SCORE_ROWS = 768
"""Rows of attention scores in memory at once where a CPU attends in bfloat16: queries, times the
heads that share their keys."""


@dataclass(frozen=True)
class KVFormat:
    """Codes in blocks along head_dim, with a float16 scale for each block."""

    name: str
    """As `LoadConfig.kv_cache` takes it, and as receipts show it."""
    bits: int
    """Bits per code."""
    loss: float
    """Maximum relative increase of the perplexity; the planner tries the smallest first."""
    is_float: bool = False
    """Whether codes are floating-point numbers instead of integers."""
    is_rotated: bool = False
    """Whether keys and values are rotated by a Hadamard matrix, so that queries have to be, too."""
    is_centred: bool = False
    """Whether a mean key is subtracted from all keys.

    The channels that RoPE turns slowly are nearly the same in every key, which would use up the few
    bits. Subtracting a vector from all keys shifts all of a query's scores equally, and softmax is
    invariant to it (SageAttention, arXiv 2410.02367, section 4.2)."""
    max_block: int = 32
    """Maximum number of values along head_dim that share a scale."""

    @property
    def is_packed(self) -> bool:
        """Whether several codes share a byte and have to be unpacked."""
        return self.bits < 8

    def block(self, head_dim: int) -> int:
        """Return the number of values that share a scale: a divisor of head_dim."""
        return math.gcd(head_dim, self.max_block)


KV_FORMATS = {
    each.name: each
    for each in (
        KVFormat("int8", bits=8, loss=0.001),
        KVFormat("int4", bits=4, loss=0.01, is_rotated=True, is_centred=True),
    )
}
"""All formats except `native`, by name, least lossy first; `config.KVCache` has the same names."""


def is_quantized(kv_dtype: str) -> bool:
    """Return whether a cache of this dtype has to be dequantized."""
    return kv_dtype in KV_FORMATS


def bytes_of_kv_cache(shape: ModelShape, tokens: int, kv_dtype: str) -> int:
    """Return the bytes of the KV cache: 2 · layers · kv heads · head_dim · tokens · bits / 8.

    Each block's scale adds 16 bits, and so does each value of a subtracted mean key. Layers that
    need float32 take 32 bits.

    Args:
        shape: the model's shape.
        tokens: capacity of the cache.
        kv_dtype: a key of `KV_FORMATS` or of `NATIVE_BITS`.
    """
    layer = 2 * shape.key_value_size * tokens
    kv_format = KV_FORMATS.get(kv_dtype)
    if kv_format is None:
        return shape.num_hidden_layers * layer * NATIVE_BITS[kv_dtype] // 8
    quantized = shape.num_hidden_layers - shape.exact_kv_layers
    scales = quantized * layer // kv_format.block(shape.head_dim)
    centre = quantized * shape.key_value_size if kv_format.is_centred else 0
    held = quantized * layer * kv_format.bits // 8 + 2 * (scales + centre)
    return held + shape.exact_kv_layers * layer * 4


def bytes_of_kv_workspace(shape: ModelShape, tokens: int, kv_dtype: str, width: int) -> int:
    """Return the bytes needed to read and fill a quantized cache, at any length.

    They are one block of dequantized keys and values with its scales, the unpacked codes of a
    packed format, and what quantizing `QUANTIZE_TOKENS` new tokens takes: values, magnitudes and
    quotients in float32, and before that their rotation.

    Args:
        shape: the model's shape.
        tokens: capacity of the cache.
        kv_dtype: format of the cache; 0 bytes unless it is quantized.
        width: bytes per value of the compute dtype.
    """
    kv_format = KV_FORMATS.get(kv_dtype)
    if kv_format is None:
        return 0
    values = min(tokens, WORKSPACE_TOKENS) * shape.key_value_size
    read = 2 * values * width + values * width // kv_format.block(shape.head_dim)
    fill = min(tokens, QUANTIZE_TOKENS) * shape.key_value_size * 12
    return read + fill + (values if kv_format.is_packed else 0)


def bytes_of_scores(shape: ModelShape, chunk_tokens: int, tokens: int) -> int:
    """Return the bytes of the attention scores that a CPU holds at once in bfloat16.

    Args:
        shape: the model's shape.
        chunk_tokens: tokens per chunk.
        tokens: capacity of the cache.
    """
    groups = shape.attention_size // shape.key_value_size
    return 2 * min(SCORE_ROWS, chunk_tokens * groups) * tokens
