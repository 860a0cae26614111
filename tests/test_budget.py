from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.budget import Budget, apply_ranges, kept_ranges, require_room
from longsum.errors import DocumentTooLong


def test_budget_is_told_in_one_line():
    budget = Budget(document=18_342, prompt=96, answer=512, window=32_768)
    told = "document 18,342 + prompt 96 + answer 512 = 18,950 of 32,768 tokens"
    assert str(budget) == told
    assert budget.fits
    require_room(budget)


@pytest.mark.parametrize(("window", "fits"), [(600, True), (599, False)])
def test_last_token_of_the_window_may_be_used(window, fits):
    assert Budget(500, 40, 60, window).fits is fits


def test_document_that_is_too_long_is_refused_with_numbers_and_remedies():
    with pytest.raises(DocumentTooLong) as caught:
        require_room(Budget(document=40_000, prompt=100, answer=512, window=32_768))
    assert caught.value.exit_code == 3
    assert "7,844 tokens over the window" in caught.value.message
    assert "document 40,000 + prompt 100 + answer 512 = 40,612" in caught.value.message
    for remedy in ("--pages", "--model", "--truncate"):
        assert remedy in caught.value.hint
    assert "--context" not in caught.value.hint


@pytest.mark.parametrize(("largest", "offered"), [(32_768, True), (5_000, False), (None, False)])
def test_larger_window_of_the_same_model_is_offered_where_it_helps(largest, offered):
    with pytest.raises(DocumentTooLong) as caught:
        require_room(Budget(6_000, 100, 512, 4_096), largest)
    assert (f"--context {largest}" in caught.value.hint) is offered


def test_truncation_is_not_offered_where_prompt_and_answer_alone_are_too_long():
    with pytest.raises(DocumentTooLong) as caught:
        require_room(Budget(document=10, prompt=100, answer=400, window=450))
    assert "--truncate" not in caught.value.hint
    assert "--max-new-tokens" in caught.value.hint


@pytest.mark.parametrize(
    ("cut", "kept"),
    [("tail", [0, 1, 2, 3, 4]), ("head", [5, 6, 7, 8, 9]), ("middle", [0, 1, 2, 8, 9])],
)
def test_part_that_is_named_is_left_out(cut, kept):
    assert apply_ranges(range(10), kept_ranges(10, 5, cut)) == kept


@given(st.integers(0, 60), st.integers(1, 60), st.sampled_from(["head", "tail", "middle"]))
def test_truncation_keeps_as_much_as_fits_in_order(total, room, cut):
    kept = apply_ranges(range(total), kept_ranges(total, room, cut))
    assert len(kept) == min(total, room)
    assert kept == sorted(set(kept))


def test_a_shorter_answer_is_a_remedy_only_where_it_would_help():
    def hint(document: int) -> str:
        with pytest.raises(DocumentTooLong) as caught:
            require_room(Budget(document=document, prompt=100, answer=512, window=32768))
        return caught.value.hint or ""

    assert "--max-new-tokens" in hint(32_400)
    assert "--max-new-tokens" not in hint(40_000)


def test_an_answer_that_takes_no_tokens_is_not_told():
    told = "document 18,342 + prompt 96 = 18,438 of 32,768 tokens"
    assert str(Budget(18_342, 96, 0, 32_768)) == told
