"""Sentences that come nearest to a question which none of them is likely to answer. Pure.

They are shown apart from answers, so that a reader can see where the document speaks of what was
asked, if it does anywhere: a sentence is not near for sharing `how many`, or one word of a dozen.
"""

from __future__ import annotations

from collections.abc import Sequence

from longsum.documents.document import Span
from longsum.selection.candidates import Candidate
from longsum.selection.literals import answer_terms

MAX_NEAREST = 2
MIN_SHARED = 0.2
"""Share of a question's words of content that a sentence must hold to be near.

Of the questions that the bundled head refuses (fairytaleqa.val, openstax_qa.train, covidqa, the
first 1,000, 700 and 500, 2026-11-28), 94, 77 and 79 % of those to their own document have such a
sentence, and 56, 34 and 49 % of those to another of the same file. With any one word in common,
these are 100, 100 and 86 %, and 80, 76 and 78 %.
"""
AS_NEAR = 0.5
"""Chance of a second sentence, relative to the first, from which on it comes about as near."""
_ASKING_WORDS = """
    many much more most less least long often far kind type sort name called year time number
    percent reason way happen mean say said tell told mention describe explain give gave make made
    get got take took use
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
        Those that share enough names, numbers or other words of content with the question, best
        first; a second one only if it comes about as near, by words that the first lacks.
    """
    terms = set(answer_terms(question))
    asked = terms - _ASKING or terms
    enough = max(1.0, MIN_SHARED * len(asked))
    held = [(each, asked & set(answer_terms(each.text))) for each in ranked]
    near = [(each, shared) for each, shared in held if len(shared) >= enough]
    if not near:
        return []
    (first, known), *others = near
    further = [
        each.span
        for each, shared in others
        if shared - known and each.chance >= AS_NEAR * first.chance
    ]
    return [first.span, *further[: MAX_NEAREST - 1]]
