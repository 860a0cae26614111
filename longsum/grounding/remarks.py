"""Recognize sentences that no document could support: refusals, remarks, echoes. Pure.

Small models talk about "the document", repeat the prompt's rules, or say in their own words that
there is no answer. A comparison of words would place such sentences on some page. Covers English,
and the nouns of a few other languages.
"""

from __future__ import annotations

import re

from longsum.similarity import words

_DOCUMENT = (
    r"(?:the|this)\s+(?:(?:whole|entire|above|given|provided|following|present)\s+)*"
    r"(?:document|text|passage|excerpt|summary)(?:\s+(?:above|below|provided))?"
    r"|(?:das|dieses)\s+dokument|der\s+(?:obige\s+)?text|die\s+zusammenfassung"
    r"|le\s+(?:document|texte)|el\s+(?:documento|texto)|il\s+(?:documento|testo)"
)
_REMARK = re.compile(rf"(?:{_DOCUMENT})\s+(?!of\b|that\b|which\b)[^\W\d_]", re.I)
"""Matches a sentence whose subject is the document."""
_PRAISE = re.compile(
    r"(?:the|this)\s+(?:story|tale|narrative|document|text)\s+(?:is|was)\s+(?:(?:a|an)\s+)?"
    r"(?:\w+(?:\s+and)?\s+)?(?:classic|powerful|moving|thrilling|compelling|inspiring|gripping)\b",
    re.I,
)
"""Matches a sentence that praises the document: "The story is a classic example of …"."""
_LEAD_IN = re.compile(
    rf"(?:(?:{_DOCUMENT})\s+(?:also\s+|then\s+|further\s+)?(?:says?|states?|notes?|reports?|"
    r"explains?|mentions?|shows?|argues?|claims?|finds?|concludes?|adds?|recommends?)\s+that\s+"
    rf"|according\s+to\s+(?:{_DOCUMENT}),?\s+)",
    re.I,
)
"""Matches the words before a statement attributed to the document."""
_DENIAL = re.compile(
    rf"(?:{_DOCUMENT})\s+(?:does|do|did)\s*(?:not|n['’]t)\s+(?:\w+ly\s+)?"
    r"(?:mention|contain|provide|say|state|specify|answer|hold|give|include|discuss|address)\b"
    r"|(?:the|an|any)\s+(?:answer|information)\b[^.]{0,60}?\b(?:is|was|are)\s*(?:not|n['’]t)\s+"
    r"(?:\w+\s+)?(?:in|by|from)\s+(?:the|this)\s+(?:document|text|passage)"
    r"|(?:it\s+is\s+)?not\s+(?:mentioned|stated|given|found|specified|provided)\s+in\s+"
    r"(?:the|this)\s+(?:document|text|passage)",
    re.I,
)
_MIN_WORDS = 3
"""Minimum words of an echo; fewer match by chance."""


def is_denial(sentence: str) -> bool:
    """Return whether a sentence says that the document holds no answer."""
    return bool(_DENIAL.match(_begin(sentence)))


def is_remark(sentence: str) -> bool:
    """Return whether a sentence is about the document, not about its subject."""
    begin = _begin(sentence)
    about = _REMARK.match(begin) or _PRAISE.match(begin)
    return bool(about) and not _LEAD_IN.match(begin)


def without_lead_in(sentence: str) -> str:
    """Return a sentence without a lead-in such as "The document states that"."""
    begin = _begin(sentence)
    lead = _LEAD_IN.match(begin)
    return begin[lead.end() :] if lead else sentence


def _begin(sentence: str) -> str:
    """Return a sentence without emphasis and without marks before its first word."""
    return re.sub(r"[*_`]+", "", sentence).lstrip(" \t\"'“”„«»-•")


class Instructions:
    """A prompt's own words, which an answer may repeat but the document does not say.

    Args:
        text: the prompt without the document.
        asked: the user's own words in it, such as the question, which an answer may repeat.
    """

    def __init__(self, text: str, *asked: str | None) -> None:
        for each in asked:
            if each and each.strip():
                text = text.replace(each, " \n ")
        self._words = f" {' '.join(words(text))} "

    def says(self, sentence: str) -> bool:
        """Return whether a sentence is taken from the instructions."""
        spoken = words(sentence)
        return len(spoken) >= _MIN_WORDS and f" {' '.join(spoken)} " in self._words
