"""Questions that refer to the exchange before: `And when?`, `Who paid for it?`. Pure.

A model that writes is shown the exchange. A search by words has nothing to search for in `it`, so
that such a question is searched for together with the one before. The words that refer back are
English ones; a question without any content word refers back in every language.
"""

from __future__ import annotations

import re

from longsum.answer import Answer
from longsum.similarity import content_words

MAX_ABOUT = 2
"""Content words of a question in which a pronoun refers back wherever it stands."""
MAX_BEFORE = 3
"""Words before a pronoun that has nothing to refer to in its own question."""
_CONTINUES = re.compile(r"^\W*(?:and|but|so|or|(?:what|how) about)\b", re.I)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers"
    r"|(?:this|that|these|those)(?=\W*$|\s+(?:is|are|was|were|do|does|did|has|have|had|happen\w*)\b)"
    r"|(?:this|these|those)\s+(?:one|ones|two|people|things?))\b",
    re.I,
)


def refers_back(question: str) -> bool:
    """Return whether a question can hardly be understood without the one before."""
    about = content_words(question)
    if not about or _CONTINUES.match(question):
        return True
    found = _PRONOUN.search(question)
    if found is None:
        return False
    before = len(question[: found.start()].split())
    return before <= MAX_BEFORE or len(about) <= MAX_ABOUT


def understood(question: str, after: Answer | None) -> str:
    """Return what a question is searched for as: itself, or together with the one before.

    Args:
        question: in the user's words.
        after: the answer before; None for the first question.
    """
    if after is None or after.question is None or not refers_back(question):
        return question
    return f"{after.understood or after.question} {question}"
