"""What one answer is worth: compared with the references, and with the document. Pure.

An outcome is a JSON value, so that a journal can record it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from longsum.answer import Answer
from longsum.documents.document import Document
from longsum.documents.statements import sentence_spans
from longsum.evaluate.holding import holding
from longsum.evaluate.reference_pairs import Pair
from longsum.evaluate.squad import is_exact, token_f1
from longsum.evaluate.support import stated, support_of
from longsum.selection.confidence import is_sure
from longsum.similarity import words

SHOWN = 3
"""Number of sentences among which the answer is looked for, as many as `longsum ask` shows."""
AnswerOutcome = dict[str, Any]
"""Measures of one answer, or `error`: the reason why there is none."""


def outcome_of(answer: Answer | None, pair: Pair) -> AnswerOutcome:
    """Return the measures of an answer.

    Args:
        answer: what the user gets; None where the model wrote nothing.
        pair: the question with its references.

    Returns:
        `answered`; `empty`, whether nothing was written; `sure`, None of a written answer;
        `evidence_1` and `evidence_3`, whether the first, or one of three sentences holds the
        reference answer; `f1` (0 to 1) and `exact` of the `text` that `short_answer_of` returns,
        and whether a model `pointed` at it; the number of `claims`, and how many of them are
        `supported`, `contrary` and `misquoted`.
    """
    found = () if answer is None else answer.sentences
    shown = [frozenset(words(each.text)) for each in stated(found)[:SHOWN]]
    held = holding(shown, pair)
    short = "" if answer is None else short_answer_of(answer)
    return {
        "answered": answer is not None and answer.answered,
        "empty": answer is None,
        "sure": None if answer is None else _sure(answer),
        "evidence_1": any(held[:1]),
        "evidence_3": any(held),
        "text": short,
        "pointed": answer is not None and answer.short is not None,
        "f1": token_f1(short, pair.references),
        "exact": is_exact(short, pair.references),
        **support_of(found),
    }


def _sure(answer: Answer) -> bool | None:
    """Return whether an answer is shown as sure; None of a written one, which says nothing of it.

    A refusal is not sure, so that the share of sure answers is one of all questions.
    """
    if answer.receipt.mode != "verbatim":
        return None
    return answer.chance is not None and is_sure(answer.chance)


def short_answer_of(answer: Answer) -> str:
    """Return the answer that is compared with the references; empty if there is none.

    It is the words that a model points at, or else the whole first sentence.
    """
    if answer.short is not None:
        return answer.short.text
    claims = stated(answer.sentences)
    return claims[0].text if claims else ""


def can_be_found(document: Document, pair: Pair) -> bool:
    """Return whether a sentence of the document holds the reference answer.

    Args:
        document: the question's own document.
        pair: the question with its references.
    """
    return any(holding(_bags(document.text), pair))


@lru_cache(maxsize=2)  # a document is asked many questions
def _bags(text: str) -> tuple[frozenset[str], ...]:
    """Return the words of each sentence of a text."""
    return tuple(frozenset(words(text[start:end])) for start, end in sentence_spans(text))
