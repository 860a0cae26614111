"""The weights of a GGUF file, dequantized a few rows at a time.

So a large matrix is never in memory in float32 besides its final dtype. Only `read_tensor` imports
torch.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from longsum.checkpoint.gguf import GgufTensor

if TYPE_CHECKING:
    import torch

VALUES_AT_ONCE = 1 << 22
"""Weights dequantized by one thread at once: 16 MiB in float32, and as much again meanwhile."""
MAX_THREADS = 8
BYTES_IN_ONE = 1 << 14
"""Bytes of the rows that are dequantized as one; sixteen times as many at once fit into a cache."""

Store = Callable[[int, np.ndarray], None]
"""Called with the number of the first row and float32 rows, from several threads."""


def read_rows(tensor: GgufTensor, start: int, end: int) -> np.ndarray:
    """Dequantize some rows of a matrix, or all of a vector.

    Args:
        tensor: location of the weight.
        start: first row.
        end: row after the last.

    Returns:
        (end - start, columns) float32; (size,) for a vector.
    """
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    rows = tensor.shape[0] if len(tensor.shape) > 1 else 1
    width = tensor.nbytes // rows
    packed = np.memmap(
        tensor.file,
        dtype=np.uint8,
        mode="r",
        offset=tensor.offset + start * width,
        shape=(end - start, width),
    )
    # `dequantize` works through 16 rows at a time, which is slow for short ones; their blocks are
    # independent, so that several rows can pass for one
    joined = np.asarray(packed).reshape(-1, width * rows_in_one(end - start, width))
    values = dequantize(joined, GGMLQuantizationType[tensor.type_name])
    found: np.ndarray = np.require(values, np.float32, ["W"])  # F32 is a view of the file
    return found.reshape(end - start, -1) if len(tensor.shape) > 1 else found.reshape(tensor.shape)


def rows_in_one(count: int, width: int) -> int:
    """Return how many rows pass for one, a divisor of their number.

    Args:
        count: number of rows.
        width: bytes of a row.
    """
    most = max(1, min(count, BYTES_IN_ONE // width))
    return next(each for each in range(most, 0, -1) if count % each == 0)


def in_rows(tensor: GgufTensor, store: Store) -> None:
    """Dequantize a matrix, a few rows at a time on each core.

    Args:
        tensor: a matrix.
        store: takes the rows.
    """
    rows, columns = tensor.shape
    step = max(1, VALUES_AT_ONCE // columns)

    def one(start: int) -> None:
        store(start, read_rows(tensor, start, min(start + step, rows)))

    starts = range(0, rows, step)
    if len(starts) == 1:
        one(0)
        return
    with ThreadPoolExecutor(min(MAX_THREADS, len(starts), os.cpu_count() or 1)) as pool:
        list(pool.map(one, starts))  # raises what a thread raised


def in_halves(rows: int, heads: int) -> np.ndarray:
    """Return the permutation from llama.cpp's rows of queries or keys to Hugging Face's.

    llama.cpp rotates rows 2i and 2i + 1 of a head together, Hugging Face rows i and i + half.

    Args:
        rows: number of rows of the matrix.
        heads: number of heads they belong to.
    """
    order: np.ndarray = np.arange(rows).reshape(heads, rows // heads // 2, 2)
    return order.swapaxes(1, 2).reshape(rows)


def read_tensor(tensor: GgufTensor, dtype: torch.dtype) -> torch.Tensor:
    """Dequantize a weight.

    Args:
        tensor: location of the weight.
        dtype: dtype of the result.

    Returns:
        A tensor of `tensor.shape`; rows of queries and keys are in Hugging Face's order.
    """
    import torch

    found = torch.empty(tensor.shape, dtype=dtype)
    if len(tensor.shape) == 1:
        return found.copy_(torch.from_numpy(read_rows(tensor, 0, 1)))
    order = in_halves(tensor.shape[0], tensor.heads) if tensor.heads else None
    places = None if order is None else torch.from_numpy(np.argsort(order))

    def store(start: int, rows: np.ndarray) -> None:
        values = torch.from_numpy(rows)
        if places is None:
            found[start : start + len(values)].copy_(values)
        else:
            found[places[start : start + len(values)]] = values.to(dtype)

    in_rows(tensor, store)
    return found
