from __future__ import annotations

import pytest

from longsum.documents.document import Document, Page
from longsum.grounding.conflicts import conflict
from longsum.grounding.grounder import Grounder

SAME = [
    ("The board did not approve the plan.", "The plan was not approved by the board."),
    ("The framework is inconsistent with the statute.", "The framework is not consistent with it."),
    ("Costs rose after the strike.", "After the strike, costs increased."),
    ("The firm bought the mill.", "The mill was purchased by the firm."),
    ("The mill was bought by the firm in May 1990.", "In May 1990 the firm bought the mill."),
    ("Most members left early.", "Most of the members left early."),
    ("At least 40 people attended.", "No fewer than forty people attended."),
    ("Operators must wear gloves.", "Operators are required to wear gloves."),
    ("Operators may leave early.", "Operators are allowed to leave early."),
    ("The dam holds 3 million litres.", "The dam holds 3,000,000 litres."),
    ("It took fifteen per cent.", "It took 15 % of them."),
    ("The bridge opened on April 9, 1865.", "The bridge opened on 9 April 1865."),
    ("He was not, however, ready for the crossing.", "He was not ready for the crossing."),
    (
        "The harbour was closed because a storm came.",
        "Because a storm came, the harbour was closed.",
    ),
]
OTHER = [
    ("negation", "The bazooka exploded near him.", "The bazooka never exploded near him."),
    ("negation", "The trial found no evidence of harm.", "The trial found evidence of harm."),
    ("negation", "It failed to find support for the idea.", "It found support for the idea."),
    (
        "negation",
        "They crossed the river without a guide.",
        "They crossed the river and a guide came.",
    ),
    ("opposite", "The agency denied him benefits.", "The agency granted him benefits."),
    ("opposite", "The rule is consistent with the act.", "The rule is inconsistent with the act."),
    ("opposite", "The error was harmless to the case.", "The error was harmful to the case."),
    ("opposite", "The train left before the storm.", "The train left after the storm."),
    ("roles", "Smith paid Jones for the boat.", "Jones paid Smith for the boat."),
    ("roles", "The mill was bought by the firm.", "The firm was bought by the mill."),
    ("roles", "The firm bought the mill.", "The firm was bought by the mill."),
    ("number", "The terminal cost 412 million euros.", "The terminal cost 512 million euros."),
    ("number", "Sales fell by 5 percent in 1990.", "Sales fell by 5 percentage points in 1990."),
    ("number", "Fares rose from 5 to 10 euros.", "Fares rose from 10 to 5 euros."),
    ("number", "12 ships and 30 boats were lost.", "30 ships and 12 boats were lost."),
    ("number", "The bridge opened on April 9, 1865.", "The bridge opened on 1865-04-19."),
    ("quantifier", "Some members approved the plan.", "All members approved the plan."),
    ("quantifier", "Most members approved the plan.", "All members approved the plan."),
    ("quantifier", "At least 40 people attended.", "At most 40 people attended."),
    ("quantifier", "Members may enter the vault.", "Only members may enter the vault."),
    ("modality", "Operators may wear gloves.", "Operators must wear gloves."),
    ("modality", "The drug may cause headaches.", "The drug causes headaches."),
    ("modality", "We must decide whether the rule is valid.", "The rule is valid."),
    ("modality", "Is the rule consistent with the act?", "The rule is consistent with the act."),
]


@pytest.mark.parametrize(("source", "claim"), SAME)
def test_sentences_that_say_the_same_have_no_conflict(source, claim):
    assert conflict(claim, source) is None


@pytest.mark.parametrize(("kind", "source", "claim"), OTHER)
def test_sentences_that_say_something_else_conflict(kind, source, claim):
    found = conflict(claim, source)
    assert found is not None
    assert found.kind == kind


def test_conflict_names_both_words():
    found = conflict("The agency granted him benefits.", "The agency denied him benefits.")
    assert found is not None
    assert (found.said, found.found) == ("granted", "denied")


def test_negation_in_another_clause_is_not_a_conflict():
    source = "The council approved the budget, although it did not publish the figures."
    assert conflict("The council approved the budget.", source) is None


