"""What a source only reports as claimed, supposed or attempted is not what it says."""

from __future__ import annotations

import pytest

from longsum.documents.document import Document
from longsum.grounding.clauses import parse
from longsum.grounding.conflicts import conflict
from longsum.grounding.grounder import Grounder
from longsum.grounding.veridicality import only_attempted, only_claimed, only_supposed


@pytest.mark.parametrize(
    ("source", "claim", "word"),
    [
        ("Berg argues that the rule is void.", "The rule is void.", "argues"),
        ("It was widely believed that the earth was flat.", "The earth was flat.", "believed"),
        ("The owners deny that the mill burned.", "The mill burned.", "deny"),
        ("The court rejected the argument that the act bars the suit.",
         "The act bars the suit.", "argument"),
        ("The trial found no evidence that the drug reduces pain.",
         "The drug reduces pain.", "evidence"),
        ("He failed to prove that the ship was stolen.", "The ship was stolen.", "prove"),
        ("Leaders feared that the flights would endanger the plans.",
         "The flights would endanger the plans.", "feared"),
    ],
)  # fmt: skip
def test_claim_of_somebody_is_not_what_the_source_says(source: str, claim: str, word: str) -> None:
    assert only_claimed(parse(claim), parse(source)) == ("", word)


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("We argue that the rule is void.", "The rule is void."),
        ("This report argues that the rule is void.", "The rule is void."),
        ("The court believes that the rule is void.", "The rule is void."),
        ("The trial showed that the drug reduces pain.", "The drug reduces pain."),
        ("Berg argues that the rule is void.", "Berg says that the rule is void."),
        ("Berg argues that the rule is void.", "The rule is void, according to Berg."),
        ("Berg argued that the rule was void, but the board kept the old tariff.",
         "The board kept the old tariff."),
        ("We claim that the rule of the port is void.", "The rule of the port is void."),
        ("Nobody doubts that the mill burned in 1902.", "The mill burned in 1902."),
        ("It is not disputed that the mill burned in 1902.", "The mill burned in 1902."),
        ("The firm maintained a network that carried most of the grain.",
         "The network carried most of the grain."),
        ("His refusal to pay showed that the firm was bankrupt.", "The firm was bankrupt."),
    ],
)  # fmt: skip
def test_what_a_source_says_itself_is_not_somebodys_claim(source: str, claim: str) -> None:
    assert only_claimed(parse(claim), parse(source)) is None


@pytest.mark.parametrize(
    ("source", "claim", "words"),
    [
        ("She tried to save the mill.", "She saved the mill.", ("saved", "tried")),
        ("He wanted to sell the mill.", "He sold the mill.", ("sold", "wanted")),
        ("The plan to close the port was dropped.", "The port was closed.", ("closed", "plan")),
        ("They almost won the race.", "They won the race.", ("won", "almost")),
        ("He nearly drowned in the lake.", "He drowned in the lake.", ("drowned", "nearly")),
        ("The film tried to use natural light.", "The film used natural light.", ("used", "tried")),
    ],
)  # fmt: skip
def test_attempt_is_not_a_deed(source: str, claim: str, words: tuple[str, str]) -> None:
    assert only_attempted(parse(claim), parse(source)) == words


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("He tried to open the door, and at last he opened it.", "He opened the door."),
        ("He wanted to sell the mill.", "He hoped to sell the mill."),
        ("The plan to close the port was dropped.", "The board dropped the plan."),
        ("The board wants to open the port.", "The board will open the port."),
        ("Nearly half of the boats were lost.", "Half of the boats were lost."),
        ("She tried to save the mill.", "She was in the mill."),
        ("The planned changes to taxes were made in May.", "Taxes were changed in May."),
        ("The effort led to victory in 1902.", "Victory came in 1902."),
        ("He did not hesitate to save the old mill.", "He saved the old mill."),
    ],
)
def test_deed_that_was_done_or_is_not_called_done_is_none(source: str, claim: str) -> None:
    assert only_attempted(parse(claim), parse(source)) is None


def test_what_would_have_been_is_not_what_was() -> None:
    source = parse("If the dam had broken, the town would have been flooded.")
    assert only_supposed(parse("The town was flooded."), source) == ("", "if")
    assert only_supposed(parse("The town would have been flooded."), source) is None
    assert only_supposed(parse("The town was flooded when the dam broke."), source) == ("", "if")
    also = parse("The dam broke in 1902, and the town would have been lost if the wind had turned.")
    assert only_supposed(parse("The dam broke in 1902."), also) is None
    kept = parse("If it rains, the town is flooded.")
    assert only_supposed(parse("The town is flooded."), kept) is None


def test_kinds_of_these_conflicts() -> None:
    found = conflict("The rule is void.", "Berg argues that the rule is void.")
    assert (found.kind, found.said, found.found) == ("attribution", "", "argues")
    found = conflict("She saved the mill.", "She tried to save the mill.")
    assert (found.kind, found.said, found.found) == ("modality", "saved", "tried")


def test_written_sentence_that_takes_a_claim_for_a_fact_has_no_page() -> None:
    text = "Berg argues that the tariff of the port is void. The hearing took place in May 1990."
    grounder = Grounder(Document(text, (), "0", "hearing.txt"))
    sentence = grounder.ground("The tariff of the port is void.")
    assert not sentence.supported
    assert sentence.contrary is not None
    assert sentence.reason == "attribution"
    assert grounder.ground("Berg argues that the tariff of the port is void.").supported
    held = f"{text} The board held that the tariff of the port is void."
    found = Grounder(Document(held, (), "0", "hearing.txt"))
    assert found.ground("The tariff of the port is void.").supported
