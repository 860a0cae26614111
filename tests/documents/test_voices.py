"""Separate opinions of judges are told from the court's, and from citations of others."""

from __future__ import annotations

import pytest

from longsum.documents.voices import voice_at, voices_of

COURT = (
    "CHIEF JUSTICE ALBRIGHT delivered the opinion of the Court. The ferry may run at night. "
    "See Harbour v. Town, 1 U. S. 9 (1990) (BELLOWS, J., dissenting). We affirm."
)
DISSENT = (
    "JUSTICE BELLOWS, with whom JUSTICE CARMODY and JUSTICE DUNN join, dissenting. "
    "The ferry wakes the town. I would reverse."
)


def names(text: str) -> list[str]:
    return [voice.name for voice in voices_of(text)]


def test_dissent_reaches_to_the_end() -> None:
    text = f"{COURT} [May 3, 2010] {DISSENT}"
    (voice,) = voices_of(text)
    assert voice.name == "Justice Bellows, dissenting"
    assert text[voice.span.start : voice.span.end] == DISSENT
    assert voice_at(text, text.index("wakes")) == voice
    assert voice_at(text, text.index("at night")) is None


def test_each_ends_where_the_next_begins() -> None:
    text = f"{COURT}\nJUSTICE DUNN, concurring in the judgment. I agree.\n{DISSENT}"
    first, second = voices_of(text)
    assert (first.name, second.name) == (
        "Justice Dunn, concurring in the judgment",
        "Justice Bellows, dissenting",
    )
    assert first.span.end == second.span.start


def test_opinion_of_the_court_in_the_next_case_ends_it() -> None:
    text = f"{DISSENT}\n{COURT}"
    (voice,) = voices_of(text)
    assert voice_at(text, text.index("We affirm")) is None
    assert voice.span.start == 0


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("Justice Dunn, dissenting.", "Justice Dunn, dissenting"),
        ("BELLOWS, Circuit Judge, dissenting:", "Bellows, Circuit Judge, dissenting"),
        (
            "BELLOWS, Circuit Judge, joined by DUNN, Circuit Judge, dissenting from the denial "
            "of rehearing.",
            "Bellows, Circuit Judge, dissenting from the denial of rehearing",
        ),
        ("CARMODY, J., concurring in part and dissenting in part.",
         "Carmody, J., concurring in part and dissenting in part"),
        ("CHIEF JUSTICE VAN BUREN, concurring.", "Chief Justice Van Buren, concurring"),
    ],
)  # fmt: skip
def test_courts_write_the_line_in_several_ways(head: str, name: str) -> None:
    assert names(f"We affirm.\n{head} The ferry is loud.") == [name]


@pytest.mark.parametrize(
    "text",
    [
        "See Harbour v. Town, 1 U. S. 9 (1990) (BELLOWS, J., dissenting). We affirm.",
        "We agree with Justice Bellows, dissenting in Harbour v. Town, that ferries are loud.",
        "As JUSTICE BELLOWS, dissenting, points out, ferries are loud.",
        "Justice Bellows dissented. Justice Dunn concurred.",
        "He was dissenting. She was concurring.",
        "",
    ],
)
def test_mentions_of_opinions_are_not_their_beginning(text: str) -> None:
    assert names(text) == []
