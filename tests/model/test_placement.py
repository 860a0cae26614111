from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.model.placement import PlacedBytes, place_layers

SIZES = PlacedBytes(layer=10, first=5, last=5, each=20)


def held(counts: tuple[int, ...], sizes: PlacedBytes) -> list[int]:
    """Return the bytes of each device."""
    used = [device for device, count in enumerate(counts) if count]
    return [
        count * sizes.layer
        + sizes.first * (device == used[0])
        + sizes.last * (device == used[-1])
        + sizes.each
        if count
        else 0
        for device, count in enumerate(counts)
    ]


@pytest.mark.parametrize(
    ("layers", "free", "expected"),
    [
        (8, (110,), (8,)),  # 80 + 5 + 5 + 20
        (8, (109,), None),
        (8, (60, 200), (0, 8)),  # the larger one alone
        (8, (70, 70), (4, 4)),
        (8, (100, 50), (7, 1)),  # in proportion: equal halves would overflow the smaller
        (8, (200, 10), (8, 0)),  # one that cannot hold a layer is not used
        (8, (60, 60, 60), (3, 3, 2)),
        (8, (40, 40, 40), None),
    ],
)
def test_layers_are_spread_over_as_few_devices_as_hold_them(layers, free, expected):
    assert place_layers(layers, SIZES, free) == expected


def test_what_fits_the_sum_need_not_fit_the_devices():
    """The plan compared sums, and the smaller card overflowed."""
    assert 8 * SIZES.layer + SIZES.first + SIZES.last + 2 * SIZES.each <= 84 + 51
    assert place_layers(8, SIZES, (84, 51)) is None


def test_more_devices_than_layers_are_not_used():
    """The layers of a tiny model were dealt to two devices until none was left to take from."""
    assert place_layers(1, PlacedBytes(1, 1, 1, 1), (3, 3)) is None
    assert place_layers(1, PlacedBytes(1, 1, 1, 1), (3, 4)) == (0, 1)


@given(
    layers=st.integers(1, 40),
    layer=st.integers(1, 50),
    ends=st.integers(0, 60),
    each=st.integers(0, 60),
    free=st.lists(st.integers(0, 1000), min_size=1, max_size=6),
)
def test_no_device_holds_more_than_it_has(layers, layer, ends, each, free):
    sizes = PlacedBytes(layer, ends, ends, each)
    counts = place_layers(layers, sizes, free)
    if counts is None:
        assert max(free) < layers * layer + 2 * ends + each
    else:
        assert sum(counts) == layers
        assert all(size <= room for size, room in zip(held(counts, sizes), free, strict=True))
