from __future__ import annotations

import pytest

from longsum.documents.document import Document, Page
from longsum.grounding.grounder import Grounder
from longsum.grounding.remarks import Instructions, is_denial, is_remark, without_lead_in
from longsum.prompting.prompt import find_template

SOURCE = (
    "The three studies found no support for the claims of the programme. The document ends in "
    "section 2 with the claims and the rules. Each study had two sections. "
    "Participants held one complete sentence with one point in mind before they answered."
)
RULES = "".join(find_template(name).read_text() for name in ("summarize", "ask", "document"))


@pytest.fixture(scope="module")
def grounder() -> Grounder:
    page = Page(1, 0, len(SOURCE))
    return Grounder(Document(SOURCE, (page,), sha256="0", name="a.pdf", total_pages=1))


@pytest.mark.parametrize(
    "sentence",
    [
        "The document ends here.",
        "Give no page numbers.",
        "- Where the wording matters, quote it exactly, in quotation marks.",
        "Read the document below from its first word to its last.",
    ],
)
def test_sentence_of_the_prompt_is_never_given_a_page(grounder, sentence):
    """`The document ends here. [p. 7]`: the prompt's own words came back with a citation."""
    grounded = grounder.ground(sentence, Instructions(RULES))
    assert not grounded.supported
    assert grounded.pages == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "The document is divided into 2 sections.",
        "The document is well-written and the claims are clear.",
        "**The document** concludes with the rules and the claims of the programme.",
        "The above text ends in section 2 with the claims.",
        "This document ends with the rules and the claims in section 2.",
        "The story is a classic example of the power of imagination.",
        "This tale was a powerful and moving one.",
    ],
)
def test_remark_about_the_document_is_never_given_a_page(grounder, sentence):
    assert is_remark(sentence)
    grounded = grounder.ground(sentence)
    assert not grounded.supported
    assert grounded.pages == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "The answer is not in the document.",
        "The answer to this question is not given in the document.",
        "The document does not mention the claims of the programme.",
        "The document doesn't say how many studies found support.",
        "The text does not explicitly state the rules.",
        "Not mentioned in the document.",
    ],
)
def test_refusal_in_other_words_is_never_given_a_page(grounder, sentence):
    """`The answer is not in the document. [line 39]` was seen."""
    assert is_denial(sentence)
    grounded = grounder.ground(sentence)
    assert grounded.is_refusal
    assert grounded.pages == ()


def test_what_the_document_says_word_for_word_keeps_its_page(grounder):
    sentence = "The document ends in section 2 with the claims and the rules."
    assert is_remark(sentence)
    assert grounder.ground(sentence).pages == (1,)
    assert grounder.ground(sentence, Instructions(sentence)).pages == (1,)


@pytest.mark.parametrize("lead", ["The document states that ", "According to the document, "])
def test_statement_keeps_its_page_with_a_lead_in(grounder, lead):
    sentence = f"{lead}the three studies found no support for the claims of the programme."
    assert without_lead_in(sentence).startswith("the three studies")
    assert grounder.ground(sentence).pages == (1,)


@pytest.mark.parametrize(
    "sentence",
    [
        "The document of 1921 was burnt.",
        "The document that Sanders signed is lost.",
        "The report says that costs rose.",
        "The terminal is not in the document.",
        "He read the document twice.",
        "The story is told by the keeper of the lighthouse.",
        "The story is a lie, he said.",
    ],
)
def test_other_sentences_are_not_remarks(sentence):
    assert not is_remark(sentence)
    assert not is_denial(sentence)


def test_answer_may_repeat_the_words_of_its_question():
    prompt = "Answer the question below.\n\nQuestion: Who wrote the long letter?\n\nAnswer:"
    echo = Instructions(prompt, "Who wrote the long letter?")
    assert not echo.says("wrote the long letter")
    assert Instructions(prompt).says("wrote the long letter")
    assert echo.says("Answer the question below.")
    assert not echo.says("Answer the")
