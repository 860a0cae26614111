from __future__ import annotations

import pytest

from longsum.selection.asked import AskedDocument
from longsum.selection.literals import answer_terms, holds_phrase, literal_words, literals_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the 54th Massachusetts", "the Fifty-Fourth Massachusetts"),
        ("the 20th century", "the twentieth century"),
        ("the 21st time", "the twenty-first time"),
        ("1,234 people", "1234 people"),
        ("twelve men", "12 men"),
        ("chapter 4", "the fourth chapter"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(one, other):
    """`What was the 54th Massachusetts?` was denied: the document writes `Fifty-Fourth`."""
    assert set(answer_terms(one)) == set(answer_terms(other))


def test_words_that_only_look_like_numbers_stay_words():
    assert literal_words("a second later, at first, in twenty first steps") == [
        *("a", "second", "later", "at", "first", "in", "20", "first", "steps"),
    ]


def literals(question: str, *texts: str):
    return literals_of(question, AskedDocument(texts).capitalised)


def test_names_are_what_the_question_writes_with_a_capital_after_its_first_word():
    found = literals("Did Marie Curie win the Nobel Prize in 1903?")
    assert found.names == {"marie", "curie", "nobel", "prize"}
    assert found.numbers == {"1903"}


def test_names_typed_in_lower_case_are_known_from_the_document():
    texts = ("Then Lee surrendered to Grant.", "The army of Lee was hungry.", "An army fights.")
    assert literals("when did lee and the army fight?", *texts).names == {"lee"}


def test_a_capital_that_opens_a_sentence_does_not_make_a_name():
    assert literals("were visitors there?", "Visitors came.", "“Visitors” came.").names == set()


def test_quoted_words_are_a_phrase_and_apostrophes_are_not():
    found = literals("Who said “we shall overcome”, and what's John's 'old pier'?")
    assert found.phrases == (("we", "shall", "overcome"), ("old", "pier"))
    assert {"overcome", "pier"} <= found.all


def test_a_phrase_is_held_in_its_order_alone():
    words = literal_words("We shall overcome the tide.")
    assert holds_phrase(words, ("shall", "overcome"))
    assert not holds_phrase(words, ("overcome", "shall"))
