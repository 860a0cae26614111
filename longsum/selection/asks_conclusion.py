"""Whether a question asks what a document concludes, or what it is about. English; pure.

`What did the court hold?` shares no word with `We reverse.`: such a question is answered by the
sentences that a summary takes first.
"""

from __future__ import annotations

import re

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
