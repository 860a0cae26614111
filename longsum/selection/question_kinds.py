"""What kind of answer a question asks for: what a document concludes, or when. English; pure.

`What did the court hold?` shares no word with `We reverse.`: such a question is answered by the
sentences that a summary takes first. What is asked for by `when` is mostly beside a date.
"""

from __future__ import annotations

import re

from longsum.selection.literals import answer_terms

_WHO = (
    r"(?:(?:supreme\s+)?court|judges?|justices|stud(?:y|ies)|papers?|authors?|report|article|document"
    r"|book|chapter|committee|commission|board|panel|jury|agency|council|researchers?|trial|review"
    r"|survey|experiments?|thesis|guide|text|writers?|it|they|this)"
)
_CONCLUDED = (
    r"(?:hold|held|decided?|rule[ds]?|conclude[sd]?|find|finds|found|show(?:s|n|ed)?|recommend(?:s|ed)?"
    r"|suggest(?:s|ed)?|propose[sd]?)"
)
_CONCLUSION = (
    r"(?:conclusions?|findings?|results?|holding|decision|ruling|outcome|message|take-?aways?|thesis"
    r"|recommendations?|lessons?|upshot|verdict|judgment|contributions?|purpose|aims?|goal"
    r"|(?:main|key|central)\s+(?:points?|ideas?|arguments?|claims?))"
)
_OF_IT = (
    rf"(?:\s+(?:of|in|from|reached\s+by)\s+(?:the|this|that|these)\s+(?:\w+\s+)?{_WHO}"
    rf"|\s+(?:of|in)\s+(?:it|this|that)|\s+here)?"
)
_QUESTION = re.compile(
    rf"\W*(?:what|how)\s+(?:do|does|did|has|have)\s+(?:(?:the|this|that|these)\s+)?(?:\w+\s+)?{_WHO}"
    rf"\s+{_CONCLUDED}\W*"
    rf"|\W*what(?:\s+(?:is|are|was|were)|['’]s)\s+(?:the|its|their)\s+(?:(?:main|key|central|final|overall"
    rf"|principal|most\s+important)\s+)?(?:\w+['’]s\s+(?:main\s+)?)?{_CONCLUSION}{_OF_IT}\W*"
    rf"|\W*what(?:\s+(?:is|was)|['’]s)\s+(?:(?:the|this)\s+)?(?:\w+\s+)?{_WHO}\s+about\W*",
    re.IGNORECASE,
)


def asks_conclusion(question: str) -> bool:
    """Return whether a question asks for what the document concludes, and for nothing else.

    Args:
        question: in the user's words.
    """
    return bool(_QUESTION.fullmatch(question))


_DEADLINE = re.compile(r"\b(?:deadline|due)\b", re.IGNORECASE)
_BESIDE = 2
"""Words before a date among which one of the question's is beside it."""
_WHEN = re.compile(
    r"^\W*(?:(?:in|by|on|since|until)\s+)?(?:when\b|(?:what|which)\s+(?:date|year|day|month|century)\b)"
    r"|\b(?:deadline|due\s+date)\b",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_DATE = re.compile(
    rf"\b(?:1\d\d\d|20\d\d)\b|\b{_MONTH}\s+\d|\d(?:st|nd|rd|th)?\s+{_MONTH}\b|\bcentur(?:y|ies)\b"
)

_DUE = re.compile(rf"\b(?:by|before|until|than)\s+(?:{_DATE.pattern})")


def asks_when(question: str) -> bool:
    """Return whether a question asks for a date.

    Args:
        question: in the user's words.
    """
    return bool(_WHEN.search(question))


def answers_when(text: str, question: str) -> float:
    """Return how well a sentence answers a question for a date, by the dates in it, from 0 to 3.

    Args:
        text: the sentence.
        question: one for which `asks_when` is true.

    Returns:
        1 for a date, 3 if it is beside a word of the question (`decided May 17`), or is the end of
        a time for what a deadline is asked for (`comments by May 17`).
    """
    dates = list(_DATE.finditer(text))
    asked = set(answer_terms(_WHEN.sub(" ", question)))
    if not dates:
        return 0.0
    if _DEADLINE.search(question):
        is_due = _DUE.search(text) and asked & set(answer_terms(text))
        return 3.0 if is_due else 1.0
    beside = (" ".join(text[: date.start()].split()[-_BESIDE:]) for date in dates)
    return 3.0 if any(asked & set(answer_terms(each)) for each in beside) else 1.0
