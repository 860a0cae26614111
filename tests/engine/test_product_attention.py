from __future__ import annotations

import pytest
import torch

from longsum.engine import attention, product_attention
from longsum.engine.attention import attend, reference_attention
from longsum.engine.cache import attend_new
from longsum.engine.layers import ROUNDED, PreallocatedLayer
from longsum.engine.product_attention import FEW, attend_few, takes_few


@pytest.mark.parametrize("rows", [4, 24, 768])
@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (6, 2), (3, 1)])
@pytest.mark.parametrize(("t", "s"), [(1, 1), (1, 40), (40, 40), (9, 40), (39, 40)])
def test_products_equal_the_masked_reference(
    heads: int, kv_heads: int, t: int, s: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product_attention, "SCORE_ROWS", rows)
    generator = torch.Generator().manual_seed(0)
    query, key, value = (
        torch.randn(2, count, length, 16, generator=generator).bfloat16()
        for count, length in ((heads, t), (kv_heads, s), (kv_heads, s))
    )
    expected = reference_attention(query.float(), key.float(), value.float(), 0.3)
    found = attend(query, key, value, 0.3)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected, rtol=0.03, atol=0.03)


def test_products_read_a_part_of_a_buffer_and_leave_it_as_it_is() -> None:
    buffer = torch.randn(2, 1, 2, 100, 16).bfloat16()
    before = buffer.clone()
    key, value = buffer[:, :, :, :50]
    query = torch.randn(1, 4, 10, 16).bfloat16()
    found = attend(query, key, value, 0.25)
    assert torch.equal(found, attend(query, key.clone(), value.clone(), 0.25))
    assert torch.equal(buffer, before)


def test_only_bfloat16_on_a_cpu_is_attended_by_products(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(attention, "attend_by_products", lambda *given: calls.append(given))
    query, key = torch.randn(1, 2, 5, 16), torch.randn(1, 2, 5, 16)
    attend(query, key, key, 0.25)
    assert not calls
    attend(query.bfloat16(), key.bfloat16(), key.bfloat16(), 0.25)
    assert len(calls) == 1


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (6, 2), (3, 1)])
@pytest.mark.parametrize("after", [0, 1, 30])
@pytest.mark.parametrize(("t", "s"), [(1, 1), (1, 40), (2, 2), (FEW, 40)])
def test_few_queries_equal_the_masked_reference_whatever_is_after_the_text(
    heads: int, kv_heads: int, t: int, s: int, after: int
) -> None:
    generator = torch.Generator().manual_seed(0)
    query, key, value = (
        torch.randn(1, count, length, 16, generator=generator).bfloat16()
        for count, length in ((heads, t), (kv_heads, s + after), (kv_heads, s + after))
    )
    key[:, :, s:] *= 1000
    value[:, :, s:] *= 1000
    text = (key[:, :, :s].float(), value[:, :, :s].float())
    expected = reference_attention(query.float(), *text, 0.3)
    assert takes_few(query)
    found = attend_few(query, key, value, 0.3, s)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected, rtol=0.03, atol=0.03)


def test_few_queries_attend_to_a_cache_as_many_do() -> None:
    """Before and after the length is rounded up, up to the capacity, and with tokens dropped."""
    generator = torch.Generator().manual_seed(0)
    capacity = ROUNDED + 20
    cached, plain = PreallocatedLayer(capacity), PreallocatedLayer(capacity)

    def new(heads: int, tokens: int) -> torch.Tensor:
        return torch.randn(1, heads, tokens, 16, generator=generator).bfloat16()

    for tokens in (ROUNDED - 2, 1, 1, 1, 10, FEW, 1, 1):
        query, key, value = new(4, tokens), new(2, tokens), new(2, tokens)
        found = attend_new(query, key, value, 0.25, held=cached)
        plain.update(key, value)
        expected = reference_attention(query.float(), *(x.float() for x in plain.states()), 0.25)
        torch.testing.assert_close(found.float(), expected, rtol=0.03, atol=0.03)
        if tokens == 10:  # a draft that was not accepted
            cached.length = plain.length = ROUNDED + 3


@pytest.mark.parametrize(("batch", "tokens", "dtype"), [
    (1, FEW + 1, torch.bfloat16),
    (2, 1, torch.bfloat16),
    (1, 1, torch.float32),
])  # fmt: skip
def test_other_queries_are_not_taken_for_few(batch: int, tokens: int, dtype: torch.dtype) -> None:
    assert not takes_few(torch.zeros(batch, 4, tokens, 16, dtype=dtype))
