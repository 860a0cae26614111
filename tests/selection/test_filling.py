from __future__ import annotations

from longsum.selection.filling import ENOUGH, TOO_MUCH, fill


def taken(*sizes: int, length: int = 20, max_passed_over: int | None = None) -> list[int]:
    """Return the sizes of those that are taken, in this order."""
    return fill(sizes, lambda size: size, length, max_passed_over=max_passed_over)


def test_sentences_are_taken_until_the_length_is_reached():
    assert taken(10, 10, 10, 10) == [10, 10]
    assert taken(10, 9, 10) == [10, 9]


def test_sentence_that_overshoots_is_passed_over_for_a_shorter_one():
    assert taken(10, 50, 10) == [10, 10]


def test_filling_is_given_up_in_time():
    offered = iter([10, *[50] * 4, 10])
    assert fill(offered, lambda size: size, 20, max_passed_over=4) == [10]
    assert list(offered) == [10]


def test_first_sentence_is_taken_however_long():
    assert taken(50, 10) == [50]


def test_sentences_are_taken_in_the_order_given_and_each_is_reported_before_the_next():
    sizes = [30, 80, 40, 20, 60]
    reported: list[int] = []
    order = [4, 1, 2, 3, 0]
    assert fill(order, lambda i: sizes[i], 100, add=reported.append) == [4, 2] == reported
    assert ENOUGH * 100 <= 60 + 40
    assert TOO_MUCH * 100 < 60 + 80


def test_of_copies_only_the_first_is_taken():
    words = ["One", "two", "one", "TWO", "three"]
    assert fill(words, lambda word: 5, 15, key=str.casefold) == ["One", "two", "three"]


def test_what_says_little_does_not_fill_the_rest():
    sizes = [90, 8, 6, 10]
    little = {1, 2}
    assert fill(range(4), lambda i: sizes[i], 100, says_little=little.__contains__) == [0, 3]
    assert fill([1, 0], lambda i: sizes[i], 100, says_little=little.__contains__) == [1, 0]
