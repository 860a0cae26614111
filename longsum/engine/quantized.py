"""One layer's keys and values in few bits, dequantized one block of tokens at a time.

Attention always sees the quantized values, even of the newest tokens: an answer does not depend on
how the prompt was split into chunks or on how many tokens were checked at once.
"""

from __future__ import annotations

import torch

from longsum.checkpoint.kv_format import QUANTIZE_TOKENS, KVFormat
from longsum.engine.kvquant import LARGEST, codec_of, dequantize, rotate
from longsum.engine.layers import HeldLayer, chunk_bounds

CENTRE_TOKENS = 256
"""First tokens whose mean key is subtracted from all keys; a short first chunk has fewer."""


class Workspace:
    """Buffers that all layers dequantize into in turn; allocated once per device."""

    def __init__(self) -> None:
        self._flat: dict[tuple[str, torch.device], torch.Tensor] = {}

    def take(
        self, name: str, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
    ) -> torch.Tensor:
        """Return a buffer with undefined content, overwritten by the next one of this name.

        Args:
            name: purpose of the buffer.
            shape: shape of the buffer.
            dtype: dtype of the buffer.
            device: device of the buffer.
        """
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
        capacity: maximum number of tokens it can hold.
        kv_format: format of the codes.
        workspace: buffers shared with the other layers.
    """

    def __init__(self, capacity: int, kv_format: KVFormat, workspace: Workspace) -> None:
        super().__init__(capacity)
        self.format = kv_format
        self.codec = codec_of(kv_format)
        self.workspace = workspace
        self._held: dict[str, torch.Tensor] = {}

    def allocate(
        self, batch: int, heads: int, head_dim: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Allocate codes and scales.

        Args:
            batch: number of sequences.
            heads: num_key_value_heads.
            head_dim: number of values per head.
            dtype: dtype of incoming keys and values, and of dequantized ones.
            device: device of the buffers.
        """
        self.block = self.format.block(head_dim)
        self.shape = (batch, heads, head_dim)
        for name in ("keys", "values"):
            for part, size, kind in (
                ("", head_dim * self.format.bits // 8, torch.int8),
                ("_scale", head_dim // self.block, torch.float16),
            ):
                shape = (batch, heads, self.capacity, size)
                self._held[name + part] = torch.empty(shape, dtype=kind, device=device)
        if self.format.is_centred:
            shape = (batch, heads, 1, head_dim)
            self._held["keys_centre"] = torch.zeros(shape, dtype=torch.float16, device=device)
        self.dtype, self.device = dtype, device

    def buffers(self) -> dict[str, torch.Tensor]:
        """Return the buffers of codes and scales."""
        return self._held

    def update(self, key: torch.Tensor, value: torch.Tensor) -> None:
        """Quantize and append new keys and values (batch, heads, T, head_dim)."""
        start, end = self.claim(key)
        if start == 0 and self.format.is_centred:
            mean = key[:, :, :CENTRE_TOKENS].float().mean(2, keepdim=True)
            self._held["keys_centre"].copy_(mean.clamp_(-LARGEST, LARGEST))
        key = self.centred(key)
        for name, states in (("keys", key), ("values", value)):
            # a few tokens at a time, as float32 copies of all would exceed the chunk's activations
            for first, last in chunk_bounds(start, end, QUANTIZE_TOKENS):
                codes, scale = self.quantized(states[:, :, first - start : last - start])
                self._held[name][:, :, first:last] = codes
                self._held[f"{name}_scale"][:, :, first:last] = scale

    def centred(self, key: torch.Tensor) -> torch.Tensor:
        """Return keys (…, head_dim) minus the layer's centre, if the format has one."""
        return key - self._held["keys_centre"].to(key.dtype) if self.format.is_centred else key

    def quantized(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return codes and scales of centred keys, or of values."""
        return self.codec.pack(rotate(states) if self.format.is_rotated else states, self.block)

    def read(self, start: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Dequantize keys and values of tokens start to end, rotated if the format is.

        Returns:
            Two (batch, heads, end - start, head_dim) buffers, overwritten by the next call on any
            layer.
        """
        return self._read("keys", start, end), self._read("values", start, end)

    def _read(self, name: str, start: int, end: int) -> torch.Tensor:
        """Dequantize one of the two."""
        batch, heads, head_dim = self.shape
        tokens = (batch, heads, end - start)

        def take(size: int) -> torch.Tensor:
            return self.workspace.take("codes", (*tokens, size), torch.int8, self.device)

        codes = self.codec.unpack(self._held[name][:, :, start:end], take)
        out = self.workspace.take(name, (*tokens, head_dim), self.dtype, self.device)
        return dequantize(codes, self._held[f"{name}_scale"][:, :, start:end], out)

    def states(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all keys and values, rotated back: the slow form, whose size grows with length."""
        keys, values = (states.clone() for states in self.read(0, self.length))
        if self.format.is_rotated:
            keys, values = rotate(keys), rotate(values)
        if self.format.is_centred:
            keys += self._held["keys_centre"].to(keys.dtype)
        return keys, values
