from __future__ import annotations

import numpy as np
import pytest

from longsum.documents.document import Document
from longsum.selection import candidates
from longsum.selection.candidates import (
    MIN_CANDIDATES,
    answer_candidates,
    ranked_candidates,
    readable,
    sentences,
    spoken_apart,
    statements,
    summary_candidates,
)

FACTS = (
    "The harbour commission was founded to oversee the port of Westhaven.",
    "The commission approved a container terminal for the port after long hearings.",
    "The terminal in the port cost 412 million euros.",
    "Water samples showed far less oxygen in the channel than before.",
    "Fishermen protested against the loss of their moorings in the port.",
    "A court ordered the commission to pay the fishermen for their moorings.",
    "The commission recommends a fund for restoring the coast near the port.",
)


def text_of(*paragraphs: str) -> Document:
    return Document("\n".join(paragraphs), (), "0", "notes.txt", line_anchors=((0, 1),))


# ---- candidates of a summary


def test_headings_captions_and_fragments_are_not_candidates():
    document = text_of("Report of the Commission", "Figure 2: The port.", "and then", *FACTS)
    assert [document.text[s.start : s.end] for s in statements(document)] == list(FACTS)


def test_candidates_are_in_document_order_with_their_spans():
    document = text_of(*FACTS)
    found = summary_candidates(document, words=80, focus=None)
    assert [c.text for c in found] == list(FACTS)
    assert [document.text[c.span.start : c.span.end] for c in found] == list(FACTS)


def test_sentence_that_the_others_share_words_with_weighs_most():
    hub = "The council discussed the bridge, the tunnel, the library and the harbour."
    spokes = [
        "Rust closed the bridge for most of autumn.",
        "Water entered the tunnel below Mill Street.",
        "Children filled the library on rainy afternoons.",
        "Ships left the harbour without their pilots.",
    ]
    found = summary_candidates(text_of(*spokes[:2], hub, *spokes[2:]), 80, None)
    assert max(found, key=lambda c: c.weight).text == hub


def test_focus_raises_the_sentences_about_it():
    document = text_of(*FACTS)
    before = {c.text: c.weight for c in summary_candidates(document, 80, None)}
    after = {c.text: c.weight for c in summary_candidates(document, 80, "oxygen in the water")}
    raised = {text: after[text] - before[text] for text in before}
    assert max(raised, key=raised.get) == FACTS[3]
    assert raised[FACTS[3]] > 0


def numbered(count: int) -> list[str]:
    return [f"Witness number {n} told the court about event {n * 7}." for n in range(count)]


