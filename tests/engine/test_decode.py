from __future__ import annotations

import pytest

from longsum.engine.decode import is_looping
from longsum.engine.layers import chunk_bounds


def test_chunks_cover_the_range_once() -> None:
    assert list(chunk_bounds(3, 13, 4)) == [(3, 7), (7, 11), (11, 13)]
    assert list(chunk_bounds(5, 5, 4)) == []


@pytest.mark.parametrize("period", [1, 5, 40])
def test_a_passage_repeated_over_and_over_is_a_loop(period: int) -> None:
    assert is_looping(list(range(100, 120)) + list(range(period)) * 24)


def test_ordinary_repetition_is_no_loop() -> None:
    assert not is_looping([1, 2, 3] * 4)
    assert not is_looping(list(range(30)) * 3)
    assert not is_looping([])
