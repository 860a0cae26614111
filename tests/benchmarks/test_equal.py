"""What the comparison with llama.cpp counts."""

from __future__ import annotations

import pytest
import torch

from benchmarks.peers.equal import compare


def test_tokens_best_ones_and_largest_difference_are_counted() -> None:
    ours = torch.tensor([[-0.1, -3.0, -4.0], [-2.0, -0.5, -3.0]])
    theirs = {"ids": [1, 2, 4], "after": [[(0, -0.1), (1, -3.0)], [(0, -0.6), (2, -3.0)]]}
    found = compare([1, 2, 3], ours, theirs)
    assert found["tokens of the text"] == [3, 3]
    assert found["tokens that differ"] == 1
    assert found["same best token"] == 1
    assert found["shared among the best"] == 0.75
    assert found["largest difference of a log-probability"] == pytest.approx(1.4)
