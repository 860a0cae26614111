"""The people that a document names, and whether it calls them he or she."""

from __future__ import annotations

import pytest

from longsum.selection.people import People


def names(people: People, number: int, *, sure: bool = True) -> list[str]:
    """Return the people named in a sentence."""
    return [each.name for each in people.in_sentence(number) if each.sure or not sure]


def test_titles_first_names_and_what_people_do_show_a_person() -> None:
    people = People(
        [
            "Dr. Velander founded the museum.",
            "The ferry of Sund was built by Harriet Moe.",
            "Tolver said that the ice was thin.",
            "Nobody believed what Tolver wrote.",
        ]
    )
    assert names(people, 0) == ["Dr. Velander"]
    assert names(people, 1) == ["Harriet Moe"]
    assert names(people, 2) == names(people, 3) == ["Tolver"]


@pytest.mark.parametrize(
    "text",
    [
        "In Sund the ice was thin, and near Sund nobody fished.",
        "The Harbour Commission said that it would pay, and the Harbour Commission argued well.",
        "However, the ice was thin.",
        "NATO said nothing.",
    ],
)
def test_places_bodies_and_common_words_are_not_people(text: str) -> None:
    assert names(People([text]), 0) == []


def test_possessive_s_is_not_part_of_a_name() -> None:
    people = People(["Anna Moe’s boat sank.", "John O’Hara sold his boat to Anna Moe."])
    assert names(people, 0) == ["Anna Moe"]
    assert names(people, 1) == ["John O’Hara", "Anna Moe"]


def test_gender_comes_from_titles_first_names_and_the_pronouns_that_follow() -> None:
    people = People(
        [
            "Mrs. Velander wrote a diary.",
            "Martin Moe said little.",
            "Tolver said that the ice was thin.",
            "He walked home.",
            "Tolver wrote to the board.",
            "His letter was lost.",
        ]
    )
    persons = [people.in_sentence(number)[0].person for number in (0, 1, 2)]
    assert [people.gender(person) for person in persons] == ["she", "he", "he"]


def test_surname_that_is_a_first_name_follows_the_pronouns() -> None:
    said = ["Rose said that the ice was thin.", "He walked home."] * 7
    people = People(said)
    assert people.gender(people.in_sentence(0)[0].person) == "he"


def test_full_name_is_the_only_longer_one() -> None:
    people = People(["Martin Moe said little.", "Moe wrote a diary.", "Mr. Moe slept."])
    mention = people.in_sentence(1)[0]
    assert people.full_name(mention.person, mention.name) == "Martin Moe"
    both = People(["Martin Moe said little.", "Moe wrote.", "Anna Moe said more."])
    mention = both.in_sentence(1)[0]
    assert both.full_name(mention.person, mention.name) == "Moe"


def test_a_government_called_after_a_person_leaves_the_name_a_persons() -> None:
    people = People(["Martin Moe said little.", "The Moe government fell.", "Moe told Anna Lund."])
    assert names(people, 1) == ["Moe"]
    assert names(people, 2) == ["Moe", "Anna Lund"]


def test_a_name_that_may_be_a_places_is_not_sure() -> None:
    people = People(["Moe said little.", "He lived in Moe.", "In Moe nobody fished."])
    assert names(people, 0) == []
    assert names(people, 0, sure=False) == ["Moe"]
