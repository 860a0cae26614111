from __future__ import annotations

from dataclasses import replace

import pytest

from longsum.answer import Answer, ShortAnswer
from longsum.documents.document import Document, Span
from longsum.documents.extent import Extent
from longsum.documents.read import parse_text
from longsum.evaluate.answer_outcomes import can_be_found, outcome_of, short_answer_of
from longsum.evaluate.reference_pairs import Pair
from longsum.grounding.grounder import NOT_FOUND, REFUSAL, GroundedSentence, Grounder
from longsum.receipt import Receipt

DOCUMENT: Document = parse_text(
    "The old pier was built in 1871 by Anna Berg. Tickets cost 40 pounds in the first summer. "
    "Gulls came every day. The mine was closed after a fire.",
    "d",
)
PAIR = Pair("d", "p:1", "qa", DOCUMENT.text, "Who built the old pier?", ("Anna Berg",))


def answer(*sentences: str, mode: str = "free", chance: float | None = None) -> Answer:
    """An answer of sentences as they are grounded."""
    grounder = Grounder(DOCUMENT)
    found = tuple(grounder.ground(each) for each in sentences)
    text = " ".join(sentences)
    receipt = Receipt(
        document="d", sha256="0", extent=Extent("line", ((1, 1),), 1), model="m", revision=None,
        mode=mode,
    )  # fmt: skip
    return Answer(text, text, found, receipt, PAIR.query, chance)


def test_first_sentence_is_compared_and_is_evidence():
    outcome = outcome_of(answer("It was built by Anna Berg.", "Gulls came every day."), PAIR)
    assert outcome["text"] == "It was built by Anna Berg."
    # 2 shared of 6 and 2 words
    assert outcome["f1"] == pytest.approx(2 * 2 / (6 + 2))
    assert (outcome["evidence_1"], outcome["evidence_3"], outcome["exact"]) == (True, True, False)
    assert outcome_of(answer("Anna Berg."), PAIR)["exact"] is True


def test_words_that_a_model_points_at_are_the_short_answer():
    start = DOCUMENT.text.index("Anna Berg")
    short = ShortAnswer("Anna Berg", Span(start, start + 9), "line 1", 0.9)
    pointed = replace(answer("The old pier was built in 1871 by Anna Berg."), short=short)
    outcome = outcome_of(pointed, PAIR)
    assert (outcome["text"], outcome["f1"], outcome["exact"]) == ("Anna Berg", 1.0, True)
    assert outcome["pointed"] is True
    assert outcome_of(answer("Anna Berg."), PAIR)["pointed"] is False


def test_evidence_is_looked_for_in_three_sentences():
    others = ["Gulls came every day.", "The mine was closed after a fire."]
    third = outcome_of(answer(*others, "Anna Berg built it."), PAIR)
    assert (third["evidence_1"], third["evidence_3"]) == (False, True)
    fourth = outcome_of(answer(*others, "Tickets cost 40 pounds.", "Anna Berg built it."), PAIR)
    assert (fourth["evidence_1"], fourth["evidence_3"]) == (False, False)


def test_headings_and_refusals_state_nothing():
    outcome = outcome_of(answer("Findings:", "Anna Berg built the old pier."), PAIR)
    assert (outcome["text"], outcome["claims"]) == ("Anna Berg built the old pier.", 1)
    for refusal in (REFUSAL, NOT_FOUND):
        outcome = outcome_of(answer(refusal), PAIR)
        assert (outcome["answered"], outcome["text"], outcome["f1"]) == (False, "", 0.0)
        assert outcome["claims"] == 0


def test_what_comes_nearest_is_neither_an_answer_nor_evidence():
    near = answer("The old pier was built in 1871 by Anna Berg.").sentences
    refused = answer(NOT_FOUND, mode="verbatim")
    outcome = outcome_of(replace(refused, nearest=near), PAIR)
    assert outcome == outcome_of(refused, PAIR)
    assert (outcome["answered"], outcome["text"], outcome["evidence_3"]) == (False, "", False)


def test_support_is_that_of_the_answers_sentences():
    stated = answer("Tickets cost 40 pounds in the first summer.", "The whale sang.")
    outcome = outcome_of(stated, PAIR)
    assert (outcome["claims"], outcome["supported"]) == (2, 1)


def test_sure_is_known_of_verbatim_answers_only():
    sure = {
        chance: outcome_of(answer("Anna Berg.", mode="verbatim", chance=chance), PAIR)["sure"]
        for chance in (0.5, 0.49, None)
    }
    assert sure == {0.5: True, 0.49: False, None: False}
    assert outcome_of(answer("Anna Berg."), PAIR)["sure"] is None


def test_nothing_written_is_an_empty_refusal():
    outcome = outcome_of(None, PAIR)
    assert (outcome["answered"], outcome["empty"], outcome["f1"]) == (False, True, 0.0)
    assert (outcome["evidence_3"], outcome["claims"], outcome["sure"]) == (False, 0, None)
    assert outcome_of(answer("Anna Berg."), PAIR)["empty"] is False


def test_refusals_are_not_compared():
    given = answer("Clara did.")
    assert short_answer_of(given) == "Clara did."
    refused = GroundedSentence(REFUSAL, 0, len(REFUSAL), is_refusal=True)
    assert short_answer_of(replace(given, sentences=(refused, *given.sentences))) == "Clara did."


def test_an_answer_can_be_found_if_a_sentence_holds_it():
    assert can_be_found(DOCUMENT, PAIR)
    assert not can_be_found(DOCUMENT, replace(PAIR, references=("a whale",)))
