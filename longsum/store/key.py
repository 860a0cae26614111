"""Keys of cache entries: everything an entry depends on. Pure.

Two runs share an entry only if all fields are equal.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 1
"""Version of the entry format; entries of other versions stay until they are evicted."""


@dataclass(frozen=True)
class Key:
    """Base of keys, which are dataclasses of strings and numbers."""

    @property
    def digest(self) -> str:
        """Name of the entry: 32 hexadecimal digits."""
        content = json.dumps(asdict(self), sort_keys=True).encode()
        return hashlib.sha256(content).hexdigest()[:32]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for the entry's record."""
        return asdict(self)


@dataclass(frozen=True)
class PrefixKey(Key):
    """A prefix (the text before the document, and the document) and how it was read."""

    weights: str
    """Hash from `Checkpoint.identity`, which differs between revisions."""
    rope: str
    """RoPE parameters, from `rope_text`."""
    quantize: str
    dtype: str
    """Compute dtype."""
    kv_dtype: str
    """Dtype of the KV cache."""
    attention: str
    tokens: int
    """Number of tokens of the prefix."""
    token_ids: str
    """Hash of the token ids, from `token_hash`."""
    version: str
    """Version of longsum."""
    format: int = FORMAT


@dataclass(frozen=True)
class WeightsKey(Key):
    """A checkpoint's weights, and how they were quantized."""

    weights: str
    """Hash from `Checkpoint.identity`, which differs between revisions."""
    quantize: str
    """`nf4` or `int8`."""
    dtype: str
    """Compute dtype, also that of the weights that stay unquantized."""
    device: str
    """`cuda` or `cpu`: they round differently."""
    settings: str
    """Hash of the quantization's settings."""
    bitsandbytes: str
    """Version of bitsandbytes."""
    transformers: str
    """Version of transformers."""
    format: int = FORMAT


def token_hash(token_ids: Sequence[int]) -> str:
    """Return the sha256 of token ids."""
    return hashlib.sha256(array("Q", token_ids).tobytes()).hexdigest()


def rope_text(parameters: Mapping[str, Any]) -> str:
    """Return RoPE parameters as one line, the same for equal parameters."""
    return json.dumps(dict(parameters), sort_keys=True, default=str)
