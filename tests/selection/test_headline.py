"""The headline of an executive summary says what the document concludes."""

from __future__ import annotations

import pytest

from longsum.selection.headline import headline, with_headline_first

COSTS = "Costs of the harbour rose by 12 percent in 2023, and costs of the ferry by 4 percent."
FERRY = "The ferry and the harbour carried 4,100 passengers a day, and costs rose."
STAFF = "Most of the staff came from the islands nearby."


@pytest.mark.parametrize(
    "conclusion",
    [
        "We conclude that the ferry should run twice an hour.",
        "The Court held that the permit was void.",
        "Held: The permit was void.",
        "The results clearly show that fares matter less than waiting.",
        "The committee therefore recommends a second pier.",
        "In conclusion, the pier is worth its price.",
        "The judgment of the court below is affirmed.",
    ],
)
def test_conclusion_comes_first(conclusion: str) -> None:
    texts = [COSTS, FERRY, conclusion, STAFF]
    assert headline(texts) == 2
    assert with_headline_first(texts) == [2, 0, 1, 3]


def test_without_a_conclusion_the_most_central_sentence_stands_for_all() -> None:
    assert headline([STAFF, COSTS, FERRY]) in (1, 2)


def test_purpose_comes_before_a_detail() -> None:
    assert headline([COSTS, "This report compares two ways to run the ferry.", FERRY]) == 1


def test_sentence_that_refers_to_the_one_before_is_no_headline() -> None:
    assert headline([COSTS, "However, this shows that the results show nothing."]) == 0


def test_single_sentence_is_the_headline() -> None:
    assert with_headline_first([STAFF]) == [0]
