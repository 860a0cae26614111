"""The key-value cache of a whole model, in the compute dtype or quantized.

Works on tensors; knows nothing about token ids or files: `tensors` returns the content, `restore`
refills it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from longsum.checkpoint.files import ModelShape
from longsum.checkpoint.kv_format import KV_FORMATS
from longsum.config import Attention, KVCache
from longsum.engine.attention import ATTENTIONS
from longsum.engine.layers import HeldLayer, PreallocatedLayer
from longsum.engine.product_attention import attend_few, takes_few
from longsum.engine.quantized import QuantizedLayer, Workspace
from longsum.engine.quantized_attention import attend_quantized

Fill = Callable[[Mapping[str, torch.Tensor]], None]
"""Fills named tensors with the saved content of the same names."""


class PreallocatedCache:
    """Keys and values of every decoder layer, in preallocated buffers.

    Args:
        shape: the model's shape.
        capacity: maximum number of tokens held: document, prompt and answer.
        kv_cache: `native` for the dtype keys and values come in, otherwise their format.
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
        """Drop all but the first `length` tokens."""
        assert 0 <= length <= self.length
        for layer in self.held:
            layer.length = length

    def allocate(self, dtype: torch.dtype, devices: Sequence[torch.device]) -> None:
        """Allocate the buffers of one sequence now instead of with the first tokens.

        Args:
            dtype: dtype of incoming keys and values.
            devices: device of each layer.
        """
        heads, head_dim = self.shape.num_key_value_heads, self.shape.head_dim
        for layer, device in zip(self.held, devices, strict=True):
            layer.allocate(1, heads, head_dim, dtype, device)

    def tensors(self, length: int) -> dict[str, torch.Tensor]:
        """Return views of everything a later process needs of the first `length` tokens.

        Returns:
            Tensors named like `3.keys` (layer 3), each (1, num_key_value_heads, length, …).
        """
        assert length <= self.length
        return self._views(length)

    def restore(self, length: int, fill: Fill) -> None:
        """Restore what `tensors` returned, into buffers that are already allocated.

        Args:
            length: number of tokens.
            fill: fills all of the views; if it raises, the cache is left empty.
        """
        for layer in self.held:
            layer.length = 0
        fill(self._views(length))
        for layer in self.held:
            layer.length = length

    def _views(self, length: int) -> dict[str, torch.Tensor]:
        """Return views of the buffers' first `length` tokens."""
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
    """Add new tokens' keys and values to a cache layer, then attend causally with their queries.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, kv_heads, T, head_dim).
        value: (batch, kv_heads, T, head_dim).
        scale: factor on the scores.
        held: the cache layer; None attends to the new tokens only.
        attention: `auto` reads a quantized layer block by block, the others all of it at once.

    Returns:
        (batch, heads, T, head_dim).
    """
    if held is not None:
        held.update(key, value)
        if attention == "auto" and isinstance(held, QuantizedLayer):
            return attend_quantized(query, held, scale)
        if attention == "auto" and isinstance(held, PreallocatedLayer) and takes_few(query):
            return attend_few(query, *held.states_rounded(), scale, held.length)
        key, value = held.states()
    return ATTENTIONS[attention](query, key, value, scale)
