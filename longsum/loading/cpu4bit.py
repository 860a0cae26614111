"""4-bit weights on a CPU, dequantized for a chunk of tokens and used as they are for a few.

On a CPU with AVX512-BF16, bitsandbytes multiplies directly from the 4-bit codes. That is fast for
one token, whose time goes into reading the weights, but for a chunk it takes two to ten times as
long as a product with dequantized matrices. So for a chunk each matrix is dequantized, once for all
of the chunk's tokens, and dropped. On other CPUs bitsandbytes itself does so; nothing is changed
there.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from bitsandbytes import functional as bnb
from bitsandbytes.nn.modules import Linear4bit
from torch import nn
from torch.nn import functional as F

BLOCK_ROWS = 32
"""Output rows that bitsandbytes lays out together for its kernel."""
NIBBLE = 0x000F000F000F000F
"""Mask of the lowest four bits of four bytes processed at once, each in 16 bits."""
MIN_TOKENS = 48
"""Minimum tokens for which dequantizing is faster (measured: 32 to 64, depending on the dtype)."""


class ChunkedLinear4bit(nn.Module):
    """A linear layer of bitsandbytes that dequantizes for a chunk.

    From the first forward pass on, the codes have the layout of the kernel for single tokens.

    Args:
        inner: bitsandbytes' layer.
    """

    def __init__(self, inner: Linear4bit) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply by the weights.

        Args:
            x: (..., in_features).

        Returns:
            (..., out_features), in x's dtype.
        """
        inner = self.inner
        pack_layer(inner)
        if state_of(inner).packing_format_for_cpu and tokens_of(x) < MIN_TOKENS:
            few: torch.Tensor = inner(x)
            return few
        dtype = inner.compute_dtype or x.dtype
        bias = None if inner.bias is None else inner.bias.to(dtype)
        return F.linear(x.to(dtype), dequantized(inner, dtype), bias).to(x.dtype)


def tokens_of(x: torch.Tensor) -> int:
    """Return the number of rows of a matrix product."""
    return x.numel() // x.shape[-1]


def chunked(module: nn.Module) -> nn.Module:
    """Return a 4-bit layer wrapped in `ChunkedLinear4bit`, if that is faster on this CPU.

    Any other module is returned unchanged.
    """
    if type(module) is Linear4bit and bnb.has_avx512bf16() and is_layout_known():
        return ChunkedLinear4bit(module)
    return module


def state_of(layer: Linear4bit) -> Any:
    """Return a layer's `QuantState`: scales, shape and layout of the codes."""
    weight: Any = layer.weight  # a class that torch's annotations do not know
    return weight.quant_state


def pack_layer(layer: Linear4bit) -> None:
    """Lay out a layer's codes for the kernel once, if its shape allows.

    Does what `bitsandbytes.functional._convert_weight_packed_for_cpu` does, in a tenth of the time
    and without an int32 per weight; the scales become bfloat16, as there.
    """
    state = state_of(layer)
    if getattr(state, "packing_format_for_cpu", None) is not None:
        return
    rows, columns = state.shape
    codes = layer.weight.data
    state.packing_format_for_cpu = False
    if rows % BLOCK_ROWS or columns % state.blocksize or codes.dtype != torch.uint8:
        return  # bitsandbytes has no kernel for it
    absmax = scales(state)
    state.original_dtype, state.original_nested = state.dtype, state.nested
    state.original_qshape = codes.shape
    layer.weight.data = pack(codes, rows, columns)
    state.absmax = absmax.view(rows, -1).T.to(torch.bfloat16).contiguous()
    if state.nested:
        state.nested = False
        del state.state2
    state.dtype, state.packing_format_for_cpu = torch.bfloat16, True


def scales(state: Any) -> torch.Tensor:
    """Return a layer's float32 scales, one per block of weights, row by row."""
    absmax: torch.Tensor = state.absmax
    if state.packing_format_for_cpu:
        return absmax.T.float().contiguous().view(-1)
    if state.nested:
        absmax = bnb.dequantize_blockwise(absmax, state.state2) + state.offset
    return absmax.float()


def dequantized(layer: Linear4bit, dtype: torch.dtype) -> torch.Tensor:
    """Return a layer's weights (out_features, in_features) in a dtype."""
    state = state_of(layer)
    codes = layer.weight.data
    if state.packing_format_for_cpu:
        codes = unpack(codes, *state.shape)
    weights: torch.Tensor = torch.ops.bitsandbytes.dequantize_4bit(
        codes.view(-1, 1), scales(state), state.blocksize, state.quant_type, state.shape, dtype
    )
    return weights


def pack(codes: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Lay out codes as the kernel reads them: 32 rows side by side, two columns at a time.

    A byte of the result holds one column of row r (bits 0 to 3) and of row r + 16 (bits 4 to 7);
    the first of a pair of bytes has the even column.

    Args:
        codes: rows · columns / 2 bytes, row by row; the even column of a pair in bits 4 to 7.
        rows: a multiple of 32.
        columns: a multiple of 8.

    Returns:
        (rows, columns / 2) bytes.
    """
    wide = codes.view(rows, columns // 2).to(torch.int16).view(torch.int64)  # four bytes in one
    wide = ((wide >> 4) & NIBBLE) | ((wide & NIBBLE) << 8)  # a column per byte, even one first
    halves = wide.view(-1, 2, BLOCK_ROWS // 2, columns // 8)
    both = (halves[:, 0] | (halves[:, 1] << 4)).view(torch.int16)  # (row blocks, 16, columns / 2)
    return both.transpose(1, 2).contiguous().view(torch.uint8).view(rows, columns // 2)


def unpack(packed: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Undo `pack`.

    Args:
        packed: (rows, columns / 2) bytes.
        rows: a multiple of 32.
        columns: a multiple of 8.

    Returns:
        (rows, columns / 2) bytes.
    """
    both = packed.view(torch.int16).view(-1, columns // 2, BLOCK_ROWS // 2).transpose(1, 2)
    wide = both.contiguous().view(torch.int64)  # (row blocks, 16, columns / 8)
    codes = torch.empty((len(wide), 2, BLOCK_ROWS // 2, columns // 2), dtype=torch.uint8)
    below = ((wide & NIBBLE) << 4) | ((wide >> 8) & NIBBLE)
    codes[:, 0] = below.view(torch.int16)
    above = (wide & (NIBBLE << 4)) | ((wide >> 12) & NIBBLE)
    codes[:, 1] = above.view(torch.int16)
    return codes.view(rows, columns // 2)


@functools.cache
def is_layout_known() -> bool:
    """Return whether this version of bitsandbytes lays weights out as `pack` does."""
    convert = getattr(bnb, "_convert_weight_packed_for_cpu", None)
    if convert is None:
        return False
    weights = torch.linspace(-1, 1, 64 * 128).view(64, 128)
    codes, state = bnb.quantize_4bit(weights, quant_type="nf4", compress_statistics=True)
    ours = pack(codes, 64, 128)
    try:
        theirs, _ = convert(codes, state)
    except Exception:  # not a public function of the library: it may change in any way
        return False
    return torch.equal(ours, theirs) and torch.equal(unpack(ours, 64, 128).view(-1, 1), codes)
