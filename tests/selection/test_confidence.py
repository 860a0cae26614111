"""Chances are a softmax of scores, and weak sentences are not shown beside a sure one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from longsum.selection.confidence import SURE, TEMPERATURE, chances, is_sure, worth_showing


class Candidate(NamedTuple):
    chance: float


def shown(*each: float, count: int = 3) -> list[float]:
    return [found.chance for found in worth_showing([Candidate(x) for x in each], count)]


def test_chances_are_a_softmax_of_the_scores() -> None:
    found = chances(np.array([0.0, TEMPERATURE * np.log(3), 0.0]))
    assert found == pytest.approx([0.2, 0.6, 0.2])
    assert chances(np.zeros(0)).shape == (0,)


def test_large_scores_do_not_overflow() -> None:
    assert chances(np.array([1e6, -1e6])) == pytest.approx([1.0, 0.0])


def test_best_sentence_is_the_answer_from_a_chance_of_half() -> None:
    assert is_sure(SURE)
    assert not is_sure(SURE - 0.01)


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        ((0.9, 0.05, 0.01), [0.9]),
        ((0.6, 0.3, 0.05), [0.6, 0.3]),
        ((0.4, 0.03, 0.01), [0.4, 0.03, 0.01]),
        ((), []),
    ],
)
def test_weak_sentences_are_left_out_beside_a_sure_one(
    ranked: tuple[float, ...], expected: list[float]
) -> None:
    assert shown(*ranked) == expected


def test_no_more_sentences_than_asked_for() -> None:
    assert shown(0.3, 0.3, 0.3, count=2) == [0.3, 0.3]
    assert shown(0.6, 0.3, 0.1, count=1) == [0.6]
