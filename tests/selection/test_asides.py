"""What a summary leaves out of a sentence, and what it must not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.selection.asides import asides, shortened

LEFT_OUT = {
    "Moreover, the port stayed closed until the end of March.": (
        "The port stayed closed until the end of March."
    ),
    "And the mayor opened the granary on the third day.": (
        "The mayor opened the granary on the third day."
    ),
    "On the one hand, rye was cheaper than in any other year.": (
        "Rye was cheaper than in any other year."
    ),
    "As an example, the mayor of Lund paid for forty loads of rye.": (
        "The mayor of Lund paid for forty loads of rye."
    ),
    "In fact, as previously noted, nobody had asked the harbour master.": (
        "Nobody had asked the harbour master."
    ),
    "I A In 1807 the harbour board closed the port of Lund.": (
        "In 1807 the harbour board closed the port of Lund."
    ),
    "II Both boards closed the port for eleven days.": (
        "Both boards closed the port for eleven days."
    ),
    "III B Ice is what closed the port for eleven days.": (
        "Ice is what closed the port for eleven days."
    ),
    "B The board closed the port for eleven days.": "The board closed the port for eleven days.",
    "Salt lowers the freezing point of some waters (e.g., [12]) but not of all.": (
        "Salt lowers the freezing point of some waters but not of all."
    ),
    "Ice forms at the quay first (see Supplementary Table S2 and Fig. 4) and spreads.": (
        "Ice forms at the quay first and spreads."
    ),
    "As shown in Figure 3, the ice was thickest at the old quay.": (
        "The ice was thickest at the old quay."
    ),
    "Ice forms at the quay first (Fig. 2A, upper panel) and spreads from there.": (
        "Ice forms at the quay first and spreads from there."
    ),
    "Salt lowers the freezing point (Moreau and Lind 1999; Abe et al. 2003).": (
        "Salt lowers the freezing point."
    ),
    "Rye was dearer than ever in the port of Lund ().": (
        "Rye was dearer than ever in the port of Lund."
    ),
    "Salt lowers the freezing point of harbour water [3, 12–14].": (
        "Salt lowers the freezing point of harbour water."
    ),
    "The ships were “laden with rye” (internal quotation marks omitted).": (
        "The ships were “laden with rye”."
    ),
    "We granted certiorari, 512 U. S. ___, ___ (1995), to settle who owns the ice.": (
        "We granted certiorari to settle who owns the ice."
    ),
    "In Harbour Board v. Lind, 512 U. S. 33, 41 (1995), we held that ice is a thing.": (
        "In Harbour Board v. Lind, we held that ice is a thing."
    ),
    "The Board relied on Lind, supra, at 41, and on nothing else.": (
        "The Board relied on Lind and on nothing else."
    ),
    "Chair: So we would , uh , open the the granary {vocalsound} on Monday .": (
        "Chair: We would open the granary on Monday."
    ),
    "Clerk: I think that 's what that that means , um , to to us .": (
        "Clerk: I think that's what that means to us."
    ),
    "Well , I 'd say it 's the ice that does n't melt .": (
        "I'd say it's the ice that doesn't melt."
    ),
}


@pytest.mark.parametrize("sentence", list(LEFT_OUT))
def test_asides_are_left_out(sentence: str) -> None:
    assert shortened(sentence) == LEFT_OUT[sentence]


@pytest.mark.parametrize("sentence", [
    "The port stayed closed (1807 to 1809) and the price of rye doubled.",
    "The mayor (born in May 1760) opened the granary on the third day.",
    "The harbour board (HB) owns the ice on both sides of the quay.",
    "There are three ways: (1) to wait, (2) to break the ice, (3) to sail around it.",
    "“And the ice will be gone by Monday,” the harbour master said.",
    "The harbour sold ice (tables and chairs, too) to the fishermen of Lund.",
    "Ice was dear (note that no ship could bring any) in the spring of 1807.",
    "The quay was wide (sections of it were closed) at the old granary.",
    "The price of rye doubled (since 1902) in the port of Lund.",
    "The old granary (founded 1902) held rye for four months.",
    "The ice broke early (May 1907) in the port of Lund.",
    "The board built houses (post war) on the old quay of the harbour.",
    "However, the port stayed closed until the end of March.",
    "But the mayor opened the granary on the third day.",
    "In conclusion, salt lowers the freezing point of harbour water.",
    "A German ship broke the ice, and I saw it.",
    "I saw The Harbour, a painting of the ice at the quay.",
    "Instead, the ships were sent to another port.",
    "But for the granary, the town would have starved that winter.",
    "And if the ice had stayed, nobody would have sold any rye.",
    "The law speaks of “any person . . . who breaks the ice . . . at night.”",
    "He paid 512 U.S. dollars for the ice, and 33 for the rye.",
    "Under 28 U. S. C. §1331, the harbour board may be sued.",
    "Thus spoke the harbour master of the ice.",
    "Yes, never.",
    "Uh , no .",
])  # fmt: skip
def test_what_says_something_stays(sentence: str) -> None:
    assert shortened(sentence) == sentence


def test_a_lead_in_stays_where_the_sentence_before_is_shown() -> None:
    text = "Moreover, the port stayed closed (see Table 2) until the end of March."
    assert shortened(text, follows=True) == (
        "Moreover, the port stayed closed until the end of March."
    )


def test_too_little_must_not_be_left() -> None:
    assert shortened("Moreover, nobody had left.") == "Moreover, nobody had left."


def test_white_space_is_made_even_and_an_aside_may_span_lines() -> None:
    given_text = "Moreover,\nthe port  stayed\nclosed (see\nTable 2) until the end of March."
    assert shortened(given_text) == "The port stayed closed until the end of March."


@given(st.text(alphabet=" .,;:()[]{}'’“\n0123456789ABCabcdehinortuSU-", max_size=120))
def test_only_characters_of_the_sentence_are_left_in_their_order(text: str) -> None:
    found = shortened(text)
    rest = iter(" ".join(text.split()).casefold())
    assert all(letter in rest for letter in found.casefold() if letter != " ")


@pytest.mark.parametrize("sentence", list(LEFT_OUT))
def test_shortening_again_changes_nothing(sentence: str) -> None:
    once = shortened(sentence)
    assert shortened(once) == once


@pytest.mark.parametrize("sentence", list(LEFT_OUT))
def test_places_are_in_order_and_apart(sentence: str) -> None:
    found = asides(sentence)
    assert found
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))
    assert all(span.start < span.end <= len(sentence) for span in found)


def test_patterns_take_little_time_on_long_and_odd_sentences() -> None:
    for piece in ("(see (", "[1, ", "uh ", "the the ", ", 1 U. S. 1", "and ", "(Abe ", "{x} "):
        assert isinstance(shortened(piece * 3000), str)
    assert re.fullmatch(r"x+", shortened("x" * 100_000))


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "Full Harbour Set The results of all nine boats are shown in the third row.",
            "The results of all nine boats are shown in the third row.",
        ),
        (
            "3.1 Adapting the Boats to the Ice While the boats were old, they did not leak.",
            "While the boats were old, they did not leak.",
        ),
        ("Conclusion We found that the boats do not leak.", "We found that the boats do not leak."),
        (
            "5k Boat Set In order to compare them, we weighed all the boats.",
            "In order to compare them, we weighed all the boats.",
        ),
    ],
)
def test_a_heading_that_was_joined_to_a_sentence_is_left_out(sentence: str, shown: str) -> None:
    assert shortened(sentence) == shortened(sentence, follows=True) == shown


@pytest.mark.parametrize(
    "sentence",
    [
        "The Harbour Board of Lund In Winter was a book about the frost of 1807.",
        "The boat Number One had left the harbour before the ice came.",
        "In The old harbour there is a picture of the frost of 1807.",
        "III Corps crossed the ice on the third day of the frost.",
        "Plate A shows the almost finished boat of the harbour board.",
        "We read The old Boat in the harbour of Lund before it froze.",
    ],
)
def test_capitals_within_a_sentence_are_not_a_heading(sentence: str) -> None:
    assert shortened(sentence) == sentence