def test_only_the_best_are_offered_a_few_times_what_the_answer_needs():
    document = text_of(*numbered(200), "The court heard the witness about the event at length.")
    few, many = (summary_candidates(document, words, None) for words in (20, 450))
    assert (len(few), len(many)) == (MIN_CANDIDATES, 4 * 450 // 22)
    others = [c.weight for c in many if c.span not in {f.span for f in few}]
    assert min(c.weight for c in few) >= max(others)


def test_long_documents_are_thinned_out_evenly(monkeypatch):
    monkeypatch.setattr(candidates, "MAX_RANKED", 10)
    found = summary_candidates(text_of(*numbered(91)), 20, None)
    assert [c.text.split()[2] for c in found] == [str(n) for n in range(0, 91, 10)]


def test_repetitions_share_a_group():
    again = "After long hearings the commission approved a container terminal for the port."
    found = summary_candidates(text_of(*FACTS, again, FACTS[0]), 80, None)
    groups = [c.group for c in found]
    assert groups[7] == groups[1]
    assert groups[8] == groups[0]
    assert len(set(groups)) == len(FACTS)


def test_document_without_statements_has_no_candidates():
    assert summary_candidates(text_of("Contents", "1. Introduction"), 80, None) == []
    assert answer_candidates(text_of("12", "* * *"), "What is it about?") == []


# ---- candidates of an answer


def test_question_brings_the_sentence_with_its_words_to_the_top():
    document = text_of(*FACTS)
    found = answer_candidates(document, "How much did the terminal cost?")
    assert max(found, key=lambda c: c.weight).text == FACTS[2]


def test_sentence_beside_the_words_is_lifted_too():
    document = text_of("Nobody had expected what came after that.", *FACTS[3:4], *numbered(6))
    weights = [c.weight for c in answer_candidates(document, "What did oxygen samples show?")]
    assert weights[1] == max(weights)
    assert weights[0] > max(weights[3:])


@pytest.mark.parametrize(
    "question",
    ["Which quarks decay in Uzbekistan?", "Why?", "???", "What is the and of it?"],
)
def test_question_about_nothing_in_the_document_has_no_candidates(question):
    assert answer_candidates(text_of(*FACTS), question) == []


def test_words_scattered_over_the_document_are_not_an_answer():
    question = "Did Olga buy seventeen purple lanterns?"
    filler = [f"Filler sentence {n} speaks of nothing in particular." for n in range(40)]
    parts = ["Olga arrived late in the evening.", *filler[:20], "They buy bread there every day.",
             *filler[20:], "The lanterns were lit at last."]  # fmt: skip
    near = [*filler, "Olga would buy seventeen lanterns, all of them purple."]
    assert answer_candidates(text_of(*parts), question) == []
    assert answer_candidates(text_of(*near), question)


def test_a_verb_the_document_never_uses_is_not_a_reason_to_refuse():
    """`What did the Court hold?` was answered with a refusal: opinions say `held`."""
    document = text_of(
        "The Court reversed the judgment of the lower court in this case.",
        "Two judges of the lower bench wrote a dissent of forty pages.",
    )
    assert answer_candidates(document, "What did the Court hold?")
    assert not answer_candidates(document, "What is the capital of Mongolia?")


NAMES = text_of(
    "The Harbour Trust was founded by sailors who wanted to keep the old pier open to visitors.",
    "Marie Curie won the Nobel Prize in Physics in Stockholm. The pier was rebuilt after storms.",
    "President Lincoln met General Grant in Washington. Visitors can still see the marks.",
    "The ticket cost $40. The new café is closed on Mondays during the winter months.",
    "Minutes",
    "Chair: Ruth Feld.",
    "Decided April 21, 2009",
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who won the Nobel Prize in Physics?", "Marie Curie won"),
        ("Where did Lincoln meet Grant?", "President Lincoln met"),
        ("What did the ticket cost?", "The ticket cost $40."),
        ("Who is the chair?", "Chair: Ruth Feld."),
        ("When was it decided?", "Decided April 21, 2009"),
    ],
)
def test_names_and_short_lines_are_found_without_a_head(question, answer):
    """All of these were denied: lines dense in names, or short, were no candidates."""
    found = answer_candidates(NAMES, question)
    assert max(found, key=lambda c: c.weight).text.startswith(answer)


def test_a_summary_still_has_none_of_these():
    said = {NAMES.text[a:b] for a, b in sentences(NAMES)} - {
        NAMES.text[a:b] for a, b in statements(NAMES)
    }
    assert {"Minutes", "Chair: Ruth Feld.", "Decided April 21, 2009"} <= said
    assert all(c.text not in said for c in summary_candidates(NAMES, 80, None))


def test_a_line_that_only_repeats_the_question_answers_nothing():
    document = text_of("Position interpolation", "Position interpolation squeezes positions.")
    found = answer_candidates(document, "What is position interpolation?")
    assert [c.text for c in found] == ["Position interpolation squeezes positions."]


class Judge:
    """A head that scores lines by their length, and finds an answer when asked to."""

    def __init__(self, answered: bool) -> None:
        self.answered = answered

    def rank_answers(self, texts, question):
        return np.array([float(len(text)) for text in texts]), self.answered


def test_a_head_ranks_and_refuses():
    found = answer_candidates(NAMES, "Who won the prize?", Judge(True))
    assert max(found, key=lambda c: c.weight).text.startswith("The Harbour Trust")
    assert answer_candidates(NAMES, "Who won the prize?", Judge(False)) == []
    ranked = ranked_candidates(NAMES, "Who won the prize?", Judge(False))
    assert (ranked.candidates, ranked.answered) == (found, False)


# ---- separate opinions

COURT = "JUSTICE ALBRIGHT delivered the opinion of the Court."
HELD = "The Court holds that the ferry may carry passengers at night."
DISSENT = "JUSTICE BELLOWS, dissenting."
AGAINST = "The ferry must not carry passengers at night, since it wakes the town."


def texts(document: Document, focus: str | None = None) -> list[str]:
    return [document.text[s.start : s.end] for s in readable(document, focus)]


def test_sentences_of_a_dissent_are_no_candidates_of_a_summary():
    document = text_of(COURT, HELD, DISSENT, AGAINST)
    assert HELD in texts(document)
    assert AGAINST not in texts(document)
    assert AGAINST not in [c.text for c in summary_candidates(document, 80, None)]
    assert AGAINST in [document.text[s.start : s.end] for s in statements(document)]


@pytest.mark.parametrize("focus", ["the dissent", "dissenting opinions", "what Bellows says"])
def test_they_are_where_the_focus_names_them(focus):
    document = text_of(COURT, HELD, DISSENT, AGAINST)
    assert spoken_apart(document, focus) == ()
    assert AGAINST in texts(document, focus)
    assert AGAINST not in texts(document, "ferries at night")


