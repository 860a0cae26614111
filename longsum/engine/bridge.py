"""Our cache as `transformers`' models take it."""

from __future__ import annotations

from typing import Any

from transformers.cache_utils import Cache, CacheLayerMixin

from longsum.engine.cache import PreallocatedCache
from longsum.engine.layers import HeldLayer

CacheLayerMixin.register(HeldLayer)  # type: ignore[type-abstract]  # it has all the methods


def as_transformers(cache: PreallocatedCache) -> Cache:
    """Return a cache of the same layers: what one holds, the other does."""
    layers: Any = list(cache.held)
    return Cache(layers=layers)
