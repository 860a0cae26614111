from __future__ import annotations

import pytest

from longsum.evaluate.repeated import repeated_share


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        ("one word or", 0.0),
        ("the pier was built by Anna Berg", 0.0),
        # runs: abcd bcda cdab dabc abcd, of which the last repeats
        ("a b c d a b c d", 1 / 5),
        ("no no no no no", 1 / 2),
        # case and punctuation do not hide it
        ("The pier was built. THE PIER WAS BUILT!", 1 / 5),
    ],
)
def test_share_of_runs_of_four_words_that_repeat_an_earlier_one(text, share):
    assert repeated_share(text) == pytest.approx(share)


def test_size_of_the_runs():
    assert repeated_share("a b a b", 1) == 0.5
    assert repeated_share("a b a b", 2) == pytest.approx(1 / 3)
