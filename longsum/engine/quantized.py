"""One layer's keys and values in 8 or 4 bits, dequantized a block of tokens at a time.

What attention sees is always what the cache holds, the newest tokens included: an answer does not
depend on how the prompt was cut into chunks or on how many tokens were checked at once.
"""

from __future__ import annotations

from typing import Any, Literal

import torch

from longsum.checkpoint.kv_format import QUANTIZE_TOKENS, kv_block
from longsum.engine.chunks import chunk_bounds
from longsum.engine.kvquant import (
    LARGEST,
    dequantize,
    quantize_int4,
    quantize_int8,
    rotate,
    unpack_int4,
)
from longsum.engine.layers import HeldLayer

QuantizedDtype = Literal["int8", "int4"]

CENTRE_TOKENS = 256
"""First tokens whose mean key is taken from all keys; a first chunk may hold fewer."""


class Workspace:
    """Buffers that all layers dequantize into, one after the other; made once for each device."""

    def __init__(self) -> None:
        self._flat: dict[tuple[str, torch.device], torch.Tensor] = {}

    def take(
        self, name: str, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
    ) -> torch.Tensor:
        """Return a buffer whose content is undefined; the next one of this name overwrites it."""
        size = 1
        for extent in shape:
            size *= extent
        held = self._flat.get((name, device))
        if held is None or held.numel() < size or held.dtype != dtype:
            held = self._flat[name, device] = torch.empty(size, dtype=dtype, device=device)
        return held[:size].view(shape)

    @property
    def nbytes(self) -> int:
        """Bytes allocated."""
        return sum(flat.numel() * flat.element_size() for flat in self._flat.values())


class QuantizedLayer(HeldLayer):
    """Codes and scales of one layer's keys and values.

    Args:
        capacity: most tokens it will ever hold.
        kv_dtype: `int8` or `int4`.
        workspace: shared with the other layers.
        fused: attention dequantizes by itself, block by block; otherwise `update` returns all keys
            and values dequantized: slow, but what any attention takes.
    """

    def __init__(
        self, capacity: int, kv_dtype: QuantizedDtype, workspace: Workspace, *, fused: bool
    ) -> None:
        super().__init__(capacity)
        self.kv_dtype = kv_dtype
        self.workspace = workspace
        self.fused = fused
        self._held: dict[str, torch.Tensor] = {}

    @property
    def is_rotated(self) -> bool:
        """Tell whether keys and values are held rotated, and queries have to be."""
        return self.kv_dtype == "int4"

    @property
    def is_centred(self) -> bool:
        """Tell whether keys are held without what is common to all of them.

        The channels that RoPE turns slowly hold nearly the same in every key, and 4 bits would go
        into that. A vector taken from all keys takes the same from all of a query's scores, and
        softmax is none the wiser (SageAttention, arXiv 2410.02367, section 4.2).
        """
        return self.kv_dtype == "int4"

    def allocate(
        self, batch: int, heads: int, head_dim: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Allocate codes and scales."""
        self.block = kv_block(head_dim)
        self.shape = (batch, heads, head_dim)
        width = head_dim if self.kv_dtype == "int8" else head_dim // 2
        for name in ("keys", "values"):
            for part, size, kind in (
                ("", width, torch.int8),
                ("_scale", head_dim // self.block, torch.float16),
            ):
                shape = (batch, heads, self.capacity, size)
                self._held[name + part] = torch.empty(shape, dtype=kind, device=device)
        if self.is_centred:
            shape = (batch, heads, 1, head_dim)
            self._held["keys_centre"] = torch.zeros(shape, dtype=torch.float16, device=device)
        self.dtype, self.device = dtype, device
        self.is_initialized = True

    def buffers(self) -> dict[str, torch.Tensor]:
        """Return codes and scales."""
        return self._held

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Any, Any]:
        """Quantize new keys and values behind the old ones; return what attention reads them by."""
        start, end = self.claim(key_states, value_states)
        if self.is_centred:
            centre = self._held["keys_centre"]
            if start == 0:
                mean = key_states[:, :, :CENTRE_TOKENS].float().mean(2, keepdim=True)
                centre.copy_(mean.clamp_(-LARGEST, LARGEST))
            key_states = key_states - centre.to(key_states.dtype)
        for name, states in (("keys", key_states), ("values", value_states)):
            # a few tokens at a time: their float32 copies would outgrow the chunk's activations
            for first, last in chunk_bounds(start, end, QUANTIZE_TOKENS):
                self._write(name, states[:, :, first - start : last - start], first)
        return (self, self) if self.fused else self.dequantize_all()

    def _write(self, name: str, states: torch.Tensor, start: int) -> None:
        """Quantize keys or values in the place of tokens from `start` on."""
        quantize = quantize_int8 if self.kv_dtype == "int8" else quantize_int4
        codes, scale = quantize(rotate(states) if self.is_rotated else states, self.block)
        end = start + states.shape[-2]
        self._held[name][:, :, start:end] = codes
        self._held[f"{name}_scale"][:, :, start:end] = scale

    def read(self, start: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Dequantize the keys and values of tokens start to end, rotated if they are held so.

        Returns:
            Two (batch, heads, end - start, head_dim) buffers, overwritten by the next call on any
            layer.
        """
        return self._read("keys", start, end), self._read("values", start, end)

    def _read(self, name: str, start: int, end: int) -> torch.Tensor:
        """Dequantize one of the two."""
        batch, heads, head_dim = self.shape
        shape = (batch, heads, end - start, head_dim)
        assert self.device is not None
        codes = self._held[name][:, :, start:end]
        if self.kv_dtype == "int4":
            unpacked = self.workspace.take("codes", shape, torch.int8, self.device)
            codes = unpack_int4(codes, unpacked)
        out = self.workspace.take(name, shape, self.dtype, self.device)
        return dequantize(codes, self._held[f"{name}_scale"][:, :, start:end], out)

    def dequantize_all(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all keys and values, not rotated: the slow form, whose size grows with length."""
        keys, values = (states.clone() for states in self.read(0, self.length))
        if self.is_rotated:
            keys, values = rotate(keys), rotate(values)
        if self.is_centred:
            keys += self._held["keys_centre"].to(keys.dtype)
        return keys, values
