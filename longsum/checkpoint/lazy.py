"""A weight that is read when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class LazyTensor:
    """A weight that is read when it is indexed, as `from_pretrained` does with a state dict.

    Args:
        read: reads the weight.
    """

    def __init__(self, read: Callable[[], torch.Tensor]) -> None:
        self._read = read

    def __getitem__(self, _: object) -> torch.Tensor:
        """Return the whole weight, whatever the index."""
        return self._read()
