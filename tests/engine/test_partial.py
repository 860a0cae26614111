from __future__ import annotations

import pytest
import torch

from longsum.engine.attention import Merge, attend_part, attend_part_plain, reference_attention


def tensors(t: int, s: int, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(t + s)
    return [torch.randn(2, 3, n, 16, generator=generator).to(dtype) for n in (t, s, s)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("causal", [False, True])
def test_kernel_equals_full_scores(dtype: torch.dtype, causal: bool) -> None:
    q, k, v = tensors(20, 20, dtype)
    output, lse = attend_part(q, k, v, 0.25, causal=causal)
    plain, plain_lse = attend_part_plain(q, k, v, 0.25, causal=causal)
    near = {"rtol": 2e-2, "atol": 2e-2} if dtype == torch.bfloat16 else {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(output, plain, **near)
    torch.testing.assert_close(lse, plain_lse, **near)
    assert (output.dtype, lse.dtype) == (dtype, torch.float32)


@pytest.mark.parametrize("cuts", [[], [11], [1, 2, 17], [4, 8, 12, 16, 20]])
def test_merged_parts_equal_the_whole(cuts: list[int]) -> None:
    q, k, v = tensors(6, 30)
    merge = Merge()
    bounds = [0, *cuts, 24]
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        merge.add(*attend_part(q, k[:, :, start:end], v[:, :, start:end], 0.25, causal=False))
    merge.add(*attend_part(q, k[:, :, 24:], v[:, :, 24:], 0.25, causal=True))
    torch.testing.assert_close(
        merge.result(q.dtype), reference_attention(q, k, v, 0.25), rtol=1e-4, atol=1e-5
    )


def test_part_that_outweighs_all_others_by_far_is_all_that_counts() -> None:
    q, k, v = tensors(1, 8)
    merge = Merge()
    first, lse = attend_part(q, k, v, 0.25, causal=False)
    expected = first.clone()
    merge.add(first, lse)
    merge.add(torch.full_like(first, 7.0), lse - 200)
    torch.testing.assert_close(merge.result(q.dtype), expected)
    merge.add(torch.full_like(first, 7.0), lse + 200)
    torch.testing.assert_close(merge.result(q.dtype), torch.full_like(first, 7.0))
