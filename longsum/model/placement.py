"""Distribute layers over several devices. Pure arithmetic on bytes.

A layer's weights and its part of the KV cache stay together, and a layer is not split. The first
device used also holds the embeddings, the last one the output matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PlacedBytes:
    """The bytes to place."""

    layer: int
    """Weights and KV cache of one layer."""
    first: int
    """Embeddings."""
    last: int
    """Output matrix and last norm; 0 if tied to the embeddings."""
    each: int
    """Further needs of every device: a chunk's activations, workspace, libraries."""


def place_layers(layers: int, sizes: PlacedBytes, free: Sequence[int]) -> tuple[int, ...] | None:
    """Distribute layers over as few devices as possible, in proportion to their capacity.

    Args:
        layers: number of layers of the model.
        sizes: bytes to place.
        free: free bytes of each device.

    Returns:
        The number of layers on each device, in the order of `free`, 0 for unused devices; None if
        they do not fit.
    """
    order = sorted(range(len(free)), key=lambda device: -free[device])
    for used in range(1, min(len(free), layers) + 1):  # each gets a layer at least
        chosen = sorted(order[:used])
        capacity = [_capacity(free[device], sizes, chosen, device) for device in chosen]
        if min(capacity) < 1 or sum(capacity) < layers:
            continue
        counts = dict(zip(chosen, _in_proportion(layers, capacity), strict=True))
        return tuple(counts.get(device, 0) for device in range(len(free)))
    return None


def _capacity(free: int, sizes: PlacedBytes, chosen: Sequence[int], device: int) -> int:
    """Return the number of layers that fit a device, besides its other content."""
    ends = sizes.first * (device == chosen[0]) + sizes.last * (device == chosen[-1])
    return max(0, free - sizes.each - ends) // sizes.layer


def _in_proportion(layers: int, capacity: Sequence[int]) -> list[int]:
    """Distribute layers in proportion to the capacities, at least one each, none exceeded."""
    total = sum(capacity)
    counts = [max(1, layers * each // total) for each in capacity]
    while sum(counts) != layers:
        step = 1 if sum(counts) < layers else -1
        left = [each - count for each, count in zip(capacity, counts, strict=True)]
        # the emptiest gets one more; the fullest with more than one loses one
        at = max(
            (i for i in range(len(counts)) if (left[i] > 0 if step > 0 else counts[i] > 1)),
            key=lambda i: step * left[i],
        )
        counts[at] += step
    return counts
