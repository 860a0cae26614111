"""How keys and values are held in fewer bits, and the memory it takes. Pure, no torch.

A further format is a row of `KV_FORMATS`, and what makes codes and values of one another in
`engine/kvquant.py` (`CODECS`), which is found by the row's properties and never by its name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longsum.checkpoint.files import ModelShape

KV_DTYPES = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
"""The native cache's dtype: the compute dtype, losing nothing."""

NATIVE_BITS = {"fp32": 32, "bf16": 16, "fp16": 16}
"""Bits of a value of a native cache."""

WORKSPACE_TOKENS = 4096
"""Tokens of a quantized cache that are dequantized at once: as many as the largest chunk."""

QUANTIZE_TOKENS = 512
"""Tokens of a chunk that are quantized at once."""


@dataclass(frozen=True)
class KVFormat:
    """Codes in blocks along head_dim, with a float16 scale for each block."""

    name: str
    """As `LoadConfig.kv_cache` takes it, and as receipts show it."""
    bits: int
    """Of a code."""
    loss: float
    """Share of the perplexity that it costs at most; decides what is tried first."""
    is_float: bool = False
    """Codes are floating-point numbers, else whole ones."""
    is_rotated: bool = False
    """Keys and values are held rotated by a Hadamard matrix, and queries have to be."""
    is_centred: bool = False
    """Keys are held without what is common to all of them.

    The channels that RoPE turns slowly hold nearly the same in every key, and few bits would go
    into that. A vector taken from all keys takes the same from all of a query's scores, and softmax
    is none the wiser (SageAttention, arXiv 2410.02367, section 4.2)."""
    most_in_block: int = 32
    """Most values along head_dim that share a scale."""

    @property
    def is_packed(self) -> bool:
        """Return whether several codes share a byte, and are unpacked before they are used."""
        return self.bits < 8

    def block(self, head_dim: int) -> int:
        """Return how many values share a scale: the largest power of two that divides both."""
        return math.gcd(head_dim, self.most_in_block)


KV_FORMATS = {
    each.name: each
    for each in (
        KVFormat("int8", bits=8, loss=0.001),
        KVFormat("int4", bits=4, loss=0.01, is_rotated=True, is_centred=True),
    )
}
"""All formats but `native`, by name, the least lossy first; `config.KVCache` names the same."""


def is_quantized(kv_dtype: str) -> bool:
    """Return whether a cache of this dtype is dequantized to be read."""
    return kv_dtype in KV_FORMATS


def bytes_of_kv_cache(shape: ModelShape, tokens: int, kv_dtype: str) -> int:
    """Return the bytes of the KV cache: 2 · layers · kv heads · head_dim · tokens · bits / 8.

    A block's scale adds 16 bits, and so does each value of a key that is taken from all keys.
    Layers that need float32 are held so.
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
    """Return the bytes it takes to read and fill a quantized cache, whatever its length.

    They are one block of dequantized keys and values with its scales, the unpacked codes of a
    packed format, and what `QUANTIZE_TOKENS` new tokens need to become codes: values, magnitudes
    and quotients in float32, and before that their rotation.

    Args:
        shape: the model's.
        tokens: the cache's capacity.
        kv_dtype: a quantized one; any other needs nothing.
        width: bytes of a value of the compute dtype.
    """
    kv_format = KV_FORMATS.get(kv_dtype)
    if kv_format is None:
        return 0
    values = min(tokens, WORKSPACE_TOKENS) * shape.key_value_size
    read = 2 * values * width + values * width // kv_format.block(shape.head_dim)
    fill = min(tokens, QUANTIZE_TOKENS) * shape.key_value_size * 12
    return read + fill + (values if kv_format.is_packed else 0)
