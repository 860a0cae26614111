"""Attention to a part of the keys, and the merging of parts.

Each part comes with the log-sum-exp of its scores, by which parts are weighted, as FlashAttention
weights its blocks (arXiv 2205.14135, section 3.1); the merged result is exact up to rounding.
"""

from __future__ import annotations

import torch

from longsum.engine import cudnn


def attend_part(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, *, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend to one part of the keys through the device's fastest exact kernel.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, heads, S, head_dim); fewer heads only where `takes_groups`.
        value: as key.
        scale: factor on the scores.
        causal: with T = S, query t sees keys up to t; otherwise it sees all. Where `takes_groups`,
            T may be less than S: the queries are the last T of the S tokens.

    Returns:
        The output (batch, heads, T, head_dim) and the log-sum-exp (batch, heads, T) float32.
    """
    aten = torch.ops.aten
    square = not causal or query.shape[2] == key.shape[2]
    if square and cudnn.fits(query, key):
        found = cudnn.attend(query, key, value, scale, causal=causal)
        if found is not None:
            return found
    if query.device.type == "cpu":
        output, lse = aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, causal, scale=scale
        )
    elif takes_groups(query):
        output, lse, *_ = aten._scaled_dot_product_flash_attention(
            query, key, value, 0.0, causal, False, scale=scale
        )
    elif query.device.type == "cuda" and query.shape[-1] % 8 == 0:
        output, lse, *_ = aten._scaled_dot_product_efficient_attention(
            query, key, value, None, True, 0.0, causal, scale=scale
        )
    else:
        output, lse = attend_part_plain(query, key, value, scale, causal=causal)
    return output, lse[..., : query.shape[-2]].float()  # some kernels pad it


def takes_groups(query: torch.Tensor) -> bool:
    """Tell whether the GPU's flash kernel takes these queries: 16 bits, from Ampere on.

    It alone takes fewer key heads than query heads, and a causal chunk after other keys.
    """
    if query.device.type != "cuda":
        return False
    head_dim = query.shape[-1]
    fits = query.dtype != torch.float32 and head_dim % 8 == 0 and head_dim <= 256
    return fits and torch.cuda.get_device_capability(query.device) >= (8, 0)


def attend_part_plain(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, *, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the same with full scores: for devices without such a kernel, and for tests."""
    scores = (query.float() @ key.float().transpose(-1, -2)) * scale  # (B, H, T, S)
    if causal:
        visible = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~visible, float("-inf"))
    lse = scores.logsumexp(-1)
    weights = (scores - lse.unsqueeze(-1)).exp_()
    return (weights @ value.float()).to(query.dtype), lse


class Merge:
    """The attention output of the parts met so far, in float32 from the second part on."""

    def __init__(self) -> None:
        self._output: torch.Tensor | None = None
        self._lse: torch.Tensor | None = None
        self._is_own = False

    def add(self, output: torch.Tensor, lse: torch.Tensor) -> None:
        """Take in one part.

        Args:
            output: (batch, heads, T, head_dim).
            lse: (batch, heads, T) float32.
        """
        if self._output is None or self._lse is None:
            self._output, self._lse, self._is_own = output, lse, False
            return
        if not self._is_own:  # a single part is given back as it came
            self._output, self._is_own = self._output.to(torch.float32, copy=True), True
        share = torch.sigmoid(lse - self._lse).unsqueeze(-1)  # of the new part
        self._output.mul_(1 - share).addcmul_(output, share)  # no float32 copy of the part
        self._lse = torch.logaddexp(self._lse, lse)

    def result(self, dtype: torch.dtype) -> torch.Tensor:
        """Return the merged output."""
        assert self._output is not None, "no part was added"
        return self._output.to(dtype)
