from __future__ import annotations

import pytest

from longsum.evaluate.squad import is_exact, normalized_words, token_f1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The  Old Pier, at Moor!", ["old", "pier", "at", "moor"]),
        ("An apple a day", ["apple", "day"]),
        ("U.S. $40 (1871)", ["us", "40", "1871"]),
        ("theatre", ["theatre"]),
        ("“Anna” — Berg’s", ["anna", "bergs"]),
        ("東京タワー 1958", ["東", "京", "タ", "ワ", "ー", "1958"]),
        ("A", ["a"]),
        ("", []),
    ],
)
def test_words_are_normalized_as_squad_does(text, words):
    assert normalized_words(text) == words


@pytest.mark.parametrize(
    ("answer", "references", "f1"),
    [
        ("Anna Berg", ["anna berg."], 1.0),
        # 2 shared of 7 and 2 words: precision 2/7, recall 1
        ("It was built by Anna Berg in", ["Anna Berg"], 4 / 9),
        ("Anna", ["Berg", "Anna Berg", "Anna Maria Berg"], 2 / 3),
        ("Berg", ["Anna"], 0.0),
        # a word counts as often as both say it: 1 shared of 3 and 1
        ("no no no", ["no"], 0.5),
        ("", ["the"], 0.0),
        ("the", ["the"], 1.0),
    ],
)
def test_f1_is_that_of_the_best_reference(answer, references, f1):
    assert token_f1(answer, references) == pytest.approx(f1)


def test_exact_match_needs_all_words_in_order():
    assert is_exact("The Anna Berg!", ["Berg", "anna berg"])
    assert not is_exact("Berg Anna", ["Anna Berg"])
    assert not is_exact("Anna Berg, 1871", ["Anna Berg"])
    assert not is_exact("", ["a", ""])
