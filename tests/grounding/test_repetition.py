from __future__ import annotations

import random

import pytest

from longsum.grounding.repetition import MAX_REPEATS, Repetition

ROUND = [
    "The study found that participants were more confident in their judgements of the {} group.",
    "This finding was not supported by the data of the third experiment in the {} series.",
]
WORDS = ("first", "second", "other", "older", "younger", "larger", "smaller", "latter", "main")


def sentences_until_stopped(sentences: list[str]) -> int | None:
    watch = Repetition()
    for number, sentence in enumerate(sentences, 1):
        if watch.takes(sentence):
            return number
    return None


def test_paragraphs_that_differ_in_a_word_are_a_loop():
    """Nine near-identical paragraphs were written for 160 s; only exact loops were seen."""
    sentences = [each.format(word) for word in WORDS for each in ROUND]
    assert sentences_until_stopped(sentences) == len(ROUND) + MAX_REPEATS


def test_two_repeats_are_rhetoric():
    sentences = ["We shall fight them on the beaches of the south."] * 3
    assert sentences_until_stopped(sentences) is None
    assert sentences_until_stopped(sentences + sentences[:1]) == 4


def test_a_list_of_figures_is_not_a_loop():
    sentences = [f"In {year} the port shipped {year * 7 % 913} tons of grain." for year in
                 range(1990, 2020)]  # fmt: skip
    assert sentences_until_stopped(sentences) is None


def test_short_sentences_are_left_to_the_engine():
    assert sentences_until_stopped(["Yes. No.", "He did.", "They won."] * 9) is None


def test_words_that_go_round_without_a_full_stop_are_a_loop():
    watch = Repetition()
    text = "and the United States, and the people of the United States and of the states, " * 4
    grown = ""
    stopped = None
    for number, piece in enumerate((text * 5).split(" ")):
        grown += piece + " "
        if watch.goes_round(grown):
            stopped = number
            break
    assert stopped is not None
    assert len(grown) < len(text * 5)


@pytest.mark.parametrize("seed", range(3))
def test_new_words_are_not_a_loop(seed):
    chosen = random.Random(seed)
    vocabulary = [f"word{chosen.randrange(300)}" for _ in range(900)]
    watch = Repetition()
    text = ""
    for word in vocabulary:
        text += word + " "
        assert not watch.goes_round(text)
