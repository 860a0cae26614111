"""The key-value cache of a whole model: as it comes, or in fewer bits.

Works on tensors; knows nothing about tokens, and nothing about files: `tensors` gives what it
holds, `restore` takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from longsum.checkpoint.files import ModelShape
from longsum.checkpoint.kv_format import KV_FORMATS
from longsum.config import Attention, KVCache
from longsum.engine.attention import ATTENTIONS
from longsum.engine.layers import HeldLayer, PreallocatedLayer
from longsum.engine.quantized import QuantizedLayer, Workspace
from longsum.engine.quantized_attention import attend_quantized

Fill = Callable[[Mapping[str, torch.Tensor]], None]
"""Fills tensors with what was held under their names."""


class PreallocatedCache:
    """One layer of keys and values a decoder layer.

    Args:
        shape: the model's.
        capacity: most tokens the cache will ever hold: document, prompt and answer.
        kv_cache: `native` holds keys and values in the dtype they come in; else their format.
    """

    def __init__(self, shape: ModelShape, capacity: int, kv_cache: KVCache = "native") -> None:
        self.shape, self.capacity = shape, capacity
        self.workspace = Workspace()
        kv_format = None if kv_cache == "native" else KV_FORMATS[kv_cache]

        def layer(number: int) -> HeldLayer:
            if kv_format and number >= shape.exact_kv_layers:
                return QuantizedLayer(capacity, kv_format, self.workspace)
            return PreallocatedLayer(capacity)

        self.held = [layer(number) for number in range(shape.num_hidden_layers)]

    @property
    def length(self) -> int:
        """Tokens held."""
        return self.held[0].length

    @property
    def nbytes(self) -> int:
        """Bytes allocated for keys and values."""
        return sum(layer.nbytes for layer in self.held)

    def trim(self, length: int) -> None:
        """Keep the first `length` tokens; the rest is overwritten by what comes next."""
        assert 0 <= length <= self.length
        for layer in self.held:
            layer.length = length

    def allocate(self, dtype: torch.dtype, devices: Sequence[torch.device]) -> None:
        """Allocate the buffers of one sequence now instead of with the first tokens.

        Args:
            dtype: the one keys and values come in.
            devices: of each layer.
        """
        heads, head_dim = self.shape.num_key_value_heads, self.shape.head_dim
        for layer, device in zip(self.held, devices, strict=True):
            layer.allocate(1, heads, head_dim, dtype, device)

    def tensors(self, length: int) -> dict[str, torch.Tensor]:
        """Return views of what the first `length` tokens left: what a later process needs.

        Returns:
            For layer 3 `3.keys` and the like, each (1, num_key_value_heads, length, …).
        """
        assert length <= self.length
        return self._views(length)

    def restore(self, length: int, fill: Fill) -> None:
        """Take back what `tensors` gave; the buffers are allocated already.

        Args:
            length: tokens.
            fill: fills all of the views; what it raises leaves the cache empty.
        """
        for layer in self.held:
            layer.length = 0
        fill(self._views(length))
        for layer in self.held:
            layer.length = length

    def _views(self, length: int) -> dict[str, torch.Tensor]:
        """Return the buffers' first `length` tokens."""
        return {
            f"{number}.{name}": buffer[:, :, :length]
            for number, layer in enumerate(self.held)
            for name, buffer in layer.buffers().items()
        }


def attend_new(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float,
    *,
    held: HeldLayer | None,
    attention: Attention = "auto",
) -> torch.Tensor:
    """Attend causally with new tokens, after their keys and values are put into a cache layer.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, kv_heads, T, head_dim).
        value: (batch, kv_heads, T, head_dim).
        scale: factor on the scores.
        held: takes them; None where there are no tokens but these.
        attention: `auto` reads a quantized layer block by block, any other all of it at once.

    Returns:
        (batch, heads, T, head_dim).
    """
    if held is not None:
        held.update(key, value)
        if attention == "auto" and isinstance(held, QuantizedLayer):
            return attend_quantized(query, held, scale)
        key, value = held.states()
    return ATTENTIONS[attention](query, key, value, scale)
