from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import longsum.similarity
from longsum.similarity import (
    content_words,
    idf,
    idf_weights,
    near_duplicates,
    sentence_key,
    stem,
    words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Fire-Brigade’s costs", ["the", "fire", "brigade", "costs"]),
        ("1,234.50 1'234'567 1.234.567 3,5", ["1234.50", "1234567", "1234567", "3.5"]),
        ("1\u202f234 euros", ["1234", "euros"]),
        ("twelve of twenty-five, thirty", ["12", "of", "25", "30"]),
        ("on 4.5.2024", ["on", "4.5.2024"]),
        ("growth\u00b2 of m\u00b2", ["growth", "of", "m"]),
        ("ﬁnding cafe\u0301 CAFÉ", ["finding", "café", "café"]),
        ("l'économie d’Europe", ["économie", "europe"]),
        ("東京都は2024年", ["東京", "京都", "都は", "2024", "年"]),
        ("ประเทศ", ["ปร", "ระ", "ะเ", "เท", "ทศ"]),
        ("किताब अच्छी", ["किताब", "अच्छी"]),
        ("الْكِتَابُ الكتاب ١٢٣", ["الكتاب", "الكتاب", "123"]),
        ("exam\u00adple", ["example"]),
        ("", []),
        ("--- ... !", []),
    ],
)
def test_words_of_many_scripts(text, expected):
    assert words(text) == expected


@given(st.text(max_size=80))
def test_words_take_any_text(text):
    assert all(words(text))
    assert set(content_words(text)) <= set(words(text))


def test_content_words_keep_negations_and_numbers():
    assert content_words("The board did not approve the 12 plans of the war") == [
        "board", "not", "approve", "12", "plans", "war",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "forms",
    [
        ("approve", "approves", "approved", "approving"),
        ("summary", "summaries", "summarize", "summarised"),
        ("city", "cities"),
        ("rise", "rises", "rising"),
        ("plan", "plans", "planned"),
        ("call", "calls", "called"),
        ("cost", "costs"),
    ],
)
def test_inflected_forms_share_a_stem(forms):
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(("a", "b"), [("1990", "1991"), ("class", "clasp"), ("berg", "bern")])
def test_different_words_keep_different_stems(a, b):
    assert stem(a) != stem(b)


def test_rare_words_weigh_more():
    weights = idf_weights([["the", "cat"], ["the", "dog", "dog"], ["the", "cat"]])
    assert weights["dog"] > weights["cat"] > weights["the"] > 0
    assert weights["dog"] == pytest.approx(idf(1, 3))
    assert idf_weights([]) == {}


def test_repeated_sentences_are_grouped_with_the_first():
    sentences = [
        "The committee approved the budget for the coming year on Monday evening.",
        "Rain fell for three days.",
        "the committee approved the budget for the coming year on monday evening",
        "The committee has approved the budget for the coming year on Monday evening.",
        "Rain fell for five days.",
        "",
        "",
    ]
    assert near_duplicates(sentences) == [0, 1, 0, 0, 4, 5, 6]


def test_sentences_that_differ_in_a_number_are_not_duplicates():
    a = "In the year 2019 the total revenue of the whole company was higher than the year before."
    assert near_duplicates([a, a.replace("2019", "2020"), a]) == [0, 1, 0]


def test_threshold_sets_how_near():
    pair = ["one two three four alpha", "one two three four beta"]
    assert near_duplicates(pair, threshold=0.9) == [0, 1]
    assert near_duplicates(pair, threshold=0.5) == [0, 0]


@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6).map(" ".join), max_size=12),
    st.sampled_from([0.5, 0.8, 1.0]),
)
def test_groups_match_comparing_every_pair(sentences, threshold):
    """The slow reference: each sentence against the first sentence of every group so far."""
    expected: list[int] = []
    for index, sentence in enumerate(sentences):
        bag = set(words(sentence))
        group = index
        for leader in dict.fromkeys(expected):
            other = set(words(sentences[leader]))
            if bag and len(bag & other) >= threshold * len(bag | other):
                group = leader
                break
        expected.append(group)
    assert near_duplicates(sentences, threshold) == expected


def test_work_stays_bounded_when_all_sentences_share_their_words(monkeypatch):
    rng = random.Random(0)
    sentences = [" ".join(rng.sample("abcdefghijklmnopqrstuvwxyz", 14)) for _ in range(1000)]
    compared = 0
    similar = longsum.similarity._first_similar

    class Counted(frozenset):
        def __and__(self, other):
            nonlocal compared
            compared += 1
            return frozenset(self) & other

    def count(bag, *rest):
        return similar(Counted(bag), *rest)

    monkeypatch.setattr("longsum.similarity._first_similar", count)
    near_duplicates(sentences)
    prefix = 3  # words a sentence of 14 is looked up by, at a threshold of 0.8
    assert 1000 < compared <= 1000 * prefix * longsum.similarity._MAX_COMPARED


def test_many_repeats_are_one_group():
    assert near_duplicates(["The same sentence again and again."] * 3000) == [0] * 3000


def test_copies_of_a_sentence_share_a_key():
    assert sentence_key("It’s  “cold”\tHERE.") == sentence_key('it\'s "cold" here.')
    assert sentence_key("It is -5.") != sentence_key("It is 5.")
