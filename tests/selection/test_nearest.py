from __future__ import annotations

import pytest

from longsum.documents.document import Span
from longsum.selection.candidates import Candidate
from longsum.selection.nearest import AS_NEAR, nearest

FERRY = "The ferry to Kinsale leaves at noon."
LAMP = "The lighthouse keeper trims the lamp every evening."
OTHER = "The council discussed its budget for the winter."


def near(question: str, *ranked: tuple[str, float]) -> list[str]:
    """Return the texts of the nearest of sentences with their chances, best first."""
    texts = [text for text, _ in ranked]
    candidates = [
        Candidate(Span(i, i + 1), text, -float(i), i, chance=chance)
        for i, (text, chance) in enumerate(ranked)
    ]
    return [texts[span.start] for span in nearest(candidates, question)]


def test_best_sentence_that_shares_a_word_is_nearest():
    asked = "Who painted the ferry?"
    assert near(asked, (OTHER, 0.5), (FERRY, 0.2), (LAMP, 0.1)) == [FERRY]


@pytest.mark.parametrize(
    "question",
    ["Which quarks decay in Uzbekistan?", "Who was it?", "How much time does it take?", "?"],
)
def test_sentence_that_shares_no_word_of_content_is_not_near(question):
    timely = ("It takes much time to get there.", 0.5)
    assert near(question, (FERRY, 0.3), (LAMP, 0.2)) == []
    assert near("How many quarks decay in much time?", timely) == []


def test_sentence_that_shares_one_word_of_many_is_not_near():
    asked = "Which Norwegian architect designed the {} beside the ferry?"
    assert near(asked.format("tower"), (FERRY, 0.4)) == []
    assert near("Which Norwegian designed the tower beside the ferry?", (FERRY, 0.4)) == [FERRY]


def test_a_question_of_such_words_alone_is_about_them():
    assert near("What name?", ("Its name is Foam.", 0.5)) == ["Its name is Foam."]


def test_names_and_numbers_are_shared_in_any_form():
    assert near("Which Kinsale pub burned down?", (FERRY, 0.4)) == [FERRY]
    (found,) = near("Who led the 54th?", ("The Fifty-Fourth Regiment marched.", 0.4))
    assert found == "The Fifty-Fourth Regiment marched."


def test_second_sentence_adds_a_word_of_the_question_and_comes_about_as_near():
    asked = "Which lighthouse does the ferry to Cork pass?"
    assert near(asked, (FERRY, 0.4), (LAMP, 0.4 * AS_NEAR)) == [FERRY, LAMP]
    assert near(asked, (FERRY, 0.4), (LAMP, 0.39 * AS_NEAR)) == [FERRY]
    assert near(asked, (FERRY, 0.4), ("A ferry sank.", 0.4), (LAMP, 0.4)) == [FERRY, LAMP]
    third = ("A ship from Cork sank.", 0.4)
    assert near(asked, (FERRY, 0.4), (LAMP, 0.4), third) == [FERRY, LAMP]


def test_no_sentences_have_none_nearest():
    assert near("Who painted the ferry?") == []
