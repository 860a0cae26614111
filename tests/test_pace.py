from __future__ import annotations

import pytest

from longsum.pace import ReadingPace


def pace_of(points):
    pace = ReadingPace()
    for done, seconds in points:
        pace.add(done, seconds)
    return pace


def test_nothing_is_promised_before_anything_is_read():
    assert pace_of([]).seconds_left(1000) is None
    assert pace_of([]).tokens_per_s is None
    assert pace_of([(0, 1.0)]).seconds_left(1000) is None


def test_the_first_chunk_is_drawn_out_in_a_straight_line():
    pace = pace_of([(1000, 2.0)])
    assert pace.seconds_left(3000) == pytest.approx(4.0)
    assert pace.tokens_per_s == 500


@pytest.mark.parametrize(("alpha", "beta"), [(1e-3, 1e-7), (2e-4, 3e-8), (5e-3, 0.0)])
def test_a_cost_that_grows_with_every_token_is_expected(alpha, beta):
    def cost(n):
        return alpha * n + beta * n * n

    pace = pace_of([(n, cost(n)) for n in (1024, 2048, 3072, 4096)])
    assert pace.seconds_left(32768) == pytest.approx(cost(32768) - cost(4096), rel=1e-6)


def test_noise_never_makes_it_promise_less_than_a_straight_line_would_by_falling():
    pace = pace_of([(1000, 2.0), (2000, 3.0), (3000, 3.5)])  # the first chunk was slow to start
    assert pace.seconds_left(6000) == pytest.approx(3.5)


def test_time_left_is_never_negative():
    pace = pace_of([(1000, 0.001), (2000, 9.0)])
    assert pace.seconds_left(3000) > 0
    assert pace.seconds_left(2000) == 0
