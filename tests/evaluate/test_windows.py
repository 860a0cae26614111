from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.evaluate.windows import (
    default_windows,
    evenly_spaced,
    sampled_windows,
    sliding_windows,
)

sizes = st.integers(1, 20).flatmap(
    lambda stride: st.tuples(st.integers(0, 200), st.integers(stride + 1, 60), st.just(stride))
)


@given(sizes)
def test_scored_positions_tile_a_document_once(case):
    tokens, window, stride = case
    scored = [
        position
        for each in sliding_windows(tokens, window, stride)
        for position in range(each.end - each.scored, each.end)
    ]
    assert scored == (list(range(1, tokens)) if tokens >= window else [])


@given(sizes)
def test_every_window_is_whole_and_gives_what_it_promises(case):
    tokens, window, stride = case
    found = sliding_windows(tokens, window, stride)
    for number, each in enumerate(found):
        assert each.start >= 0
        assert each.end <= tokens
        assert each.end - each.start == window
        if number:  # at least W - S tokens before each prediction
            assert 1 <= each.scored <= stride


def test_first_window_predicts_all_but_its_first_token():
    (only,) = sliding_windows(32, 32, 8)
    assert (only.start, only.end, only.scored) == (0, 32, 31)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=5), st.integers(1, 30))
def test_sampled_windows_predict_the_same_tokens_at_every_size(lengths, most):
    chosen = {
        size: sampled_windows(lengths, size, 8, limit=most, reach=64) for size in (16, 32, 64)
    }
    ends = {size: [[w.end for w in each] for each in found] for size, found in chosen.items()}
    assert ends[16] == ends[32] == ends[64]
    assert sum(map(len, ends[16])) <= most
    for size, found in chosen.items():
        for length, windows in zip(lengths, found, strict=True):
            for each in windows:
                assert each.end - each.start == size
                assert each.scored == 8
                assert each.start >= 0
                assert each.end <= length
            assert all(b.end - a.end >= 8 for a, b in zip(windows, windows[1:], strict=False))


@given(st.integers(0, 500), st.integers(1, 100))
def test_evenly_spaced_numbers_are_apart_and_within(count, most):
    found = evenly_spaced(count, most)
    assert len(found) == min(count, most)
    assert found == sorted(set(found))
    assert all(0 <= i < count for i in found)
    gaps = {b - a for a, b in zip(found, found[1:], strict=False)}
    assert max(gaps, default=0) - min(gaps, default=0) <= 1


def test_one_of_many_is_the_middle():
    assert evenly_spaced(101, 1) == [50]


@pytest.mark.parametrize(
    ("native", "tuned", "windows"),
    [
        (2048, 32768, (2048, 4096, 8192, 16384, 32768)),
        (4096, 16384, (2048, 4096, 8192, 16384)),
        (512, 8192, (512, 1024, 2048, 4096, 8192)),
        (2048, 12000, (2048, 4096, 8192, 12000)),
        (2048, 2048, (2048,)),
        (2048, 1024, (1024,)),
    ],
)
def test_default_windows(native, tuned, windows):
    assert default_windows(native, tuned) == windows
