from __future__ import annotations

import math

import numpy as np
import pytest

from longsum.selection.ranking import (
    bm25,
    coverage,
    lexrank,
    names_in,
    standardized,
    terms_of,
)


def test_lexrank_of_three_sentences_in_a_row():
    """The middle one shares a word with each of the others, which share none.

    All words weigh the same, so the cosines are 1/√2; the walk's balance gives the ends
    0.15/3 + 0.85 (1 - 1/√2) each, the middle the rest.
    """
    end = 0.15 / 3 + 0.85 * (1 - 1 / math.sqrt(2))
    ranks = lexrank([["x"], ["x", "y"], ["y"]])
    np.testing.assert_allclose(ranks, [end, 1 - 2 * end, end], atol=1e-5)


def test_lexrank_is_even_where_nothing_is_shared():
    np.testing.assert_allclose(lexrank([["a"], ["b"], [], ["c"]]), [0.25] * 4, atol=1e-6)
    assert len(lexrank([])) == 0


def test_bm25_by_hand():
    """Term twice in 3 of on average 2 words: idf · 2 (k1 + 1) / (2 + k1 (1 - b + b · 3/2))."""
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    expected = idf * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 1.5))
    scores = bm25([["a", "a", "b"], ["b"], ["c", "d"]], ["a"])
    np.testing.assert_allclose(scores, [expected, 0, 0])


def test_bm25_counts_a_repeated_query_word_once():
    bags = [["a", "b"], ["b"]]
    np.testing.assert_array_equal(bm25(bags, ["a", "a"]), bm25(bags, ["a"]))


@pytest.mark.parametrize(
    ("query", "names", "share"),
    [
        (["a"], set(), 1.0),
        (["a", "b"], set(), 1.0),
        (["a", "c"], set(), 0.5),
        (["q"], set(), 0.0),
        (["a", "q"], set(), 0.5),
        (["a", "q"], {"q"}, 1 / 3),
        (["a", "q"], {"a"}, 2 / 3),
        ([], set(), 0.0),
    ],
)
def test_coverage_looks_at_three_sentences_in_a_row(query, names, share):
    """A and c are four sentences apart; names count twice."""
    assert coverage([["a"], ["b"], ["d"], ["c"]], query, names) == pytest.approx(share)


def test_names_and_numbers_of_a_question_are_found():
    assert names_in("What did the Court of Appeals hold in 1998?") == {
        *terms_of("Court"),
        *terms_of("Appeals"),
        *terms_of("1998"),
    }
    assert names_in("Why?") == set()


def test_standardized_scores():
    np.testing.assert_allclose(standardized(np.array([1.0, 3.0])), [-1, 1])
    np.testing.assert_array_equal(standardized(np.array([2.0, 2.0])), [0, 0])
    assert len(standardized(np.zeros(0))) == 0


def test_inflected_forms_are_one_term():
    assert terms_of("The harbours approved the terminals") == terms_of("harbour approves terminal")
