from __future__ import annotations

from collections.abc import Sequence

from longsum.answer import Answer, PartAnswer
from longsum.digest import chosen_digest, written_digest
from longsum.documents.document import Document, Span
from longsum.documents.extent import Extent
from longsum.grounding.grounder import GroundedSentence
from longsum.grounding.quoted import ground_verbatim
from longsum.receipt import Receipt

TEXT = "One says this. Two says that.\n\nThree is here.\n\nFour is far. Five is last.\n"
WHOLE = Document(TEXT, (), sha256="0", name="a.txt", title="A book")
RECEIPT = Receipt(
    document="a.txt", sha256="0", extent=Extent("line", 1, ()), model="m", revision=None, mode="x"
)


def part(*sentences: str) -> PartAnswer:
    """Return the summary of a part that consists of sentences of the document."""
    spans = [Span(TEXT.index(each), TEXT.index(each) + len(each)) for each in sentences]
    found = tuple(ground_verbatim(WHOLE, spans))
    text = " ".join(sentences)
    return PartAnswer("line 1", Answer(text, text, found, RECEIPT))


def written(text: str, *sentences: str) -> PartAnswer:
    """Return the summary of a part that a model wrote."""
    found = tuple(GroundedSentence(each, 0, len(each)) for each in sentences)
    return PartAnswer("pages 1-2", Answer(text, text, found, RECEIPT))


def count(texts: Sequence[str]) -> list[int]:
    return [len(each.split()) for each in texts]


PARTS = [part("One says this.", "Two says that."), part("Three is here.", "Five is last.")]


def test_sentences_are_gathered_and_neighbours_stay_in_one_paragraph():
    digest = chosen_digest(WHOLE, PARTS, None, count, 100)
    assert digest.document.text == "One says this. Two says that.\nThree is here.\nFive is last."
    assert digest.document.title == "A book"
    assert not digest.document.pages


def test_sentences_are_in_the_documents_order_whatever_a_summary_begins_with():
    parts = [part("Two says that.", "One says this."), part("Five is last.", "Three is here.")]
    digest = chosen_digest(WHOLE, parts, None, count, 100)
    assert digest.document.text == "One says this. Two says that.\nThree is here.\nFive is last."


def test_places_in_the_digest_lead_to_those_in_the_document():
    digest = chosen_digest(WHOLE, PARTS, None, count, 100)
    for sentence in ("Two says that.", "Five is last."):
        at = digest.document.text.index(sentence)
        (span,) = digest.originals([Span(at, at + len(sentence))])
        assert TEXT[span.start : span.end] == sentence
        (again,) = digest.originals([Span(at, at + 3), Span(at + 4, at + 8)])  # each once
        assert again == span


def test_the_last_sentences_of_the_longest_parts_are_dropped_where_all_are_too_long():
    digest = chosen_digest(WHOLE, PARTS, None, count, 9)  # a sentence counts 4
    assert digest.document.text == "One says this.\nThree is here."
    nothing = chosen_digest(WHOLE, PARTS, None, count, 0)
    assert nothing.document.text == ""


def test_separate_opinions_are_left_out_also_where_a_part_holds_nothing_else():
    text = "The Court affirms it all. It is so ordered here today.\n\n" * 4
    dissent = "JUSTICE BELLOWS, dissenting. I would reverse it.\n\n"
    whole = Document(text + dissent, (), sha256="0", name="a.txt")
    spans = [Span(0, 25), Span(text.__len__() + 29, len(text) + 48)]
    parts = [
        PartAnswer("line 1", Answer("", "", tuple(ground_verbatim(whole, [span])), RECEIPT))
        for span in spans
    ]
    digest = chosen_digest(whole, parts, None, count, 100)
    assert digest.document.text == "The Court affirms it all."
    with_focus = chosen_digest(whole, parts, "the dissent", count, 100)
    assert with_focus.document.text.endswith("I would reverse it.")


def test_written_summaries_are_headed_by_their_parts():
    parts = [written("- One.\n- Two.", "One.", "Two."), written("Three.", "Three.")]
    digest = written_digest(WHOLE, parts, count, 100)
    assert digest.document.text == (
        "Part 1, pages 1-2:\n- One.\n- Two.\n\nPart 2, pages 1-2:\nThree."
    )
    assert digest.places == ()
    shorter = written_digest(WHOLE, parts, count, 17)
    assert shorter.document.text.startswith("Part 1, pages 1-2:\nOne.\n\nPart 2")
