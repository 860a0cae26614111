"""Attention to a part of the keys, and the merging of parts.

Each part comes with the log-sum-exp of its scores, by which parts are weighted, as FlashAttention
weights its blocks (arXiv 2205.14135, section 3.1); the merged result is exact up to rounding.
"""

from __future__ import annotations

import torch


def attend_part(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, *, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend to one part of the keys through the device's fastest exact kernel.

    Args:
        query: (batch, heads, T, head_dim).
        key: (batch, heads, S, head_dim).
        value: (batch, heads, S, head_dim).
        scale: factor on the scores.
        causal: with T = S, query t sees keys up to t; otherwise it sees all.

    Returns:
        The output (batch, heads, T, head_dim) and the log-sum-exp (batch, heads, T) float32.
    """
    aten = torch.ops.aten
    if query.device.type == "cpu":
        output, lse = aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, causal, scale=scale
        )
    elif query.device.type == "cuda" and _runs_flash(query):
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


def _runs_flash(query: torch.Tensor) -> bool:
    """Tell whether the GPU's flash kernel takes these heads: 16 bits, from Ampere on."""
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
    """The attention output of the parts met so far, in float32."""

    def __init__(self) -> None:
        self._output: torch.Tensor | None = None
        self._lse: torch.Tensor | None = None

    def add(self, output: torch.Tensor, lse: torch.Tensor) -> None:
        """Take in one part.

        Args:
            output: (batch, heads, T, head_dim).
            lse: (batch, heads, T) float32.
        """
        if self._output is None or self._lse is None:
            self._output, self._lse = output.float(), lse
            return
        share = torch.sigmoid(lse - self._lse).unsqueeze(-1)  # of the new part
        self._output.mul_(1 - share).addcmul_(output, share)  # no float32 copy of the part
        self._lse = torch.logaddexp(self._lse, lse)

    def result(self, dtype: torch.dtype) -> torch.Tensor:
        """Return the merged output."""
        assert self._output is not None, "no part was added"
        return self._output.to(dtype)
