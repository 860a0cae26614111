from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.budget import Budget, apply_ranges, kept_ranges


def test_budget_is_shown_in_one_line():
    budget = Budget(document=18_342, prompt=96, answer=512, window=32_768)
    shown = "document 18,342 + prompt 96 + answer 512 = 18,950 of 32,768 tokens"
    assert str(budget) == shown
    assert budget.fits


@pytest.mark.parametrize(("window", "fits"), [(600, True), (599, False)])
def test_last_token_of_the_window_may_be_used(window, fits):
    assert Budget(500, 40, 60, window).fits is fits


@pytest.mark.parametrize(
    ("cut", "kept"),
    [("tail", [0, 1, 2, 3, 4]), ("head", [5, 6, 7, 8, 9]), ("middle", [0, 1, 2, 8, 9])],
)
def test_part_that_is_named_is_left_out(cut, kept):
    assert apply_ranges(range(10), kept_ranges(10, 5, cut)) == kept


@given(st.integers(0, 60), st.integers(1, 60), st.sampled_from(["head", "tail", "middle"]))
def test_truncation_keeps_as_much_as_fits_in_order(total, available, cut):
    kept = apply_ranges(range(total), kept_ranges(total, available, cut))
    assert len(kept) == min(total, available)
    assert kept == sorted(set(kept))


def test_an_answer_that_takes_no_tokens_is_not_shown():
    shown = "document 18,342 + prompt 96 = 18,438 of 32,768 tokens"
    assert str(Budget(18_342, 96, 0, 32_768)) == shown
