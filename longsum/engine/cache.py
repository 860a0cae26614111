"""The key-value cache: allocated once, filled in place, trimmed for free.

Works on tensors; knows nothing about tokens. It plugs into `transformers` through its `Cache`
layers, so the model's own code runs untouched. `generate()`'s default cache concatenates at every
step instead, which copies the whole cache for each token of an answer.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import LlamaConfig
from transformers.cache_utils import Cache, CacheLayerMixin


class PreallocatedLayer(CacheLayerMixin):
    """Keys and values of one layer: (1, num_key_value_heads, capacity, head_dim) each."""

    is_sliding = False
    is_croppable = True

    def __init__(self, capacity: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # transformers annotates nothing here
        self.capacity = capacity
        self.length = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Allocate the buffers in the dtype and on the device of the first keys that arrive."""
        batch, heads, _, head_dim = key_states.shape
        shape = (batch, heads, self.capacity, head_dim)
        self.keys = torch.empty(shape, dtype=key_states.dtype, device=key_states.device)
        self.values = torch.empty(shape, dtype=value_states.dtype, device=value_states.device)
        self.dtype, self.device = key_states.dtype, key_states.device
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write new keys and values behind the old ones and return views of all of them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.length + key_states.shape[-2]
        assert end <= self.capacity, f"cache of {self.capacity} tokens asked to hold {end}"
        assert self.keys is not None
        assert self.values is not None
        self.keys[:, :, self.length : end] = key_states
        self.values[:, :, self.length : end] = value_states
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return the length and offset of the keys that the next `query_length` tokens see."""
        return self.length + query_length, 0

    def get_seq_length(self) -> int:
        """Return the number of tokens held."""
        return self.length

    def get_max_length(self) -> int:
        """Return the number of tokens the layer can hold."""
        return self.capacity

    def reset(self) -> None:
        """Forget everything; the buffers stay."""
        self.length = 0


class PreallocatedCache(Cache):
    """One `PreallocatedLayer` a decoder layer.

    Args:
        config: the model's configuration.
        capacity: most tokens the cache will ever hold: document, prompt and answer.
    """

    def __init__(self, config: LlamaConfig, capacity: int) -> None:
        self.held = [PreallocatedLayer(capacity) for _ in range(config.num_hidden_layers)]
        super().__init__(layers=list(self.held))
        self.capacity = capacity

    @property
    def length(self) -> int:
        """Tokens held."""
        return self.held[0].length

    @property
    def nbytes(self) -> int:
        """Bytes allocated for keys and values."""
        tensors = (t for layer in self.held for t in (layer.keys, layer.values) if t is not None)
        return sum(t.numel() * t.element_size() for t in tensors)

    def trim(self, length: int) -> None:
        """Keep the first `length` tokens; the rest is overwritten by what comes next."""
        assert 0 <= length <= self.length
        for layer in self.held:
            layer.length = length
