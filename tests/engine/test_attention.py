from __future__ import annotations

from typing import Any

import pytest
import torch

from longsum.engine import attention, cudnn, fallback
from longsum.engine.attention import attend, attend_part, reference_attention


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


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize(("heads", "kv_heads"), [(1, 1), (4, 2), (3, 1)])
def test_keys_cut_in_parts_for_threads_give_the_same(
    heads: int, kv_heads: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts = []

    def heard(query: torch.Tensor, key: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        cuts.append(key.shape[1])
        return attend_part(query, key, *args, **kwargs)

    monkeypatch.setattr(attention, "SPLIT_TOKENS", 40)
    monkeypatch.setattr(attention, "attend_part", heard)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    for tokens in (39, 40, 41, 64):
        cuts.clear()
        query = torch.randn(1, heads, 1, 16)
        key, value = torch.randn(2, 1, kv_heads, 100, 16)[:, :, :, :tokens]  # part of a buffer
        repeated = (x.repeat_interleave(heads // kv_heads, 1) for x in (key, value))
        expected = reference_attention(query, *repeated, 0.25)
        torch.testing.assert_close(attend(query, key, value, 0.25), expected, rtol=1e-4, atol=1e-5)
        parts = threads // kv_heads
        assert cuts[:1] == ([parts] if tokens >= 40 and parts > 1 else [])


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


@pytest.mark.parametrize("past", [0, 3, 16, 31, 100])
def test_chunk_in_pieces_of_few_lengths_gives_the_same(
    past: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Hopper, where every new length of the keys costs a plan."""
    lengths = []

    def heard(query: torch.Tensor, key: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        lengths.append(key.shape[2])
        return attend_part(query, key, *args, **kwargs)

    monkeypatch.setattr(attention, "attend_part", heard)
    monkeypatch.setattr(attention, "takes_groups", lambda query: True)
    monkeypatch.setattr(cudnn, "takes_chunk", lambda query: True)
    monkeypatch.setattr(cudnn, "STEP_TOKENS", 16)
    query = torch.randn(1, 4, 16, 8)
    key, value = (torch.randn(1, 4, past + 16, 8) for _ in range(2))
    expected = reference_attention(query, key, value, 0.25)
    torch.testing.assert_close(attend(query, key, value, 0.25), expected, rtol=1e-4, atol=1e-5)
    expected_lengths = {0: [], 3: [3], 16: [16], 31: [16, 15], 100: [64, 32, 4]}
    assert lengths == [*expected_lengths[past], 16]


def test_cudnn_that_fails_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On a CPU it fails as it does with an old library."""
    monkeypatch.setattr(cudnn, "_failed", [])
    monkeypatch.setattr(fallback, "_reported", set())
    states = torch.randn(1, 2, 4, 8)
    assert cudnn.attend(states, states, states, 0.25, causal=True) is None
    assert len(cudnn._failed) == 1
    (line,) = caplog.messages
    assert "no attention by cuDNN" in line
