"""Multiply a few tokens by a matrix of 4-bit codes, on a CPU.

The time of a token goes into reading the weights. A matrix that its file holds as codes is read as
codes, a quarter of the bytes; for many tokens, whose time goes into multiplying, it is slower than
the dequantized matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from longsum.checkpoint.gguf_codes import GROUP, Codes

MAX_TOKENS = 12
"""Most tokens for which the codes are faster (measured: 9 to 16, depending on the shape)."""
ROWS = 32
"""The kernel takes matrices of a multiple of so many rows."""
MIDDLE = 8
"""The kernel subtracts it from each code."""
ROWS_AT_ONCE = 1024
"""Rows that are laid out at once."""
INNER_TILES = 1
"""An argument of the layout that has a meaning on GPUs only."""


class CodeSwitch:
    """Whether a model multiplies by its codes: while it writes, not while it reads."""

    def __init__(self) -> None:
        self.is_on = False

    @contextmanager
    def turned_on(self) -> Iterator[None]:
        """Have few tokens multiplied by codes inside the context."""
        before, self.is_on = self.is_on, True
        try:
            yield
        finally:
            self.is_on = before


class CodeMatrix:
    """A matrix of codes, laid out for the kernel when it is first used.

    Args:
        switch: whether it is to be used.
        reads: read the codes of its parts, one below the other.
        bias: (rows,) bfloat16, added to what the matrix gives; None adds nothing.
    """

    def __init__(
        self,
        switch: CodeSwitch,
        *reads: Callable[[], Codes],
        bias: torch.Tensor | None = None,
    ) -> None:
        self._switch, self._reads, self._bias = switch, reads, bias
        self._packed: tuple[torch.Tensor, torch.Tensor] | None = None

    def takes(self, x: torch.Tensor) -> bool:
        """Return whether states (…, columns) are to be multiplied by the codes."""
        return self._switch.is_on and x.numel() <= MAX_TOKENS * x.shape[-1]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply by the matrix, and add the bias.

        Args:
            x: (…, columns) bfloat16, few tokens.

        Returns:
            (…, rows) bfloat16.
        """
        if self._packed is None:
            parts = zip(*(read() for read in self._reads), strict=True)
            self._packed = packed(Codes(*(np.concatenate(each) for each in parts)))
        codes, scales = self._packed
        few = x.reshape(-1, x.shape[-1]).contiguous()
        if len(scales) * GROUP > few.shape[1]:  # two codes per weight
            few = few.repeat(1, 2)
        found: torch.Tensor = torch.ops.aten._weight_int4pack_mm_for_cpu(few, codes, GROUP, scales)
        if self._bias is not None:
            found += self._bias
        return found.view(*x.shape[:-1], -1)


def takes_codes(weight: torch.Tensor) -> bool:
    """Return whether there is a kernel for the codes of a matrix (rows, columns)."""
    on_cpu = weight.device.type == "cpu" and weight.dtype == torch.bfloat16
    return on_cpu and len(weight) % ROWS == 0


def packed(matrix: Codes) -> tuple[torch.Tensor, torch.Tensor]:
    """Return codes in the layout of the kernel, and scales with what it adds after them.

    The kernel computes (code - 8) · scale + zero, scale and zero in bfloat16: (groups, rows, 2).
    """
    rows, columns = matrix.codes.shape
    laid_out = torch.empty((rows, columns // 2), dtype=torch.uint8)
    for start in range(0, rows, ROWS_AT_ONCE):  # its input is 8 times as large as its output
        part = torch.from_numpy(matrix.codes[start : start + ROWS_AT_ONCE].astype(np.int32))
        laid_out[start : start + ROWS_AT_ONCE] = torch.ops.aten._convert_weight_to_int4pack_for_cpu(
            part, INNER_TILES
        )
    zeros = matrix.minima + MIDDLE * matrix.scales
    both = torch.from_numpy(np.stack([matrix.scales, zeros], -1)).transpose(0, 1)
    return laid_out, both.to(torch.bfloat16).contiguous()
