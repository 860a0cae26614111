"""Keys and values in 8 or 4 bits: symmetric blocks along head_dim, each with a float16 scale.

A block x of 32 values is stored as integers c and one scale d with x ≈ c · d. int8: d = max|x| /
127. int4: d = -m / 8 for the m of largest magnitude, so that it falls on the one code without a
mirror image, -8 (llama.cpp's q4_0). Before int4, keys and values are rotated along head_dim by a
Hadamard matrix, which spreads the few large channels of a head over all of them (QuaRot, arXiv
2404.00456, section 4); queries are rotated the same way, which does not change the scores, and the
output is rotated back.

A format's codec is found by its properties (`codec_of`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch

from longsum.checkpoint.kv_format import KVFormat
from longsum.engine.layers import chunk_bounds

CPU_TOKENS = 64
"""Tokens that a CPU dequantizes at once in float32, so that they fit its caches."""
LARGEST = 60_000.0
"""Largest scale, below float16's 65,504."""


def _blocks(values: torch.Tensor, block: int) -> torch.Tensor:
    """Return a view (…, head_dim / block, block) of (…, head_dim)."""
    return values.view(*values.shape[:-1], -1, block)


def quantize_int8(values: torch.Tensor, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return int8 codes and their scales.

    Args:
        values: (…, head_dim), any floating dtype.
        block: values that share a scale; divides head_dim.

    Returns:
        int8 (…, head_dim) and float16 (…, head_dim / block).
    """
    blocks = _blocks(values, block).float()
    scale = (blocks.abs().amax(-1) / 127).clamp(torch.finfo(torch.float16).tiny, LARGEST).half()
    codes = (blocks / scale.float().unsqueeze(-1)).round_().clamp_(-127, 127)
    return codes.to(torch.int8).flatten(-2), scale


def quantize_int4(values: torch.Tensor, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return packed int4 codes and their scales.

    Args:
        values: (…, head_dim), any floating dtype; head_dim is even.
        block: values that share a scale; divides head_dim.

    Returns:
        uint8 (…, head_dim / 2): a byte holds values i (low bits) and i + head_dim / 2 (high bits),
        each in two's complement; and float16 (…, head_dim / block).
    """
    blocks = _blocks(values, block).float()
    extreme = blocks.gather(-1, blocks.abs().argmax(-1, keepdim=True))  # (…, blocks, 1)
    scale = (extreme / -8).clamp(-LARGEST, LARGEST).half()
    tiny = torch.finfo(torch.float16).tiny
    scale = torch.where(scale.abs() < tiny, torch.full_like(scale, tiny), scale)
    codes = (blocks / scale.float()).round_().clamp_(-8, 7).to(torch.int8).flatten(-2)
    low, high = codes.chunk(2, dim=-1)
    return (low & 15) | (high << 4), scale.squeeze(-1)


def unpack_int4(packed: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """Unpack the codes of packed bytes.

    Args:
        packed: int8 (…, head_dim / 2).
        out: int8 (…, head_dim).

    Returns:
        out.
    """
    low, high = out.chunk(2, dim=-1)
    torch.bitwise_left_shift(packed, 4, out=low)
    low.bitwise_right_shift_(4)  # arithmetic shift: extends the sign
    torch.bitwise_right_shift(packed, 4, out=high)
    return out


Take = Callable[[int], torch.Tensor]
"""Returns an int8 buffer (…, size) for the codes of the tokens being read."""


class Codec(NamedTuple):
    """Quantizes values to bytes, and unpacks the bytes to codes."""

    pack: Callable[[torch.Tensor, int], tuple[torch.Tensor, torch.Tensor]]
    """From values (…, head_dim) and the block to int8 bytes (…, head_dim · bits / 8) and float16
    scales (…, head_dim / block)."""
    unpack: Callable[[torch.Tensor, Take], torch.Tensor]
    """From the bytes, and a buffer if one is needed, to codes (…, head_dim) of any dtype."""


CODECS = {
    (8, False): Codec(quantize_int8, lambda codes, take: codes),
    (4, False): Codec(
        quantize_int4, lambda packed, take: unpack_int4(packed, take(2 * packed.shape[-1]))
    ),
}
"""Codecs by the bits of a code, and whether it is a floating-point number."""


def codec_of(kv_format: KVFormat) -> Codec:
    """Return a format's codec.

    Raises:
        LookupError: there is none.
    """
    codec = CODECS.get((kv_format.bits, kv_format.is_float))
    if codec is None:
        kind = "floating-point" if kv_format.is_float else "whole"
        raise LookupError(f"no codec for {kv_format.bits}-bit {kind} numbers ({kv_format.name})")
    return codec


def dequantize(codes: torch.Tensor, scale: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """Write codes times scales, multiplied in float32 and rounded once.

    Args:
        codes: (…, tokens, head_dim).
        scale: float16 (…, tokens, head_dim / block).
        out: (…, tokens, head_dim), any floating dtype.

    Returns:
        out.
    """
    block = out.shape[-1] // scale.shape[-1]
    factors = scale.float().unsqueeze(-1)
    if out.device.type != "cpu":  # one kernel converts and multiplies; 40 times slower on a CPU
        torch.mul(_blocks(codes, block), factors, out=_blocks(out, block))
        return out
    for start, end in chunk_bounds(0, codes.shape[-2], CPU_TOKENS):
        piece = codes[..., start:end, :].float()
        _blocks(piece, block).mul_(factors[..., start:end, :, :])
        out[..., start:end, :] = piece
    return out


@cache
def hadamard(size: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return Sylvester's Hadamard matrix over sqrt(size): symmetric, and its own inverse.

    Args:
        size: number of rows and columns, a power of two.
        dtype: dtype of the matrix.
        device: device of the matrix.

    Returns:
        (size, size).
    """
    assert size > 0, size
    assert size & (size - 1) == 0, f"{size} is not a power of two"
    with torch.inference_mode(False):  # cached, and also used in training
        matrix = torch.ones(1, 1, dtype=torch.float64)
        while matrix.shape[0] < size:
            matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
        matrix /= size**0.5
        return matrix.to(device=device, dtype=dtype)


def rotate(values: torch.Tensor) -> torch.Tensor:
    """Rotate along head_dim if it is a power of two; applying it twice restores the values.

    Args:
        values: (…, head_dim).
    """
    size = values.shape[-1]
    if size & (size - 1):
        return values
    return values @ hadamard(size, values.dtype, values.device)
