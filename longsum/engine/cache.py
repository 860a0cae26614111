"""The key-value cache of a whole model: as it comes, or in 8 or 4 bits.

Works on tensors; knows nothing about tokens, and nothing about files: `tensors` gives what it
holds, `restore` takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from longsum.config import KVCache
from longsum.engine.attention import NAME
from longsum.engine.layers import HeldLayer, PreallocatedLayer
from longsum.engine.llama import AnyLlama, Decoder, Llama, LlamaSettings
from longsum.engine.quantized import QuantizedLayer, Workspace

if TYPE_CHECKING:
    from transformers import LlamaConfig

Fill = Callable[[Mapping[str, torch.Tensor]], None]
"""Fills tensors with what was held under their names."""


class PreallocatedCache:
    """One layer of keys and values a decoder layer.

    Args:
        config: the model's configuration.
        capacity: most tokens the cache will ever hold: document, prompt and answer.
        kv_cache: `native` keeps keys and values in the dtype they come in; `int8`, `int4`.
    """

    def __init__(
        self, config: LlamaConfig | LlamaSettings, capacity: int, kv_cache: KVCache = "native"
    ) -> None:
        self.capacity = capacity
        self.workspace = Workspace()
        fused = config._attn_implementation == NAME

        exact: int = getattr(config, "exact_kv_layers", 0)

        def layer(number: int) -> HeldLayer:
            if kv_cache in ("int8", "int4") and number >= exact:
                return QuantizedLayer(capacity, kv_cache, self.workspace, fused=fused)
            return PreallocatedLayer(capacity)

        self.held = [layer(number) for number in range(config.num_hidden_layers)]

    @property
    def length(self) -> int:
        """Tokens held."""
        return self.held[0].length

    @property
    def nbytes(self) -> int:
        """Bytes allocated for keys and values."""
        return sum(layer.nbytes for layer in self.held)

    def as_argument(self, model: AnyLlama | Decoder) -> dict[str, Any]:
        """Return the cache as the keyword argument that a model's forward pass takes it by."""
        if isinstance(model, Llama | Decoder):
            return {"cache": self}
        from longsum.engine.bridge import as_transformers, cache_keyword  # transformers is here

        return {cache_keyword(model): as_transformers(self)}

    def trim(self, length: int) -> None:
        """Keep the first `length` tokens; the rest is overwritten by what comes next."""
        assert 0 <= length <= self.length
        for layer in self.held:
            layer.length = length

    def allocate(self, model: AnyLlama) -> None:
        """Allocate the buffers of one sequence now instead of with the first tokens."""
        heads, head_dim = model.config.num_key_value_heads, model.config.head_dim
        assert heads is not None
        assert head_dim is not None
        for held, decoder in zip(self.held, model.model.layers, strict=True):
            device = decoder.input_layernorm.weight.device
            held.allocate(1, heads, head_dim, model.dtype, device)

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
