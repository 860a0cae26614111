"""The weights of a GGUF file as tensors, dequantized when they are asked for.

Each is read once, into the dtype that the plan computes in; a model that quantizes while it loads
asks for one at a time, so that two copies are never in memory.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from longsum.checkpoint.gguf import GgufTensor
from longsum.checkpoint.gguf_weights import in_halves, in_rows, read_rows


class LazyTensor:
    """A weight that is dequantized when it is indexed, as `from_pretrained` takes state.

    Args:
        tensor: where it is.
        dtype: to dequantize to.
    """

    def __init__(self, tensor: GgufTensor, dtype: torch.dtype) -> None:
        self.tensor, self.dtype = tensor, dtype

    def __getitem__(self, _: object) -> torch.Tensor:
        """Return all of it, whatever the index."""
        return read_tensor(self.tensor, self.dtype)


def lazy_tensors(tensors: Iterable[GgufTensor], dtype: torch.dtype) -> dict[str, LazyTensor]:
    """Return weights by name that are read when they are asked for."""
    return {tensor.name: LazyTensor(tensor, dtype) for tensor in tensors}


def read_tensor(tensor: GgufTensor, dtype: torch.dtype) -> torch.Tensor:
    """Dequantize a weight.

    Args:
        tensor: where it is.
        dtype: of the result.

    Returns:
        Of the tensor's shape; rows of queries and keys in Hugging Face's order.
    """
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
