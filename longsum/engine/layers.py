"""One layer's keys and values: allocated once, filled in place, trimmed for free.

They have the methods of `transformers`' cache layers, so that its models' own code runs untouched
(`bridge.py`); they don't inherit from them, since our own model does without `transformers`.
`generate()`'s default cache concatenates at every step instead, which copies the whole cache for
each token of an answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch


class HeldLayer(ABC):
    """What all layers share: a capacity, and how much of it is filled.

    Args:
        capacity: most tokens the layer will ever hold.
    """

    is_sliding = False
    is_compileable = False
    is_croppable = True
    supports_early_init = True

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.length = 0
        self.keys: torch.Tensor | None = None
        self.values: torch.Tensor | None = None
        self.is_initialized = False

    @abstractmethod
    def allocate(
        self, batch: int, heads: int, head_dim: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Allocate the buffers.

        Args:
            batch: sequences held side by side.
            heads: num_key_value_heads.
            head_dim: values of one head.
            dtype: the one keys and values come in.
            device: where they are kept.
        """

    @abstractmethod
    def buffers(self) -> dict[str, torch.Tensor]:
        """Return the buffers by name, each (batch, heads, capacity, …); none before allocation."""

    @abstractmethod
    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Any, Any]:
        """Hold new keys and values behind the old ones; return what attention reads them all by."""

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Allocate for the first keys that arrive."""
        batch, heads, _, head_dim = key_states.shape
        self.allocate(batch, heads, head_dim, key_states.dtype, key_states.device)

    def claim(self, key_states: torch.Tensor, value_states: torch.Tensor) -> tuple[int, int]:
        """Make room behind what is held and return its bounds, in tokens."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, self.length = self.length, self.length + key_states.shape[-2]
        assert self.length <= self.capacity, (
            f"cache of {self.capacity} tokens asked to hold {self.length}"
        )
        return start, self.length

    @property
    def nbytes(self) -> int:
        """Bytes allocated."""
        return sum(buffer.numel() * buffer.element_size() for buffer in self.buffers().values())

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


class PreallocatedLayer(HeldLayer):
    """Keys and values as they come: (batch, num_key_value_heads, capacity, head_dim) each."""

    def allocate(
        self, batch: int, heads: int, head_dim: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Allocate keys and values in the dtype they come in."""
        shape = (batch, heads, self.capacity, head_dim)
        self.keys = torch.empty(shape, dtype=dtype, device=device)
        self.values = torch.empty(shape, dtype=dtype, device=device)
        self.dtype, self.device = dtype, device
        self.is_initialized = True

    def buffers(self) -> dict[str, torch.Tensor]:
        """Return keys and values."""
        if self.keys is None or self.values is None:
            return {}
        return {"keys": self.keys, "values": self.values}

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write new keys and values behind the old ones and return views of all of them."""
        start, end = self.claim(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        self.keys[:, :, start:end] = key_states
        self.values[:, :, start:end] = value_states
        return self.keys[:, :, :end], self.values[:, :, :end]
