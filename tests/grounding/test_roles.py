from __future__ import annotations

import pytest

from longsum.grounding.clauses import parse
from longsum.grounding.renaming import renamed
from longsum.grounding.roles import swapped


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("Smith paid Jones in Paris.", "Jones paid Smith in Paris."),
        ("Smith was paid by Jones.", "Jones was paid by Smith."),
        ("Smith paid Jones.", "Smith was paid by Jones."),
        (
            "The canal at Suez was already built and the canal at Panama was planned.",
            "The canal at Panama was already built and the canal at Suez was planned.",
        ),
    ],
)
def test_exchanged_subject_and_object_are_found(source, claim):
    assert swapped(parse(claim), parse(source)) is not None


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("Smith paid Jones in Paris.", "Jones was paid by Smith in Paris."),
        (
            "The letter written by Smith reached Jones.",
            "Smith wrote the letter that reached Jones.",
        ),
        ("In 1990 Smith paid Jones.", "Smith paid Jones in 1990."),
        (
            "When the storm came, the crew left the ship.",
            "The crew left the ship when the storm came.",
        ),
        ("The beta release fixed the leak.", "The leak was fixed in the beta release."),
        ("Smith paid Jones.", "Smith paid Jones."),
    ],
)
def test_passive_voice_and_moved_phrases_change_nothing(source, claim):
    assert swapped(parse(claim), parse(source)) is None


def common(word: str) -> bool:
    return word in {"critics", "the"}


@pytest.mark.parametrize(
    ("source", "claim", "names"),
    [
        ("Berg approved the plan.", "Lund approved the plan.", ("Lund", "Berg")),
        ("It opened in Oslo last May.", "It opened in Bergen last May.", ("Bergen", "Oslo")),
        ("The Blue Firm won.", "The Red Mill won.", ("Red Mill", "Blue Firm")),
        ("Anna met Berg there.", "Anna met Anna there.", ("Anna", "Berg")),
    ],
)
def test_name_in_the_place_of_another_is_found(source, claim, names):
    assert renamed(claim, source, common) == names


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("Anna Berg approved the plan.", "Berg approved the plan."),
        ("She approved the plan.", "Anna Berg approved the plan."),
        ("Berg paid Lund.", "Lund was paid by Berg."),
        ("The Harbour Board met.", "The HB met."),
        ("Critics praised Berg.", "Berg was praised."),
    ],
)
def test_name_written_or_placed_otherwise_is_the_same(source, claim):
    assert renamed(claim, source, common) is None