def test_number_may_be_in_another_sentence_of_the_evidence():
    claim, home = "The 32 pupils answered quickly.", "The pupils answered quickly."
    assert conflict(claim, home) is not None
    assert conflict(claim, home, ["There were thirty-two pupils in the room."]) is None


def test_order_of_words_counts_only_where_most_are_the_same():
    source, claim = "Smith paid Jones for the boat.", "Jones paid Smith for the boat."
    assert conflict(claim, source, closeness=1.0) is not None
    assert conflict(claim, source, closeness=0.5) is None


def test_label_of_the_section_is_not_a_number_to_be_found():
    home = "The 32 participants were mostly students."
    before = "Study 1\nWe recruited people. Each study had a section."
    claim = "In Study 1, the 32 participants were mostly students."
    assert conflict(claim, home, before=before) is None
    assert conflict(claim.replace("1", "2"), home, before=before) is not None


# ---- the whole grounder

HEARING = (
    "The agency denied Sanders the pension that he had asked for. Sanders claimed that a shell "
    "exploded near his face in 1944. Simmons claimed a loss of hearing in her left ear. "
    "The Board decided that the missing notice was harmless in the case of Sanders. "
    "All three studies provided no evidence to support the notion that eye movements aid the "
    "detection of lies. The Court held that the framework is inconsistent with the statute. "
    "We had to decide whether that framework is consistent with the statute."
)


@pytest.fixture(scope="module")
def hearing() -> Grounder:
    return Grounder(Document(HEARING, (Page(3, 0, len(HEARING)),), "0", "a.pdf"))


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        ("The framework is consistent with the statute.", "opposite"),
        ("The Court held that the framework is consistent with the statute.", "opposite"),
        ("Sanders claimed that a shell never exploded near his face in 1944.", "negation"),
        ("The agency granted Sanders the pension.", "opposite"),
        ("Sanders claimed a loss of hearing in her left ear.", "name"),
        (
            "The Board decided that the missing notice was harmful in the case of Sanders.",
            "opposite",
        ),
        (
            "The three studies provided evidence that eye movements aid the detection of lies.",
            "negation",
        ),
        ("Sanders claimed that a shell exploded near his face in 1945.", "number"),
    ],
)
def test_claim_that_shares_the_words_but_says_something_else_has_no_page(hearing, claim, kind):
    grounded = hearing.ground(claim)
    assert not grounded.supported
    assert (grounded.pages, grounded.reference, grounded.evidence) == ((), None, ())
    assert grounded.reason == kind


@pytest.mark.parametrize(
    "claim",
    [
        "The framework is inconsistent with the statute, the Court held.",
        "A shell exploded near the face of Sanders in 1944, he claimed.",
        "The agency refused Sanders the pension.",
        "Simmons claimed a loss of hearing in the left ear.",
        "The studies found no evidence that eye movements aid the detection of lies.",
    ],
)
def test_claim_that_says_the_same_has_its_page(hearing, claim):
    assert hearing.ground(claim).pages == (3,)


def test_place_that_says_otherwise_is_kept(hearing):
    contrary = hearing.ground("The agency granted Sanders the pension he asked for.").contrary
    assert contrary is not None
    assert (contrary.reference, contrary.pages) == ("p. 3", (3,))
    (place,) = contrary.evidence
    assert HEARING[place.span.start : place.span.end].startswith("The agency denied Sanders")


def test_agreeing_sentence_elsewhere_supports_a_claim():
    """One year's report says that sales rose, the next that they fell: both claims are true."""
    text = "In the first year sales rose in the north. In the second year sales fell in the north."
    grounder = Grounder(Document(text, (Page(1, 0, len(text)),), "0", "a.pdf"))
    assert grounder.ground("Sales rose in the north in the first year.").supported
    assert grounder.ground("Sales fell in the north in the second year.").supported
    assert not grounder.ground("Sales fell in the north in the first year.").supported


def test_reasons_without_a_place():
    grounder = Grounder(Document(HEARING, (Page(1, 0, len(HEARING)),), "0", "a.pdf"))
    assert grounder.ground("Photosynthesis needs light.").reason == "not found"
    assert grounder.ground("The document is well-written and clear.").reason == "about the document"
    assert grounder.ground("Simmons claimed a loss of hearing in her left ear.").reason is None
