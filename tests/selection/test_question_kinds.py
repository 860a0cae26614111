from __future__ import annotations

import pytest

from longsum.selection.question_kinds import answers_when, asks_conclusion, asks_when


@pytest.mark.parametrize(
    "question",
    [
        "What did the Court hold?",
        "what does the report recommend",
        "How did the court rule?",
        "What are the key findings of this report?",
        "What is the report’s main recommendation?",
        "What's the main point?",
        "What was the decision of the Supreme Court?",
        "What is this paper about?",
        "What is it about?",
        "What is the story about?",
        "What is the main contribution of the paper?",
    ],
)
def test_question_for_what_a_document_concludes(question: str) -> None:
    assert asks_conclusion(question)


@pytest.mark.parametrize(
    "question",
    [
        "What did the court hold about the tariff?",
        "What did the boat find?",
        "What is the purpose of the fund?",
        "Did the court affirm?",
        "What did Justice Bellows argue?",
        "Who decided?",
        "What did the district court hold?",
        "What did the jury find?",
        "What was the decision of the district court?",
        "What was the plaintiff's main argument?",
        "What did previous studies show?",
        "What did they find?",
    ],
)
def test_question_for_something_else(question: str) -> None:
    assert not asks_conclusion(question)


@pytest.mark.parametrize(
    ("question", "when"),
    [
        ("When was the case decided?", True),
        ("In which year did the port freeze?", True),
        ("What is the deadline for comments?", True),
        ("Who was there when the port froze?", False),
        ("How old is the port?", False),
        ("When the port freezes, what must the keeper do?", False),
        ("Who missed the deadline?", False),
    ],
)
def test_question_for_a_date(question: str, when: bool) -> None:
    assert asks_when(question) is when


@pytest.mark.parametrize(
    ("text", "question", "well"),
    [
        ("Argued January 12, decided May 17", "When was the case decided?", 3.0),
        ("The port was frozen in 1902.", "When was the port frozen?", 3.0),
        ("The mill was built on 3 June.", "When did the port freeze?", 1.0),
        ("It dates from the fifteenth century.", "When was it built?", 1.0),
        ("The port may hold 1200 boats.", "When was it built?", 0.0),
        ("The suit under § 1983 was late.", "When was the suit filed?", 0.0),
        ("The port was closed on 17 May 1902.", "When was the port closed due to ice?", 3.0),
        ("Comments are due on 17 May 2010.", "What is the deadline for comments?", 3.0),
        ("The deadline for comments is May 17, 2010.", "What is the deadline for comments?", 3.0),
        ("Bids must come by May 17, 2010.", "When is the deadline?", 3.0),
        ("Comments must come by May 17, 2010.", "What is the deadline for comments?", 3.0),
        ("Bids must come by May 17, 2010.", "What is the deadline for comments?", 1.0),
        ("Comments came on May 17, 2010.", "What is the deadline for comments?", 1.0),
    ],
)
def test_sentence_with_a_date_answers_when(text: str, question: str, well: float) -> None:
    assert answers_when(text, question) == well
