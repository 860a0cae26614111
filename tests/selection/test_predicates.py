from __future__ import annotations

import pytest

from longsum.selection.predicates import is_instruction, is_whole


@pytest.mark.parametrize(
    "text",
    [
        "The ferry runs twice a day from the old pier.",
        "Agencies often buy boats that nobody needs.",
        "We remand the case to the harbour board.",
        "Operators choose the cheaper of the two engines.",
        "Each concerned the rights of the fishermen.",
        "In 1902 the town paid for a new lighthouse.",
        "Anyone who objects must write to the board by May.",
        "She said that the pier was closed.",
        "That is at odds with the rules of the port.",
        "Keep the handrail in reach of children.",
        "So the advice that circulates in ports is wrong.",
        "Later that day, the captain met the mayor at the pier.",
        "Although the pier was closed, the ferry ran to the island.",
        "Because of the storm the ferry stayed in the port.",
    ],
)
def test_sentence_with_a_predicate_is_whole(text: str) -> None:
    assert is_whole(text)


@pytest.mark.parametrize(
    "text",
    [
        "The mayor’s reaction to the continuing inquiry.",
        "Conduct involving the harbour master and the owner of the ferry.",
        "Work that is similar to the needs of the port.",
        "The appointment of a new captain and efforts to remove him.",
        "Work that was completed by a team that they know.",
        "Lack of experience with boats of this size.",
        "Although the ferry had been one of the first to run at night.",
        "Because the harbour master had closed the pier for the winter.",
        "Boat that suits the needs of the harbour’s visitors.",
        "The keys and values of all tokens read; twelve of each page.",
        "No apparent experience with the design of piers.",
        "A score for each of the three ports in the study, in percent.",
    ],
)
def test_heading_or_item_of_a_list_is_a_piece(text: str) -> None:
    assert not is_whole(text)


@pytest.mark.parametrize(
    "text",
    [
        "The Old Pier The pier was built in 1902 by the town.",
        "Summer Fares In summer a ticket costs four crowns for adults.",
        "Table Of Fares 123 Only one in ten of the visitors pays the full fare.",
    ],
)
def test_heading_that_was_joined_to_a_sentence_makes_it_a_piece(text: str) -> None:
    assert not is_whole(text)


@pytest.mark.parametrize(
    "text", ["Die Fähre fährt im Sommer zweimal am Tag.", "Le bac part deux fois par jour."]
)
def test_other_languages_are_not_judged(text: str) -> None:
    assert is_whole(text)


def test_instruction_opens_with_its_verb() -> None:
    assert is_instruction("Keep the handrail in reach of children.")
    assert not is_instruction("The board keeps the handrail in reach.")
    assert not is_instruction("Work that is similar to the needs of the port.")
