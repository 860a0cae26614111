from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from longsum.selection.cover import MAX_USES, Cover, Shared, shared_probabilities
from longsum.selection.vocabulary import vocabulary_of
from longsum.selection.word_pairs import pairs_of

SENTENCES = (
    ["the", "port", "of", "westhaven", "was", "founded"],
    ["the", "port", "was", "sold"],
    ["a", "storm", "a", "storm", "a", "storm"],
    ["fishermen", "lost", "their", "moorings", "in", "the", "port"],
)
SIZES = np.array([len(sentence) for sentence in SENTENCES])


def cover_with(
    expected: dict[str, float],
    scores: list[float] | None = None,
    penalties: list[float] | None = None,
    bonuses: list[float] | None = None,
) -> Cover:
    given = [np.array(each or [0.0] * len(SENTENCES)) for each in (scores, penalties, bonuses)]
    return Cover([(words_shared(expected), 1.0)], given[0], SIZES, *given[1:])


def words_shared(expected: dict[str, float]) -> Shared[str]:
    vocabulary = vocabulary_of(SENTENCES)
    uses = np.array([expected.get(word, 0.01) for word in vocabulary.terms])
    return Shared(vocabulary, uses, len(SENTENCES))


def value_of(chosen: tuple[int, ...], expected: dict[str, float]) -> float:
    """The expected number of shared words, by the sum over every possible count in the summary."""
    counts = Counter(word for i in chosen for word in SENTENCES[i])
    total = 0.0
    for word, here in counts.items():
        mean = expected.get(word, 0.01)
        for there in range(60):
            chance = math.exp(-mean) * mean**there / math.factorial(there)
            total += chance * min(here, there)
    return total


def test_probabilities_are_those_of_a_poisson_distribution():
    found = shared_probabilities(np.array([0.0, 1.5]))
    assert found.shape == (2, MAX_USES)
    assert found[0] == pytest.approx(np.zeros(MAX_USES))
    none, once = math.exp(-1.5), 1.5 * math.exp(-1.5)
    assert found[1, :2] == pytest.approx([1 - none, 1 - none - once])
    assert found[1].sum() == pytest.approx(1.5, abs=1e-6)  # E[C] = Σ P(C ≥ k)


def test_gains_are_the_growth_of_the_expected_number_of_shared_words():
    expected = {"port": 1.4, "storm": 0.8, "the": 2.5, "fishermen": 0.6}
    cover = cover_with(expected)
    chosen: tuple[int, ...] = ()
    for sentence in (1, 3, 2, 0):
        before = value_of(chosen, expected)
        grown = value_of((*chosen, sentence), expected) - before
        assert cover.gain(sentence) * SIZES[sentence] == pytest.approx(grown, abs=1e-6)
        cover.add(sentence)
        chosen = (*chosen, sentence)


def test_lazy_greedy_takes_the_sentence_of_the_largest_gain_each_time():
    expected = {"port": 1.0, "storm": 1.2, "a": 1.0, "the": 2.0, "moorings": 0.5}
    lazy, plain = cover_with(expected), cover_with(expected)
    order, left = [], set(range(len(SENTENCES)))
    for sentence in lazy.best_first():
        best = max(left, key=lambda i: (plain.gain(i), -i))
        order.append(sentence)
        assert sentence == best
        lazy.add(sentence)
        plain.add(best)
        left.remove(best)
    assert sorted(order) == [0, 1, 2, 3]


def test_greedy_choice_of_two_is_near_the_best_pair():
    expected = {"port": 1.0, "storm": 0.9, "fishermen": 0.8, "moorings": 0.8, "the": 2.0}
    cover = cover_with(expected)
    chosen = []
    for sentence in itertools.islice(cover.best_first(), 2):
        chosen.append(sentence)
        cover.add(sentence)
    best = max(value_of(pair, expected) for pair in itertools.combinations(range(4), 2))
    assert value_of(tuple(chosen), expected) >= (1 - 1 / math.e) * best


def test_what_is_said_already_is_worth_less_the_second_time():
    cover = cover_with({"port": 1.0, "the": 1.0, "was": 1.0})
    before = cover.gain(1)
    cover.add(0)
    assert cover.gain(1) < before


def test_a_sentence_that_was_passed_over_does_not_come_again():
    cover = cover_with({"storm": 3.0})
    order = cover.best_first()
    first = next(order)
    assert first not in list(order)


def test_scores_decide_between_sentences_of_the_same_words():
    cover = cover_with({}, [0.0, 0.0, 0.0, 1.0])
    assert next(cover.best_first()) == 3


