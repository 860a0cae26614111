from __future__ import annotations

import pytest

from longsum.documents.document import Document, Page
from longsum.grounding.grounder import Grounder
from longsum.grounding.quoted import ground_verbatim
from longsum.grounding.sources import Sources

TEXT = (
    "Alpha came first. Berg chairs the board. Costs rose in the spring.\n"
    "The terminal cost 412 million euros. The state paid a third."
)
DOCUMENT = Document(TEXT, (Page(1, 0, 66), Page(2, 67, len(TEXT))), "0", "a.pdf")


@pytest.mark.parametrize(
    ("around", "text", "reference"),
    [
        (0, "Costs rose in the spring.", "p. 1"),
        (
            1,
            "Berg chairs the board. Costs rose in the spring. The terminal cost 412 million euros.",
            "pp. 1-2",
        ),
        (9, " ".join(TEXT.split()), "pp. 1-2"),
    ],
)
def test_source_comes_with_the_sentences_around_it(around, text, reference):
    grounded = Grounder(DOCUMENT).ground("In the spring, costs rose.")
    (source,) = Sources(DOCUMENT, around).added(grounded).sources
    assert (source.text, source.reference) == (text, reference)
    assert " ".join(TEXT[source.span.start : source.span.end].split()) == text


def test_place_that_says_otherwise_is_a_source():
    grounded = Grounder(DOCUMENT).ground("In the spring, costs fell.")
    (source,) = Sources(DOCUMENT).added(grounded).sources
    assert source.text == "Costs rose in the spring."


def test_sentence_without_support_has_no_source():
    grounded = Grounder(DOCUMENT).ground("Photosynthesis needs light.")
    assert Sources(DOCUMENT, 3).added(grounded).sources == ()


def test_verbatim_sentence_is_its_own_source():
    start = TEXT.index("Berg")
    span = Grounder(DOCUMENT).ground("Berg chairs the board.").evidence[0].span
    (sentence,) = ground_verbatim(DOCUMENT, [span])
    assert span.start == start
    assert Sources(DOCUMENT).added(sentence).sources[0].text == sentence.text