@pytest.mark.parametrize("focus", ["what Carmody says", "Dunn’s view", "the view of O'Hara"])
def test_each_author_of_a_joint_dissent_may_be_the_focus(focus):
    joint = "JUSTICE CARMODY, JUSTICE DUNN, and JUSTICE O’HARA, dissenting."
    document = text_of(COURT, HELD, joint, AGAINST)
    assert AGAINST in texts(document, focus)
    assert AGAINST not in texts(document, "what Bellows says")


def test_line_that_opens_a_dissent_is_no_candidate_with_what_is_before_it():
    document = text_of(COURT, HELD, f"ON APPEAL FROM THE TOWN [May 3, 2010] {DISSENT}", AGAINST)
    assert not [text for text in texts(document) if "BELLOWS" in text]


def best_answer(document: Document, question: str) -> str:
    found = ranked_candidates(document, question).candidates
    return max(found, key=lambda each: each.weight).text


def test_judgment_answers_before_a_dissent_that_is_nearer_in_words():
    document = text_of(COURT, HELD, DISSENT, AGAINST, *FACTS)
    question = "Must the ferry not carry passengers at night?"
    assert best_answer(document, question) == HELD
    assert best_answer(document, f"{question[:-1]}, as Bellows says?") == AGAINST
    assert AGAINST in [each.text for each in ranked_candidates(document, question).candidates]


def test_question_for_the_conclusion_is_answered_by_it():
    concluded = "We conclude that nobody may fish there."
    document = text_of(*FACTS, "The court heard what the fishermen hold of it.", concluded)
    ranked = ranked_candidates(document, "What did the court hold?")
    assert ranked.answered
    assert best_answer(document, "What did the court hold?") == concluded
    assert best_answer(document, "What did the court hold of the fishermen?") != concluded


def test_conclusion_of_a_dissent_is_not_the_courts():
    against = "In short, I conclude that the ferry rule is void."
    document = text_of(*FACTS, COURT, HELD, DISSENT, AGAINST, against)
    assert best_answer(document, "What did the Court hold?") == HELD
    assert best_answer(document, "What did the Court hold?") != against


def test_question_of_common_words_for_the_conclusion_is_answered():
    subject = "This report is about the ice in the harbour."
    assert best_answer(text_of(subject, *FACTS), "What is this about?") == subject


def test_question_for_a_date_is_answered_by_a_sentence_with_one():
    dated = "Decided on May 17, 2010."
    document = text_of(*FACTS, "The commission decided the case of the moorings.", dated)
    assert best_answer(document, "When was the case decided?") == dated


def test_conclusion_that_is_cited_is_not_the_documents():
    cited = "See, e.g., Berg, p. 4 (“We conclude that everybody may fish there”)."
    document = text_of(*FACTS, cited, "We reverse the judgment of the harbour court.")
    found = best_answer(document, "What did the court decide?")
    assert found == "We reverse the judgment of the harbour court."


def test_document_that_is_a_dissent_is_summarized():
    document = text_of(DISSENT, AGAINST, *FACTS)
    assert spoken_apart(document, None) == ()
    assert AGAINST in texts(document)


def test_sentence_in_the_questions_own_words_answers_whether_it_is_so():
    document = text_of("The ferry runs at night.", *FACTS)
    found = [each.text for each in answer_candidates(document, "Does the ferry run at night?")]
    assert "The ferry runs at night." in found
    assert "The ferry runs at night." not in [
        each.text for each in answer_candidates(document, "When does the ferry run at night?")
    ]


def test_copies_of_a_sentence_leave_room_for_others():
    """A sentence repeated thirty times was the only candidate there was."""
    question = "Who pays for the moorings of the port?"
    copies = ["The moorings of the port  ARE paid.", "The moorings of the port are paid."] * 30
    found = answer_candidates(text_of(*copies, *FACTS), question)
    texts = {" ".join(each.text.split()).casefold() for each in found}
    assert len(found) <= len(texts) + 1
    assert len(texts) > 3


def test_conclusion_is_the_best_candidate_of_a_summary_and_a_heading_the_last() -> None:
    result = "We conclude that a second boat would pay for itself within six years."
    heading = "The reaction of the owners to the plan of the boat."
    document = text_of(*FACTS[:3], heading, *FACTS[3:6], result)
    found = sorted(summary_candidates(document, 80, None), key=lambda each: -each.weight)
    assert found[0].text == result
    assert found[-1].text == heading
