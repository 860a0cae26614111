from __future__ import annotations

import math

import pytest

from longsum.evaluate.means import mean_and_error, ratio_and_error


def test_mean_and_error_of_values():
    # mean 2, squared deviations 1 + 0 + 1, variance 1, error 1/√3
    assert mean_and_error([1.0, 2.0, 3.0]) == (2.0, pytest.approx(1 / math.sqrt(3)))
    assert mean_and_error([4.0]) == (4.0, None)
    assert mean_and_error([]) == (None, None)


def test_share_is_over_all_things_and_its_error_over_groups():
    # 3 of 4 and 1 of 4: share 1/2, deviations 3 - 2 = 1 and 1 - 2 = -1, error √(2 · 2/1) / 8
    assert ratio_and_error([3, 1], [4, 4]) == (0.5, pytest.approx(0.25))
    # a group without things says nothing
    assert ratio_and_error([3, 0, 1], [4, 0, 4]) == (0.5, pytest.approx(0.25))
    # larger groups weigh more: 1 of 1 and 0 of 3
    share, _ = ratio_and_error([1, 0], [1, 3])
    assert share == 0.25


def test_error_of_a_share_with_one_thing_per_group_is_that_of_the_mean():
    values = [1, 0, 0, 1, 1]
    assert ratio_and_error(values, [1] * 5) == pytest.approx(mean_and_error(values))


def test_share_of_nothing_is_none():
    assert ratio_and_error([], []) == (None, None)
    assert ratio_and_error([0], [0]) == (None, None)
    assert ratio_and_error([1], [2]) == (0.5, None)
