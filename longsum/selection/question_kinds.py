"""What kind of answer a question asks for: what a document concludes, or when. English; pure.

`What did the court hold?` shares no word with `We reverse.`: such a question is answered by the
sentences that a summary takes first. What is asked for by `when` is mostly beside a date.
"""

from __future__ import annotations

import re

from longsum.selection.literals import answer_terms
from longsum.selection.months import MONTH

_WHO = (
    r"(?:(?:supreme\s+)?court|justices|stud(?:y|ies)|papers?|authors?|report|article|document|book|chapter"
    r"|committee|commission|board|panel|agency|council|researchers?|trial|review|survey|experiments?"
    r"|thesis|guide|text|writers?|opinion|case|story|essay|contract|file|it|this)"
)
"""Documents, and those who speak in them; not those they speak of."""
_CONCLUDED = (
    r"(?:hold|held|decided?|rule[ds]?|conclude[sd]?|find|finds|found|show(?:s|n|ed)?|recommend(?:s|ed)?"
    r"|suggest(?:s|ed)?|propose[sd]?)"
)
_MAIN = r"(?:main|key|central|final|overall|principal|most\s+important)"
_CONCLUSION = (
    r"(?:conclusions?|findings?|results?|holding|decision|ruling|outcome|message|take-?aways?|thesis"
    r"|recommendations?|lessons?|upshot|verdict|judgment|contributions?|purpose|aims?|goal"
    r"|(?<=main\s)(?:points?|ideas?|arguments?|claims?))"
)
_THE = r"(?:(?:the|this|that|these)\s+(?:present\s+|whole\s+)?)"
_OF_IT = rf"(?:\s+(?:of|in|from|reached\s+by)\s+{_THE}?{_WHO}|\s+here)?"
_QUESTION = re.compile(
    rf"\W*(?:what|how)\s+(?:do|does|did|has|have)\s+{_THE}?{_WHO}\s+{_CONCLUDED}\W*"
    rf"|\W*what(?:\s+(?:is|are|was|were)|['’]s)\s+(?:the|its)\s+(?:{_WHO}['’]s\s+)?(?:{_MAIN}\s+)?"
    rf"{_CONCLUSION}{_OF_IT}\W*"
    rf"|\W*what(?:\s+(?:is|was)|['’]s)\s+{_THE}?{_WHO}\s+about\W*",
    re.IGNORECASE,
)


def asks_conclusion(question: str) -> bool:
    """Return whether a question asks for what the document concludes, and for nothing else.

    Args:
        question: in the user's words.
    """
    return bool(_QUESTION.fullmatch(question))


_DEADLINE = re.compile(
    r"^\W*by\s+(?:when|what|which)\b"
    r"|^\W*(?:what|when)\s+(?:is|was|are|were)\s+the\s+(?:\w+\s+){0,2}(?:deadline|due\s+date)s?\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"^\W*(?:since\s+|until\s+)?when\s+(?:is|are|was|were|do|does|did|has|have|had|will)\b"
    r"|^\W*(?:(?:in|on|since|until)\s+)?(?:what|which)\s+(?:date|year|day|month|century)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<!§ )(?<![§$€£.,\d-])\b(?:1[1-9]\d\d|20\d\d)\b(?![.,]?\d)"
    r"(?!\s+(?!this\b|does\b|across\b|always\b|perhaps\b)[a-z]{3,}s\b)"  # not `1200 boats`
    rf"|\b{MONTH}\s+\d|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}\b|\bcentur(?:y|ies)\b"
)
_DUE = re.compile(
    rf"\b(?:by|before|until|than|due(?:\s+on)?|deadline\b[^.]{{0,60}}?\s(?:is|was))\s+(?:{_DATE.pattern})"
)
_BESIDE, _BESIDE_CHARACTERS = 2, 60
"""Words before a date among which one of the question's is beside it, and where they are."""


def asks_when(question: str) -> bool:
    """Return whether a question asks for a date.

    Args:
        question: in the user's words.
    """
    return bool(_WHEN.search(question) or _DEADLINE.search(question))


def answers_when(text: str, question: str) -> float:
    """Return how well a sentence answers a question for a date, by the dates in it, from 0 to 3.

    Args:
        text: the sentence.
        question: one for which `asks_when` is true.

    Returns:
        1 for a date; 3 if it is beside a word of the question (`decided May 17`), or is the last
        day of what a deadline is asked for (`comments by May 17`).
    """
    dates = [date.start() for date in _DATE.finditer(text)]
    if not dates:
        return 0.0
    asked = set(answer_terms(_WHEN.sub(" ", _DEADLINE.sub(" ", question))))
    if _DEADLINE.search(question):
        is_about = not asked or asked & set(answer_terms(text))
        return 3.0 if is_about and _DUE.search(text) else 1.0
    beside = (text[max(0, at - _BESIDE_CHARACTERS) : at].split()[-_BESIDE:] for at in dates)
    return 3.0 if any(asked & set(answer_terms(" ".join(each))) for each in beside) else 1.0
