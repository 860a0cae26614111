from __future__ import annotations

import pytest

from longsum.documents.sentences import split_sentences
from longsum.selection.conclusions import MIN_STRENGTH, conclusions, names_purpose, stated


@pytest.mark.parametrize(
    "text",
    [
        "We conclude that the ferry should run twice an hour.",
        "The results provided no support for the claim of the owners.",
        "In short, all three studies provided no evidence for the effect.",
        "Our data do not support the theory of the tides.",
        "We therefore reverse the judgment of the district court.",
        "The judgment of the Court of Appeals is affirmed.",
        "Held: A ferry is a vessel.",
        "We recommend a contract for three years.",
        "The trials failed to find a difference.",
        "The main finding is that fares rose.",
        "This chapter argues that a port without a ferry is none.",
        "The point of this chapter is that boats need a port.",
        "There was no significant difference between the two ports.",
    ],
)
def test_findings_holdings_and_recommendations_conclude(text: str) -> None:
    assert stated(text) >= MIN_STRENGTH


@pytest.mark.parametrize(
    "text",
    [
        "We found the boat behind the pier.",
        "The District Court held that the owner was liable.",
        "Previously we held that a raft is not a vessel.",
        "We conclude with some thoughts on future work.",
        "If we reject that view, nothing absurd follows.",
        "Table 3 of the paper shows the fares.",
        "The captain held the rope until the storm was over.",
    ],
)
def test_others_findings_and_ordinary_words_do_not(text: str) -> None:
    assert stated(text) < MIN_STRENGTH


def test_court_that_concludes_is_weaker_than_we_who_do() -> None:
    assert 0 < stated("The Board concluded that he was late.") < stated("We conclude that he was.")


def test_purpose_of_the_document_is_named() -> None:
    assert names_purpose("We present a lock that opens by itself.")
    assert names_purpose("The agency proposes to close the pier.")
    assert not names_purpose("They present a lock that opens by itself.")


def strengths(text: str) -> dict[str, float]:
    """Return the strength of each sentence, by its first word."""
    spans = split_sentences(text)
    found = conclusions(text, spans)
    return {text[a:b].split()[0]: strength for (a, b), strength in zip(spans, found, strict=True)}


@pytest.mark.parametrize(
    "heading",
    ["Abstract", "Executive Summary", "## Key points", "1. Summary", "Summary of findings"],
)
def test_document_s_own_summary_concludes(heading: str) -> None:
    text = (
        "The Ferry of Port Ellen\n\n"
        f"{heading}\n\nTides run fast here. Boats wait for them.\n\n"
        "Introduction\n\nAnna built the pier in 1902."
    )
    found = strengths(text)
    assert found["Tides"] >= MIN_STRENGTH
    assert found["Boats"] > found["Tides"], "the first words introduce"
    assert found["Anna"] == 0


def test_name_of_a_summary_at_the_beginning_of_its_paragraph_is_recognized() -> None:
    text = "AGENCY: The Port.\n\nSUMMARY: Boats must wait. Fares rise.\n\nDATES: Write by May."
    found = strengths(text)
    assert found["SUMMARY:"] >= MIN_STRENGTH
    assert found["Fares"] >= MIN_STRENGTH
    assert found["DATES:"] == 0


def test_items_of_a_summary_do_not_end_it() -> None:
    text = "Key points\n\n• Boats wait\n\n• Fares rise in May.\n\nHistory\n\nAnna came."
    found = strengths(text.replace("• ", "• "))
    assert found["•"] >= MIN_STRENGTH
    assert found["Anna"] == 0


def test_conclusion_of_the_document_is_a_little_weaker_than_its_summary() -> None:
    text = "Summary\n\nBoats wait.\n\nThe pier\n\nAnna came.\n\n7 Conclusions\n\nFares rise."
    found = strengths(text)
    assert found["Boats"] > found["Fares"] >= MIN_STRENGTH > found["Anna"]


def test_word_in_the_text_is_not_the_heading_of_a_summary() -> None:
    found = strengths("The summary was long.\n\nAbstract art hung there.\n\nAnna came.")
    assert set(found.values()) == {0.0}


def test_sentence_that_introduces_the_document_leads_only_at_its_beginning() -> None:
    filler = "Boats came and went. " * 30
    assert strengths(f"This guide helps owners of ferries. {filler}")["This"] >= MIN_STRENGTH
    assert strengths(f"{filler} This guide helps owners of ferries.")["This"] == 0
