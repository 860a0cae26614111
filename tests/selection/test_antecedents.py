"""Whom a pronoun stands for, and where that is left open."""

from __future__ import annotations

import pytest

from longsum.selection.antecedents import Antecedent, antecedents
from longsum.selection.people import People

KNOWN = [
    "Martin Moe wrote that the harbour was full of ice.",
    "Martin Moe said so to the whole town.",
    "Anna Lund argued that the board was wrong.",
    "Anna Lund said so in the newspaper.",
    "Peter Vik said that the ferry was late.",
]
"""Shows the people the other sentences name."""


def last(*texts: str) -> Antecedent | None:
    """Return whom the last of some sentences speaks of."""
    every = [*KNOWN, "The harbour was quiet.", "## The ferry", *texts]
    return antecedents(every, People(every))[-1]


@pytest.mark.parametrize(
    ("before", "text", "pronoun", "name"),
    [
        (["Martin Moe built the ferry."], "He sold it to the town.", "He", "Martin Moe"),
        (["Moe built the ferry."], "He sold it to the town.", "He", "Martin Moe"),
        (["Martin Moe built the ferry."], "His wife painted the ferry.", "His", "Martin Moe"),
        (["Martin Moe built the ferry."], "In March 1902, he sold it.", "he", "Martin Moe"),
        (["Martin Moe met Anna Lund."], "She had sold the ferry.", "She", "Anna Lund"),
        (
            ["Anna Lund kept the light.", "She lived on the rock.", "The rock was bare."],
            "She left the rock in 1911.",
            "She",
            "Anna Lund",
        ),
        (
            ["Anna Lund wrote “The Light”.", "The ferry sank."],
            "She told the town.",
            "She",
            "Anna Lund",
        ),
    ],
)
def test_the_only_person_the_sentences_before_speak_of(
    before: list[str], text: str, pronoun: str, name: str
) -> None:
    found = last(*before, text)
    assert found is not None
    assert (found.pronoun, found.name) == (pronoun, name)
    assert found.sentence == len(KNOWN) + 2


@pytest.mark.parametrize(
    "texts",
    [
        ["Martin Moe met Peter Vik.", "He sold the ferry."],
        ["He met Martin Moe.", "He sold the ferry."],
        ["Martin Moe’s boat sank.", "He sold the ferry."],
        ["Martin Moe sank.", "The keeper was asleep.", "He sold the ferry."],
        ["Martin Moe built the ferry.", "“He sold it,” the town said."],
        ["Martin Moe built the ferry.", "“Nobody paid for it.", "He sold it."],
        ["Martin Moe built the ferry.", "The keeper said that he sold it."],
        ["Martin Moe built the ferry.", "The subject was told that he had sold it."],
        ["Martin Moe built the ferry.", "When he left, Peter Vik sold it."],
        ["Martin Moe built the ferry.", "## The light", "He sold it."],
        ["Martin Moe built the ferry.", "She sold it."],
        ["Martin Moe built the ferry.", *["The ice was thin."] * 4, "He sold it."],
        ["Martin Moe, 529 U. S., at 435, says so.", "He sold it."],
        ["Martin Moe built the ferry.", "Moe sold it."],
        ["Martin Moe built the ferry.", "Martin Moe’s wife knew that he sold it."],
    ],
)
def test_it_is_left_open_where_it_may_be_another(texts: list[str]) -> None:
    assert last(*texts) is None


def test_other_languages_have_their_own_pronouns() -> None:
    texts = ["Anna Moe kam.", "Anna Moe ging.", "Von weit her kam der Wind."]
    assert antecedents(texts, People(texts)) == [None, None, None]
