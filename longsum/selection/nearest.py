"""Sentences that come nearest to a question which none of them is likely to answer. Pure.

They are shown apart from answers, so that a reader can see where the document speaks of what was
asked, if it does anywhere: a sentence that shares no more than `how many` with it is not near.
"""

from __future__ import annotations

from collections.abc import Sequence

from longsum.documents.document import Span
from longsum.selection.candidates import Candidate
from longsum.selection.literals import answer_terms

MAX_NEAREST = 2
AS_NEAR = 0.5
"""Chance of a second sentence, relative to the first, from which on it comes about as near."""
_ASKING_WORDS = """
    many much long often far kind type sort name called year time number percent reason way happen
    mean say said tell told mention describe explain give gave make made get got take took use
    wie viel viele wann warum wer wo welche welcher welches combien quand pourquoi cuánto cuántos
    cuándo dónde cuál quanto quanti quando dove quem onde hoeveel wanneer waarom waar welke
"""
_ASKING = frozenset(answer_terms(_ASKING_WORDS))
"""Terms of words that say how a question is asked, not what about."""


def nearest(ranked: Sequence[Candidate], question: str) -> list[Span]:
    """Return the sentences that come nearest to a question: none, one or two.

    Args:
        ranked: sentences, best first, different ones only.
        question: in the user's words.

    Returns:
        Those that share a name, a number or another word of content with the question, best first;
        a second one only if it comes about as near, by words that the first lacks.
    """
    terms = set(answer_terms(question))
    asked = terms - _ASKING or terms
    held = [(each, asked & set(answer_terms(each.text))) for each in ranked]
    near = [(each, shared) for each, shared in held if shared]
    if not near:
        return []
    (first, known), *others = near
    further = [
        each.span
        for each, shared in others
        if shared - known and each.chance >= AS_NEAR * first.chance
    ]
    return [first.span, *further[: MAX_NEAREST - 1]]
