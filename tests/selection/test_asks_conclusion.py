from __future__ import annotations

import pytest

from longsum.selection.asks_conclusion import asks_conclusion


@pytest.mark.parametrize(
    "question",
    [
        "What did the Court hold?",
        "what does the report recommend",
        "How did the court rule?",
        "What did they decide?",
        "What are the key findings of this report?",
        "What is the report’s main recommendation?",
        "What's the main point?",
        "What was the decision of the Supreme Court?",
        "What is this paper about?",
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
    ],
)
def test_question_for_something_else(question: str) -> None:
    assert not asks_conclusion(question)
