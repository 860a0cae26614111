"""What entries of a store depend on. Pure.

Two runs share an entry only if all of it is the same.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 1
"""Of an entry; entries of another are left alone until they are evicted."""


@dataclass(frozen=True)
class Key:
    """What an entry depends on: a dataclass of strings and numbers."""

    @property
    def digest(self) -> str:
        """Return the entry's name: 32 hexadecimal digits."""
        content = json.dumps(asdict(self), sort_keys=True).encode()
        return hashlib.sha256(content).hexdigest()[:32]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for the entry's own record."""
        return asdict(self)


@dataclass(frozen=True)
class PrefixKey(Key):
    """A prefix (the words before the document, and the document) and what read it."""

    weights: str
    """From `Checkpoint.identity`; tells revisions apart."""
    rope: str
    """RoPE parameters, from `rope_text`."""
    quantize: str
    dtype: str
    """Compute dtype."""
    kv_dtype: str
    """Of the cache."""
    attention: str
    tokens: int
    """Of the prefix."""
    token_ids: str
    """From `token_hash`."""
    version: str
    """Of longsum."""
    format: int = FORMAT


@dataclass(frozen=True)
class WeightsKey(Key):
    """A checkpoint's weights, and what quantized them."""

    weights: str
    """From `Checkpoint.identity`; tells revisions apart."""
    quantize: str
    """`nf4` or `int8`."""
    dtype: str
    """Compute dtype, in which the unquantized rest is held."""
    device: str
    """`cuda` or `cpu`: they round differently."""
    settings: str
    """All of the quantization's."""
    bitsandbytes: str
    """Its version, as that of the next."""
    transformers: str
    format: int = FORMAT


def token_hash(token_ids: Sequence[int]) -> str:
    """Return a hash of token ids."""
    return hashlib.sha256(array("Q", token_ids).tobytes()).hexdigest()


def rope_text(parameters: Mapping[str, Any]) -> str:
    """Return RoPE parameters as one line, the same for equal parameters."""
    return json.dumps(dict(parameters), sort_keys=True, default=str)
