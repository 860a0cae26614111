"""Our cache as `transformers`' models take it."""

from __future__ import annotations

import inspect
from typing import Any

from transformers.cache_utils import Cache, CacheLayerMixin

from longsum.engine.cache import PreallocatedCache
from longsum.engine.layers import HeldLayer

CacheLayerMixin.register(HeldLayer)  # type: ignore[type-abstract]  # it has all the methods


def cache_keyword(model: Any) -> str:
    """Return the name by which a model's forward pass takes its cache.

    `past_key_values` up to transformers 5.23, `cache` from 5.24 on. A name that a release does not
    know would be swallowed by `**kwargs`, and each chunk be read alone, so it is never guessed.

    Args:
        model: of transformers, with or without its `lm_head`.

    Raises:
        TypeError: it takes a cache by neither name.
    """
    parameters = inspect.signature(type(model).forward).parameters
    for name in ("cache", "past_key_values"):
        if name in parameters:
            return name
    raise TypeError(f"{type(model).__name__}.forward takes no cache by a name that is known")


def as_transformers(cache: PreallocatedCache) -> Cache:
    """Return a cache of the same layers: what one holds, the other does."""
    layers: Any = list(cache.held)
    return Cache(layers=layers)
