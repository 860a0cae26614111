from __future__ import annotations

from longsum.answer_choice import best_of_groups, with_verdict
from longsum.chosen import Chosen
from longsum.documents.document import Document, Span
from longsum.reading import AnswerStats
from longsum.selection.candidates import Candidate


def test_only_the_best_of_near_duplicates_is_chosen():
    found = [
        Candidate(Span(i, i + 1), str(i), weight, group)
        for i, (weight, group) in enumerate([(0.1, 0), (2.0, 1), (0.5, 0), (1.0, 3)])
    ]
    assert [c.text for c in best_of_groups(found)] == ["1", "3", "2"]


def test_sentence_that_says_no_is_found_though_a_model_prefers_others():
    lines = "The board met in May.", "The port is old.", "The board did not close the port in May."
    text = "\n".join(lines)
    spans = [Span(text.index(line), text.index(line) + len(line)) for line in lines]
    document = Document(text, (), "0", "notes.txt")
    chosen = Chosen(spans[:2], AnswerStats(), 0.4, by_words=spans[2:])
    found = with_verdict(document, "Did the board close the port in May?", chosen)
    assert (found.spans, found.says) == ([spans[2], spans[0]], "no")
    question = "Did the council sell the mill?"
    assert with_verdict(document, question, chosen) == chosen
