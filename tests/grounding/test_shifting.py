from __future__ import annotations

from dataclasses import replace

from longsum.documents.document import Document, Page, Span
from longsum.grounding.grounder import GroundedSentence, Grounder
from longsum.grounding.shifting import shifted
from longsum.grounding.sources import Sources
from longsum.parts import part_of

FIRST = "The harbour was deep and the ships were many.\n\n"
SECOND = (
    "The mill was sold to the baker in 1902. The council said “nobody knows who bought the old "
    "mill” in the spring. The tower is 31 metres high.\n"
)
WHOLE = Document(
    FIRST + SECOND,
    (Page(1, 0, len(FIRST)), Page(2, len(FIRST), len(FIRST + SECOND))),
    sha256="0",
    name="a.pdf",
    total_pages=2,
)
PART = part_of(WHOLE, len(FIRST), len(WHOLE.text))


def ground(text: str) -> GroundedSentence:
    sentence = Grounder(PART).ground(text)
    return shifted(Sources(PART, 0).added(sentence), len(FIRST))


def said(span: Span) -> str:
    return WHOLE.text[span.start : span.end]


def test_evidence_and_sources_are_moved_into_the_whole():
    sentence = ground("The mill was sold to the baker in 1902.")
    assert sentence.reference == "p. 2"
    assert [said(each.span) for each in sentence.evidence] == [sentence.text]
    assert sentence.sources is not None
    assert [said(each.span) for each in sentence.sources] == [sentence.text]


def test_quotations_are_moved_and_those_not_found_have_no_place():
    quoted = "The council said “nobody knows who bought the old mill” in the spring."
    (found,) = ground(quoted).quotations
    assert found.span is not None
    assert said(found.span) == "nobody knows who bought the old mill"
    (missing,) = ground("The council said “everybody knows who sold the old mill” then.").quotations
    assert missing.span is None


def test_the_place_that_says_otherwise_is_moved():
    sentence = ground("The tower is 13 metres high.")
    assert sentence.contrary is not None
    assert [said(each.span) for each in sentence.contrary.evidence] == [
        "The tower is 31 metres high."
    ]


def test_nothing_else_changes():
    sentence = Grounder(PART).ground("The tower is 31 metres high.")
    moved = shifted(sentence, len(FIRST))
    assert replace(moved, evidence=sentence.evidence) == sentence
    assert shifted(sentence, 0) == sentence
