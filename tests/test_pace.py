from __future__ import annotations

import pytest

from longsum.pace import PartsPace, ReadingPace


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


def test_parts_to_come_cost_what_their_tokens_do_and_their_answers_what_those_before_did():
    def cost(n):
        return 1e-3 * n + 1e-7 * n * n

    pace = PartsPace([4000, 3000, 2000])
    pace.begin(0, 100.0)
    assert pace.seconds_left() is None
    for done in (1000, 2000, 3000, 4000):
        pace.add(done, 100.0 + cost(done))
    assert pace.seconds_left() == pytest.approx(cost(3000) + cost(2000), rel=1e-6)
    began = 100.0 + cost(4000) + 7.0  # its answer took seven seconds
    pace.begin(1, began)
    pace.add(4000 + 1000, began + cost(1000))
    expected = cost(3000) - cost(1000) + cost(2000) + 2 * 7.0
    assert pace.seconds_left() == pytest.approx(expected, rel=1e-6)
    assert pace.tokens_per_s == pytest.approx(1000 / cost(1000))


def test_loading_the_model_is_no_time_of_the_parts():
    pace = PartsPace([3000, 3000])
    pace.begin(0, 0.0)
    pace.load()  # for a minute
    pace.add(1000, 61.0)
    assert pace.seconds_left() is None
    pace.add(2000, 62.0)
    assert pace.seconds_left() == pytest.approx(4.0)


def test_parts_from_the_cache_promise_nothing():
    pace = PartsPace([3000, 3000])
    pace.begin(0, 0.0)
    pace.begin(1, 0.1)
    assert pace.seconds_left() is None
    assert pace.tokens_per_s is None
