"""Positions of short sequences cover the window, and attention reaches over the jump."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import torch
from tiny import tiny_model

from longsum.extend.loss import NextTokenLoss
from longsum.extend.skipped import MIN_PART, positions_of, skipped_positions

LENGTH, WINDOW = 256, 2048


@pytest.mark.parametrize(("length", "window"), [(2, 2), (2, 9), (40, 128), (256, 2048), (128, 128)])
def test_positions_are_two_runs_within_the_window(length: int, window: int) -> None:
    for seed in range(50):
        positions = skipped_positions(length, window, random.Random(seed))
        assert positions.shape == (length,)
        assert positions[0] == 0
        assert positions[-1] < window
        steps = positions.diff()
        assert (steps >= 1).all()
        assert (steps > 1).sum() <= 1


def test_parts_are_never_tiny() -> None:
    for seed in range(200):
        steps = skipped_positions(LENGTH, WINDOW, random.Random(seed)).diff()
        jumps = (steps > 1).nonzero()
        if len(jumps):
            assert MIN_PART <= jumps.item() + 1 <= LENGTH - MIN_PART


def test_distances_cover_the_window_evenly() -> None:
    """Every eighth of the possible jumps is drawn equally often, within five deviations."""
    drawn = Counter(
        int(positions_of(row, LENGTH, WINDOW, 0)[-1] - LENGTH + 1) * 8 // (WINDOW - LENGTH + 1)
        for row in range(4000)
    )
    assert sorted(drawn) == list(range(8))
    assert all(abs(count - 500) < 5 * 21 for count in drawn.values())


def test_every_place_is_cut_at() -> None:
    steps = [positions_of(row, LENGTH, WINDOW, 0).diff() for row in range(4000)]
    cuts = [int(each.argmax()) for each in steps if each.max() > 1]
    counts = Counter(cut * 4 // LENGTH for cut in cuts)
    assert all(counts[quarter] > 0.3 * 4000 for quarter in (1, 2))
    assert min(cuts) == MIN_PART - 1
    assert max(cuts) == LENGTH - MIN_PART - 1


def test_positions_follow_from_seed_and_row_alone() -> None:
    first = positions_of(7, LENGTH, WINDOW, 3)
    assert torch.equal(first, positions_of(7, LENGTH, WINDOW, 3))
    assert not torch.equal(first, positions_of(8, LENGTH, WINDOW, 3))
    assert not torch.equal(first, positions_of(7, LENGTH, WINDOW, 4))


def test_tokens_after_the_jump_see_those_before_it() -> None:
    """transformers alone would take the jump for the border of two packed texts."""
    model = NextTokenLoss(tiny_model())
    ids = torch.randint(2, 300, (1, 100), generator=torch.Generator().manual_seed(0))
    positions = torch.cat([torch.arange(50), torch.arange(150, 200)])[None]
    inner = model.model.model
    mask = torch.ones_like(ids)
    with torch.no_grad():
        states = inner(input_ids=ids, position_ids=positions, attention_mask=mask).last_hidden_state
        logits = model.model.lm_head(states[0, :-1])
        expected = torch.nn.functional.cross_entropy(logits, ids[0, 1:])
        torch.testing.assert_close(model(ids, positions), expected)
        other = ids.clone()
        other[0, 0] = 2 if ids[0, 0] != 2 else 3
        changed = inner(input_ids=other, position_ids=positions, attention_mask=mask)
    assert not torch.allclose(changed.last_hidden_state[0, -1], states[0, -1])


def test_positions_that_count_from_0_change_nothing() -> None:
    model = NextTokenLoss(tiny_model())
    ids = torch.randint(2, 300, (2, 40), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(model(ids, torch.arange(40).expand(2, -1)), model(ids))


def test_distances_change_the_loss() -> None:
    model = NextTokenLoss(tiny_model())
    ids = torch.randint(2, 300, (1, 40), generator=torch.Generator().manual_seed(0))
    positions = torch.cat([torch.arange(20), torch.arange(120, 140)])[None]
    with torch.no_grad():
        assert not torch.allclose(model(ids, positions), model(ids))
