"""Positions of short sequences that teach a long window.

PoSE (arXiv 2309.10400, section 3.2): a sequence is cut in two and the second part moved on by a
random distance, so that the distances between its tokens cover the window. Attention sees only
differences of positions (RoPE), so the first part may begin at 0.
"""

from __future__ import annotations

import random

import torch

MIN_PART = 64
"""Minimum tokens of either part of a sequence that is long enough."""


def skipped_positions(length: int, window: int, rng: random.Random) -> torch.Tensor:
    """Return the positions of a sequence: two runs, the second moved on.

    Args:
        length: tokens of the sequence, at least two.
        window: exclusive upper bound of the positions, at least `length`.
        rng: draws the place of the cut and the distance, both uniformly.

    Returns:
        (length,) int64, increasing from 0.
    """
    positions = torch.arange(length)
    shortest = min(MIN_PART, length // 2)
    cut = rng.randint(shortest, length - shortest)
    positions[cut:] += rng.randint(0, window - length)
    return positions


def positions_of(row: int, length: int, window: int, seed: int) -> torch.Tensor:
    """Return the positions of the `row`-th sequence read, which follow from the seed alone.

    Args:
        row: number of the sequence, over all epochs.
        length: tokens of the sequence.
        window: number of positions.
        seed: random seed of the run.
    """
    return skipped_positions(length, window, random.Random(f"positions {seed}/{row}"))
