from __future__ import annotations

import pytest

from longsum.grounding.lexicon import are_opposite, related, synonyms
from longsum.similarity import stem


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("rose", "fell"),
        ("increases", "decreased"),
        ("granted", "denied"),
        ("consistent", "inconsistent"),
        ("lawful", "unlawful"),
        ("agree", "disagree"),
        ("harmless", "harmful"),
        ("succeeded", "failed"),
        ("before", "after"),
    ],
)
def test_opposites_are_known_both_ways(word, other):
    assert are_opposite(word, other)
    assert are_opposite(other, word)
    assert stem(other) in related(stem(word)) or word.endswith("less")


@pytest.mark.parametrize(
    ("word", "other"),
    [("discover", "cover"), ("invest", "vest"), ("rose", "increased"), ("united", "ited")],
)
def test_other_words_are_not_opposites(word, other):
    assert not are_opposite(word, other)


def test_synonyms_hold_the_word_itself():
    assert {"buy", stem("purchased")} <= synonyms("buy")
    assert synonyms("xyzzy") == {"xyzzy"}
