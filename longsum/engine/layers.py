"""One layer's keys and values: allocated once, filled in place, trimmed for free.

The cache of `generate()` concatenates at every step, which copies the whole cache for each token of
an answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch

ROUNDED = 128
"""Tokens that the length of states is rounded up to, for kernels that are made for each length."""


def chunk_bounds(start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the (first, last + 1) bounds of consecutive chunks.

    Args:
        start: first position, in tokens.
        end: position after the last.
        size: maximum number of tokens per chunk.
    """
    for first in range(start, end, size):
        yield first, min(first + size, end)


class HeldLayer(ABC):
    """One layer of a cache: a capacity, and the number of tokens held.

    Args:
        capacity: maximum number of tokens the layer can hold.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.length = 0

    @abstractmethod
    def allocate(
        self, batch: int, heads: int, head_dim: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Allocate the buffers.

        Args:
            batch: number of sequences.
            heads: num_key_value_heads.
            head_dim: number of values per head.
            dtype: dtype of incoming keys and values.
            device: device of the buffers.
        """

    @abstractmethod
    def buffers(self) -> dict[str, torch.Tensor]:
        """Return the buffers by name, each (batch, heads, capacity, …); none before allocation."""

    @abstractmethod
    def update(self, key: torch.Tensor, value: torch.Tensor) -> None:
        """Append new keys and values (batch, heads, T, head_dim)."""

    @abstractmethod
    def states(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all keys and values, each (batch, heads, length, head_dim)."""

    def claim(self, key: torch.Tensor) -> tuple[int, int]:
        """Reserve space for new keys and return their bounds in tokens, allocating if needed."""
        batch, heads, tokens, head_dim = key.shape
        if not self.buffers():
            self.allocate(batch, heads, head_dim, key.dtype, key.device)
        start, self.length = self.length, self.length + tokens
        assert self.length <= self.capacity, (
            f"cache of {self.capacity} tokens asked to hold {self.length}"
        )
        return start, self.length

    @property
    def nbytes(self) -> int:
        """Bytes allocated."""
        return sum(buffer.numel() * buffer.element_size() for buffer in self.buffers().values())


class PreallocatedLayer(HeldLayer):
    """Unquantized keys and values, each (batch, num_key_value_heads, capacity, head_dim)."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._held: dict[str, torch.Tensor] = {}

    def allocate(
        self, batch: int, heads: int, head_dim: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Allocate keys and values.

        Args:
            batch: number of sequences.
            heads: num_key_value_heads.
            head_dim: number of values per head.
            dtype: dtype of incoming keys and values, and of the buffers.
            device: device of the buffers.
        """
        shape = (batch, heads, self.capacity, head_dim)
        self._held = {
            name: torch.zeros(shape, dtype=dtype, device=device) for name in ("keys", "values")
        }

    def buffers(self) -> dict[str, torch.Tensor]:
        """Return the buffers of keys and values."""
        return self._held

    def update(self, key: torch.Tensor, value: torch.Tensor) -> None:
        """Append new keys and values (batch, heads, T, head_dim)."""
        start, end = self.claim(key)
        self._held["keys"][:, :, start:end] = key
        self._held["values"][:, :, start:end] = value

    def states(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return views of all keys and values."""
        return self._first(self.length)

    def states_rounded(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return views of all keys and values, and of finite numbers after them.

        Returns:
            Each (batch, heads, length or up to `ROUNDED` more, head_dim).
        """
        return self._first(min(self.capacity, -(-self.length // ROUNDED) * ROUNDED))

    def _first(self, tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return views of the keys and values of the first tokens."""
        return self._held["keys"][:, :, :tokens], self._held["values"][:, :, :tokens]
