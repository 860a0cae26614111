from __future__ import annotations

import pytest
import torch

from longsum.engine.attention import attend, reference_attention


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (4, 2), (3, 1)])
@pytest.mark.parametrize(("t", "s"), [(1, 1), (1, 40), (40, 40), (9, 40), (39, 40)])
def test_attention_equals_the_masked_reference(heads: int, kv_heads: int, t: int, s: int) -> None:
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(1, heads, t, 16, generator=generator)
    key = torch.randn(1, kv_heads, s, 16, generator=generator)
    value = torch.randn(1, kv_heads, s, 16, generator=generator)
    repeated = (x.repeat_interleave(heads // kv_heads, 1) for x in (key, value))
    expected = reference_attention(query, *repeated, 0.25)
    torch.testing.assert_close(attend(query, key, value, 0.25), expected, rtol=1e-4, atol=1e-5)


def test_queries_do_not_see_what_follows() -> None:
    key = torch.randn(1, 1, 6, 16)
    value = torch.randn(1, 1, 6, 16)
    query = torch.randn(1, 1, 3, 16)
    before = attend(query, key, value, 0.25)
    key[:, :, -1] += 5
    value[:, :, -1] += 5
    after = attend(query, key, value, 0.25)
    torch.testing.assert_close(before[:, :, :2], after[:, :, :2])
    assert not torch.allclose(before[:, :, 2], after[:, :, 2])
