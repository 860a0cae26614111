"""What a source says of one thing is not said of another."""

from __future__ import annotations

import pytest

from longsum.documents.document import Document
from longsum.grounding.grounder import Grounder
from longsum.grounding.subjects import other_subject

BEFORE = (
    "The mill and the bridge were old. The owners of the harbour had many boats and a tavern. "
    "The town of Norby paid Anna Lund."
)


@pytest.mark.parametrize(
    ("source", "claim", "words"),
    [
        ("The bridge was closed for eleven days by ice.",
         "The mill was closed for eleven days by ice.", ("mill", "bridge")),
        ("The owners bought a second lighthouse in spring.",
         "The tavern bought a second lighthouse in spring.", ("tavern", "owners")),
        ("The storm closed the northern gate for eleven days.",
         "Lund closed the northern gate for eleven days.", ("lund", "storm")),
        ("Boats were asked to leave the lighthouse alone.",
         "The bridge was asked to leave the lighthouse alone.", ("bridge", "boats")),
    ],
)  # fmt: skip
def test_subject_of_another_sentence_is_found(
    source: str, claim: str, words: tuple[str, str]
) -> None:
    assert other_subject(claim, source, BEFORE) == words


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("It was closed for eleven days by ice.", "The mill was closed for eleven days by ice."),
        ("Its gate was closed for eleven days.", "The mill was closed for eleven days."),
        ("The town was closed for eleven days by ice.", "Norby was closed for eleven days by ice."),
        ("The structure was closed for eleven days by ice.",
         "The old bridge of the structure was closed for eleven days by ice."),
        ("The firm bought a second lighthouse in spring.",
         "The company bought a second lighthouse in spring."),
        ("The bridge was closed for eleven days by ice.",
         "The quay was closed for eleven days by ice."),  # a word of the claim's own
        ("The bridge was closed by ice.", "The mill had burned down in spring."),
        ("The bridge was built by the owners in 1902.", "The owners built the bridge in 1902."),
        ("The boats carry salt to the northern islands.",
         "The tavern carry salt to the northern islands."),  # the verb is not known
        ("The owners were asked to rebuild the lighthouse.",
         "Vester was asked to rebuild the lighthouse."),  # Vester is not known
        ("The participants were given aspirin twice a day.",
         "The patients were given aspirin twice a day."),
        ("The result was closed for eleven days by ice.", "The mill was closed for days by ice."),
    ],
)  # fmt: skip
def test_what_may_be_the_same_subject_is_no_conflict(source: str, claim: str) -> None:
    assert other_subject(claim, source, BEFORE) is None


def test_written_sentence_about_the_wrong_thing_has_no_page() -> None:
    text = f"{BEFORE} The bridge was closed for eleven days by ice."
    grounder = Grounder(Document(text, (), "0", "harbour.txt"))
    sentence = grounder.ground("The mill was closed for eleven days by ice.")
    assert (sentence.supported, sentence.reason) == (False, "roles")
    assert grounder.ground("The bridge was closed for eleven days by ice.").supported


def test_list_items_without_a_noun_have_no_subject() -> None:
    text = "The bridge is old. See:\n- near the mill was a large wooden tavern with many rooms\n"
    claim = "The bridge was a large wooden tavern with many rooms."
    assert other_subject(claim, "- near the mill was a large wooden tavern", text) is None
    Grounder(Document(text, (), "0", "harbour.txt")).ground(claim)
