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


# ---- running heads

PAGE = "The ferry is as loud at night as the bells of the harbour are by day.\n"


def spoken(text: str, continues: str | None = None) -> list[tuple[str, str]]:
    """Return who speaks, and what."""
    return [(v.name, text[v.span.start : v.span.end]) for v in voices_of(text, continues)]


@pytest.mark.parametrize(
    "head",
    ["BELLOWS, J., dissenting", "BELLOWS, J., dissenting.", "Opinion of BELLOWS, J."],
)
def test_running_heads_continue_an_opinion(head: str) -> None:
    """Each was taken for the beginning of another opinion."""
    dissent = (
        f"{DISSENT}\n{PAGE}2 HARBOUR v. TOWN\n{head}\n{PAGE}Cite as: 1 U. S. 3\n{head}\n{PAGE}"
    )
    text = f"{COURT}\n{dissent}"
    assert spoken(text) == [("Justice Bellows, dissenting", dissent)]


def test_running_heads_of_a_joint_opinion_continue_it() -> None:
    opens = "JUSTICE BELLOWS, JUSTICE CARMODY, and JUSTICE DUNN, dissenting."
    heads = "BELLOWS, CARMODY, and DUNN, JJ., dissenting"
    text = (
        f"{COURT}\n{opens}\n{PAGE}{heads}\n{PAGE}DUNN, J., dissenting\nJUSTICE DUNN, dissenting.\n"
    )
    assert names(text) == [
        "Justices Bellows, Carmody and Dunn, dissenting",
        "Justice Dunn, dissenting",
    ]


def test_opinion_begins_below_the_head_of_its_first_page() -> None:
    end = "The court's last page ends here. We affirm.\n"
    text = f"{COURT}\nBELLOWS, J., dissenting\n{end}{DISSENT}\n{PAGE}"
    assert spoken(text) == [("Justice Bellows, dissenting", f"{DISSENT}\n{PAGE}")]


def test_caption_belongs_to_the_opinion_below_it() -> None:
    caption = "SUPREME COURT OF THE HARBOUR\n\nNo. 12\n\nHARBOUR v. TOWN\n\nON WRIT TO THE "
    caption += "SUPREME COURT OF THE TOWN\n\n[May 3, 2010]\n\n"
    first = f"{caption}JUSTICE DUNN, concurring.\n{PAGE}"
    second = f"{caption}{DISSENT}\n{PAGE}"
    assert spoken(f"{caption}{COURT}\n{first}{second}") == [
        ("Justice Dunn, concurring", first),
        ("Justice Bellows, dissenting", second),
    ]


def test_pages_of_the_court_are_no_caption() -> None:
    court = f"SUPREME COURT OF THE HARBOUR\n{COURT}\n{PAGE}"
    assert spoken(court + DISSENT) == [("Justice Bellows, dissenting", DISSENT)]


def test_running_heads_say_whose_pages_were_chosen() -> None:
    """The pages of a dissent by themselves have no line that opens it."""
    head = "BELLOWS, J., dissenting\n"
    text = f"{PAGE}{head}{PAGE}{head}{PAGE}DUNN, J., concurring\n{PAGE}"
    assert spoken(text) == [
        ("Bellows, J., dissenting", f"{head}{PAGE}{head}{PAGE}"),
        ("Dunn, J., concurring", f"DUNN, J., concurring\n{PAGE}"),
    ]


def test_head_of_the_court_ends_a_separate_opinion_and_another_resumes_it() -> None:
    other = f"BELLOWS, J., dissenting\n{PAGE}"
    text = f"{DISSENT}\n{PAGE}Opinion of the Court\n{PAGE}{other}"
    assert spoken(text) == [
        ("Justice Bellows, dissenting", f"{DISSENT}\n{PAGE}"),
        ("Justice Bellows, dissenting", other),
    ]


def test_court_opens_no_opinion_within_a_separate_one() -> None:
    past = "Justice Albright delivered the opinion of the Court in Harbour v. Town.\n"
    assert spoken(f"{DISSENT}\n{past}{PAGE}") == [
        ("Justice Bellows, dissenting", f"{DISSENT}\n{past}{PAGE}")
    ]


def test_syllabus_and_opinion_of_the_court_are_not_separate() -> None:
    syllabus = (
        "Syllabus\nHeld: Ferries may run. ALBRIGHT, C. J., delivered the opinion of the Court, in "
        "which DUNN, J., joined. BELLOWS, J., filed a dissenting opinion, in which CARMODY, J.,\n"
        "joined. DUNN, J., filed an opinion concurring in part.\n"
    )
    court = f"Opinion of the Court\n{COURT}\nSee BELLOWS, J., dissenting, post.\n"
    text = f"{syllabus}{court}{DISSENT}"
    assert spoken(text) == [("Justice Bellows, dissenting", DISSENT)]


@pytest.mark.parametrize(
    "name", ["Justice Bellows, dissenting", "Justices Bellows and Dunn, concurring in part"]
)
def test_a_part_goes_on_with_the_opinion_it_begins_in(name: str) -> None:
    authors = "BELLOWS" if "Dunn" not in name else "BELLOWS and DUNN"
    text = f"{PAGE}{authors}, JJ., dissenting\n{PAGE}"
    assert spoken(text, name) == [(name, text)]
    assert spoken(f"{text}Opinion of the Court\n{PAGE}", name) == [(name, text)]


def test_authors_are_the_same_however_they_are_named() -> None:
    opens = "CHIEF JUSTICE O’HARA, JUSTICE VAN BUREN, and JUSTICE DUNN, dissenting."
    heads = "O’HARA, C. J., and VAN BUREN and DUNN, JJ., dissenting"
    (voice,) = voices_of(f"{COURT}\n{opens}\n{PAGE}{heads}\n{PAGE}")
    assert voice.authors == {"o'hara", "buren", "dunn"}
