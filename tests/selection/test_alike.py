from __future__ import annotations

from longsum.selection.alike import Unlike

TERMS = [
    ["ferry", "run", "twice", "hour", "summer"],
    ["ferry", "run", "twice", "hour", "winter", "storm", "allow"],
    ["ferry", "captain", "retire"],
    ["ferry"],
]


def test_sentence_with_most_of_the_words_of_another_says_the_same() -> None:
    unlike = Unlike(TERMS, 0.75)
    assert all(unlike(sentence) for sentence in range(4))
    unlike.add(0)
    assert [unlike(sentence) for sentence in range(4)] == [False, False, True, True]


def test_order_of_two_sentences_makes_no_difference() -> None:
    unlike = Unlike(TERMS, 0.75)
    unlike.add(1)
    assert not unlike(0)


def test_larger_share_lets_more_pass() -> None:
    unlike = Unlike(TERMS, 0.9)
    unlike.add(0)
    assert unlike(1)
