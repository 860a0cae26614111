"""The 4-bit codes of a GGUF's matrices, with a scale and a minimum for each 32 of them.

`gguf_weights` dequantizes them; a CPU that multiplies few tokens reads the codes instead, which are
a quarter of the bytes. A weight of 8 bits is the sum of two of 4 bits. Formats: `ggml-quants.c` of
llama.cpp. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from longsum.checkpoint.gguf import GgufTensor
from longsum.checkpoint.gguf_header import BLOCKS
from longsum.checkpoint.gguf_weights import in_halves

GROUP = 32
"""Neighbouring weights of a row that share a scale and a minimum."""
BYTES_PER_CODE = 0.5 + 2 * 2 / GROUP
"""Bytes of a code, with its share of a scale and a minimum of two bytes each."""


class Codes(NamedTuple):
    """A matrix as codes: a weight is its code times its group's scale, plus the group's minimum.

    Of 8-bit weights there are twice the columns: the sum of a row's two halves is the weights' row.
    """

    codes: np.ndarray
    """0 to 15: (rows, columns) uint8."""
    scales: np.ndarray
    """(rows, columns / GROUP) float32."""
    minima: np.ndarray
    """(rows, columns / GROUP) float32."""


def codes_per_weight(tensor: GgufTensor) -> int:
    """Return how many 4-bit codes a weight is: 1, 2, or 0 if it is not a matrix of codes."""
    if len(tensor.shape) != 2 or tensor.type_name not in _READERS:
        return 0
    return 2 if tensor.type_name == "Q8_0" else 1


def bytes_of_codes(tensor: GgufTensor) -> int:
    """Return the bytes of a weight's codes, laid out for multiplying."""
    return int(codes_per_weight(tensor) * math.prod(tensor.shape) * BYTES_PER_CODE)


def read_codes(tensor: GgufTensor) -> Codes:
    """Read a matrix's codes.

    Args:
        tensor: location of a weight with codes.

    Returns:
        Its codes; rows of queries and keys are in Hugging Face's order.
    """
    rows, columns = tensor.shape
    size, width = BLOCKS[tensor.type_name]
    raw = np.fromfile(tensor.file, np.uint8, tensor.nbytes, offset=tensor.offset)
    blocks = raw.reshape(rows, columns // size, width)
    if tensor.heads:
        blocks = blocks[in_halves(rows, tensor.heads)]
    return _READERS[tensor.type_name](blocks)


def _unpacked(nibbles: np.ndarray) -> np.ndarray:
    """Return codes of pairs, of which the lower halves of some bytes come first.

    Args:
        nibbles: (rows, …, bytes) uint8.

    Returns:
        (rows, columns) uint8.
    """
    found = np.empty((*nibbles.shape[:-1], 2, nibbles.shape[-1]), np.uint8)
    np.bitwise_and(nibbles, 15, out=found[..., 0, :])
    np.right_shift(nibbles, 4, out=found[..., 1, :])
    return found.reshape(len(nibbles), -1)


def _halves(blocks: np.ndarray, start: int) -> np.ndarray:
    """Return the float16 at an offset of each block, as float32: (rows, blocks)."""
    found: np.ndarray = blocks[..., start : start + 2].copy().view(np.float16)[..., 0]
    return found.astype(np.float32)


def _q4_0(blocks: np.ndarray) -> Codes:
    """Read blocks of a scale and 32 codes, from which 8 is subtracted."""
    scales = _halves(blocks, 0)
    return Codes(_unpacked(blocks[..., 2:]), scales, -8 * scales)


def _q4_1(blocks: np.ndarray) -> Codes:
    """Read blocks of a scale, a minimum and 32 codes."""
    return Codes(_unpacked(blocks[..., 4:]), _halves(blocks, 0), _halves(blocks, 2))


def _q4_k(blocks: np.ndarray) -> Codes:
    """Read blocks of 256 codes: scales and minima of 6 bits each, times one scale of each kind."""
    rows, count = blocks.shape[:2]
    packed = blocks[..., 4:16].reshape(rows, count, 3, 4)
    low, high, rest = packed[..., 0, :], packed[..., 1, :], packed[..., 2, :]
    scales = np.concatenate([low & 63, (rest & 15) | (low >> 6 << 4)], -1)
    minima = np.concatenate([high & 63, (rest >> 4) | (high >> 6 << 4)], -1)
    each, least = _halves(blocks, 0)[..., None], _halves(blocks, 2)[..., None]
    codes = _unpacked(blocks[..., 16:].reshape(rows, count, 4, GROUP))
    return Codes(codes, (each * scales).reshape(rows, -1), (-least * minima).reshape(rows, -1))


def _q8_0(blocks: np.ndarray) -> Codes:
    """Read blocks of a scale and 32 signed bytes: 16 times their upper half, plus the lower one."""
    scales, rows = _halves(blocks, 0), len(blocks)
    upper = ((blocks[..., 2:] >> 4) ^ 8).reshape(rows, -1)  # signed, plus 8
    lower = (blocks[..., 2:] & 15).reshape(rows, -1)
    minima = [-8 * 16 * scales, np.zeros_like(scales)]
    halves = ([upper, lower], [16 * scales, scales], minima)
    return Codes(*(np.concatenate(each, axis=1) for each in halves))


_READERS: dict[str, Callable[[np.ndarray], Codes]] = {
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q4_K": _q4_k,
    "Q8_0": _q8_0,
}
"""By type: reads the codes of blocks (rows, blocks, bytes)."""
