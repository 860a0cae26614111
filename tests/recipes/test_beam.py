"""Beams over sentence beginnings against searches by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from recipes.mini.beam import Beginning, beam_choice

END = 9


class Scripted:
    """A model over three tokens: a token's log-probability depends on all before it."""

    def __init__(self, seed: int = 0, told: dict[Beginning, float] | None = None) -> None:
        self.seed, self.told = seed, told or {}

    def __call__(self, rows: Sequence[Beginning]) -> list[np.ndarray]:
        return [np.array([self.of(row[: d + 1]) for d in range(len(row))]) for row in rows]

    def of(self, beginning: Beginning) -> float:
        drawn = -float(np.random.default_rng([self.seed, *beginning]).exponential())
        return self.told.get(beginning, drawn)


def some_sentences(seed: int, count: int) -> list[Beginning]:
    every = [(*body, END) for n in (1, 2, 3, 4) for body in product(range(3), repeat=n)]
    return [every[i] for i in np.random.default_rng(seed).choice(len(every), count, replace=False)]


@pytest.mark.parametrize("seed", range(20))
def test_a_beam_that_keeps_everything_finds_the_best_mean(seed: int) -> None:
    sentences, model = some_sentences(seed, 30), Scripted(seed)
    best = max(range(30), key=lambda i: model([sentences[i]])[0].mean())
    assert beam_choice(sentences, model, width=1000, depth=3) == best


@pytest.mark.parametrize("seed", range(20))
def test_a_beam_of_one_walks_greedily(seed: int) -> None:
    """By sums, as by the last token alone: one beginning is kept, so that its past is the same."""
    sentences, model = some_sentences(seed, 30), Scripted(seed)
    path: Beginning = ()
    while not path or path[-1] != END:
        after = {s[: len(path) + 1] for s in sentences if s[: len(path)] == path}
        path = max(after, key=model.of)
    assert sentences[beam_choice(sentences, model, width=1, depth=9)] == path


def test_a_wider_beam_finds_what_begins_badly() -> None:
    sentences = [(0, END), (1, END)]
    model = Scripted(told={(0,): -1.0, (0, END): -5.0, (1,): -2.0, (1, END): -0.1})
    assert beam_choice(sentences, model, width=1, depth=1) == 0
    assert beam_choice(sentences, model, width=2, depth=1) == 1


def test_a_long_sentence_is_not_put_back_for_its_length() -> None:
    long = (1, 1, 1, 1, END)
    told = {(0,): -1.0, (0, END): -1.0} | {long[: d + 1]: -0.9 for d in range(5)}
    assert beam_choice([(0, END), long], Scripted(told=told), width=2, depth=4) == 1


def test_weights_decide_among_what_was_reached() -> None:
    told = {(0,): -1.0, (0, END): -1.0, (1,): -1.2, (1, END): -1.2}
    sentences, model = [(0, END), (1, END)], Scripted(told=told)
    assert beam_choice(sentences, model, width=2, depth=1, weights=[0.0, 0.5]) == 1
    assert beam_choice(sentences, model, width=1, depth=1, weights=[0.0, 0.5]) == 0


def test_few_beginnings_are_not_scored() -> None:
    asked: list[int] = []

    def score(rows: Sequence[Beginning]) -> list[np.ndarray]:
        asked.append(len(rows))
        return Scripted()(rows)

    beam_choice([(0, 0, END), (1, 0, END)], score, width=2, depth=2)
    assert asked == [2]
