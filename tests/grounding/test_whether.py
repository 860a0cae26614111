"""Questions for yes or no: what they ask about, and what sentences say to them."""

from __future__ import annotations

import pytest

from longsum.grounding.whether import asked_claims, verdict

CLOSED = "The port of Lund was closed for eleven days in January 1807."
OPENED = "On the third day the mayor opened the granary, which held rye for four months."
NOT_SOLD = "The harbour board did not sell any ice to the fishermen."


@pytest.mark.parametrize(("question", "claim"), [
    ("Was the port closed for twelve days?", "the port was closed for twelve days"),
    ("Did the mayor open the granary?", "the mayor open the granary"),
    ("So, does the board sell ice?", "the board sell ice"),
    ("Isn't the port open?", "the port is open"),
    ("  can ships enter the port ?? ", "ships can enter the port"),
    ("Is it?", "it is"),
])  # fmt: skip
def test_what_a_question_asks_about(question: str, claim: str) -> None:
    assert claim in asked_claims(question)


@pytest.mark.parametrize("question", [
    "May I enter the port?",
    "Can you tell me when the port was closed?",
    "Do we know the mayor's name?",
    "Must we pay for the ice?",
    "Was it rye or wheat?",
    "Is the port not open?",
    "Does the report say why the port was closed?",
    "Who opened the granary?",
    "The port was closed.",
    "Was?",
    "",
])  # fmt: skip
def test_questions_that_ask_for_something_else(question: str) -> None:
    assert asked_claims(question) == []


@pytest.mark.parametrize(("question", "says"), [
    ("Was the port of Lund closed for eleven days in January 1807?", "yes"),
    ("Was the port of Lund closed for eleven days?", "yes"),
    ("Was the port of Lund closed for twelve days in January 1807?", "no"),
    ("Was the port closed for twelve days?", "no"),
    ("Was the port of Lund open for eleven days in January 1807?", "no"),
    ("Was the port of Malmö closed for eleven days in January 1807?", None),
    ("Was the harbour master of Lund dismissed in January 1807?", None),
    ("How long was the port of Lund closed?", None),
])  # fmt: skip
def test_what_a_sentence_says(question: str, says: str | None) -> None:
    found = verdict(question, [CLOSED])
    assert (found.says if found else None) == says


@pytest.mark.parametrize(("question", "number", "says"), [
    ("Did the mayor open the granary on the third day?", 1, "yes"),
    ("Did the harbour board sell ice to the fishermen?", 2, "no"),
    ("Was the port of Lund closed for eleven days?", 0, "yes"),
])  # fmt: skip
def test_the_first_sentence_that_says_it_is_found(question: str, number: int, says: str) -> None:
    assert verdict(question, [CLOSED, OPENED, NOT_SOLD]) == (number, says)


@pytest.mark.parametrize(("question", "says"), [
    ("Must ships pay the harbour board for broken ice?", "yes"),
    ("May ships pay the harbour board for broken ice?", None),
    ("Do ships pay the harbour board for broken ice?", "yes"),
])  # fmt: skip
def test_another_modal_verb_leaves_it_open(question: str, says: str | None) -> None:
    found = verdict(question, ["Ships must pay the harbour board for broken ice."])
    assert (found.says if found else None) == says


def test_no_sentence_says_nothing() -> None:
    assert verdict("Was the port closed?", []) is None