def test_pairs_of_words_count_beside_words_as_much_as_they_weigh():
    pairs = pairs_of(SENTENCES)
    uses = np.array([2.0 if pair == ("the", "port") else 0.01 for pair in pairs.terms])
    words = words_shared({"port": 1.0})
    neighbours = Shared(pairs, uses, len(SENTENCES))
    nothing = np.zeros(len(SENTENCES))
    cover = Cover([(words, 1.0), (neighbours, 1.5)], nothing, SIZES, nothing, nothing)
    for sentence in range(len(SENTENCES)):
        expected = words.gain(sentence) + 1.5 * neighbours.gain(sentence)
        assert cover.gain(sentence) * SIZES[sentence] == pytest.approx(expected)
    before = cover.gain(1)
    cover.add(0)  # "the port" is said once now
    assert cover.gain(1) < before


def test_pairs_decide_between_sentences_of_the_same_words():
    ordered, mixed = ["rain", "fell", "hard"], ["hard", "rain", "fell"]
    vocabulary, pairs = vocabulary_of([ordered, mixed]), pairs_of([ordered, mixed])
    uses = np.array([1.0 if pair == ("hard", "rain") else 0.01 for pair in pairs.terms])
    shared = [
        (Shared(vocabulary, np.ones(3), 2), 1.0),
        (Shared(pairs, uses, 2), 1.0),
    ]
    cover = Cover(shared, np.zeros(2), np.array([3, 3]), np.zeros(2), np.zeros(2))
    assert next(cover.best_first()) == 1


def test_a_dependent_sentence_comes_after_its_predecessor():
    """The second sentence is the best; without the first it counts nothing, after it in full."""
    expected = {"port": 1.0, "sold": 3.0, "storm": 0.5}
    assert next(cover_with(expected).best_first()) == 1
    cover = cover_with(expected, penalties=[0.0, 5.0, 0.0, 0.0])
    order = []
    for sentence in cover.best_first():
        order.append(sentence)
        cover.add(sentence)
    assert sorted(order) == [0, 1, 2, 3]
    assert order[order.index(0) + 1] == 1


def test_a_dependent_sentence_comes_last_when_its_predecessor_is_passed_over():
    cover = cover_with({"port": 1.0, "sold": 3.0}, penalties=[0.0, 5.0, 0.0, 0.0])
    assert list(cover.best_first())[-1] == 1


@pytest.mark.parametrize(("chosen", "beside"), [(1, 2), (2, 1)])
def test_a_neighbour_of_its_paragraph_gains_by_what_is_chosen(chosen: int, beside: int):
    cover = cover_with({"port": 1.0}, bonuses=[0.0, 0.0, 0.5, 0.0])
    before = [cover.gain(i) for i in range(4)]
    plain = cover_with({"port": 1.0})
    for each in (cover, plain):
        each.add(chosen)
    assert before == [cover_with({"port": 1.0}).gain(i) for i in range(4)]
    gained = [cover.gain(i) - plain.gain(i) for i in range(4)]
    assert gained[beside] == pytest.approx(0.5)
    assert [gained[i] for i in range(4) if i != beside] == pytest.approx([0.0] * 3)


def test_the_choice_is_greedy_with_gains_that_rise():
    rng = np.random.default_rng(0)
    for _ in range(30):
        expected = dict(zip(("the", "port", "storm", "a"), rng.exponential(size=4), strict=True))
        bonuses = [0.0, *rng.exponential(0.2, size=3)]
        lazy, plain = (cover_with(expected, bonuses=bonuses) for _ in range(2))
        left = set(range(4))
        for sentence in lazy.best_first():
            assert sentence == max(left, key=lambda i: (plain.gain(i), -i))
            for each in (lazy, plain):
                each.add(sentence)
            left.remove(sentence)


def test_where_all_are_dependent_the_best_is_first():
    cover = cover_with({"sold": 3.0}, penalties=[5.0] * 4)
    assert next(cover.best_first()) == 1


def test_part_of_the_document_without_a_sentence_comes_before_a_slightly_better_sentence() -> None:
    scores = np.array([1.0, 0.9, 0.5])
    none, sizes = np.zeros(3), np.array([4, 4, 4])
    parts = np.array([0, 0, 1])

    def order(spread: float) -> list[int]:
        cover = Cover([], scores, sizes, none, none, parts, spread)
        found = []
        for sentence in cover.best_first():
            found.append(sentence)
            cover.add(sentence)
        return found

    assert order(0.0) == [0, 1, 2]
    assert order(0.5) == [0, 2, 1]
    assert order(0.3) == [0, 1, 2]
