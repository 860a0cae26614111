"""How strongly sentences say what a document concludes: findings, holdings, recommendations.

They are recognized by the words that English documents use for them, and by where they stand: in
the document's own abstract or summary, or in its conclusion. A summary takes the best of them
first; without them it would be a list of topics. Pure; no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from longsum.documents.document import Span
from longsum.selection.sections import section_around, sections_named, without_overlaps

STATED, OF_GROUP, OWN, SUMMING_UP, PURPOSE = 2.0, 1.0, 0.5, 1.0, 0.5
"""Strength of a finding's own words, of those of `the court`, which may be another one, more for
`we`, of words that sum up or name the purpose."""
MIN_STRENGTH = 1.5
"""Strength from which on a sentence is a conclusion of the document."""
IN_SUMMARY, IN_CONCLUSION = 2.0, 1.5
"""Strength of the document's own summary, and of its conclusion."""
INTRODUCING, EARLY = 2.5, 0.1
"""Strength of a sentence that introduces the document, and the share of the text it may be in."""
LATER = 0.5
"""Strength of the last words of such a section against its first, which introduce."""
MAX_OWN_SUMMARY = 6_000
"""Characters after its heading that belong to a document's own summary or conclusion."""

_WORKS = (
    r"(?:reports?|stud(?:y|ies)|reviews?|paper|article|thesis|survey|audit|inquiry|investigation"
    r"|experiments?|trials?|results?|findings?|evidence|data|analys[ie]s|work|observations?"
    r"|chapters?|book|essay|guide)"
)
_AUTHORS = (
    r"(?:we|i"
    rf"|(?<!of\s)(?:the|this|our|these|both|all)(?:\s+(?:present|current|above|main|\d+|two|three|four"
    rf"|[a-z]+ing))?\s+{_WORKS})"
)
_ADVERBS = (
    r"(?:(?:have|has|also|therefore|thus|then|accordingly|clearly|further|finally|again)\s+)*"
    r"(?:of\s+(?:\w+\s+){1,6}?)?"
)
_VERBS = (
    r"(?:conclude[sd]?|argue[sd]?\s+that|demonstrate[sd]?|reveal(?:s|ed)?|indicate[sd]?|suggest(?:s|ed)?"
    r"|recommend(?:s|ed)?|show(?:s|ed|n)?\s+(?:that|how|no)"
    r"|(?:find[s]?|found|hold|establish(?:es|ed)?|confirm(?:s|ed)?)\s+(?:that|no)"
    r"|fail(?:s|ed)?\s+to\s+(?:find|support|show)|support(?:s|ed)?\s+(?:the|this|that|our|no)"
    r"|d(?:o|id|oes)\s+not\s+(?:support|show|find)"
    r"|provide[sd]?\s+(?:\w+\s+){0,3}?(?:evidence|support|grounds))"
)
_STATES = re.compile(
    rf"\b{_AUTHORS}\s+{_ADVERBS}{_VERBS}\b"
    r"|\b(?:judgment|decision|order|conviction|sentence)(?:\s+of\s+(?:[\w’']+\s+){1,12}?|\s+)"
    r"(?:is|are)\s+(?:therefore\s+)?(?:affirmed|reversed|vacated|remanded|dismissed)\b"
    r"|\bwe\s+(?:(?:therefore|accordingly|now|thus|also)\s+)?(?:affirm|reverse|vacate|hold"
    r"|reject)\b"
    r"|^\W*held\s*:|\bit\s+(?:is|was)\s+(?:therefore\s+)?(?:concluded|recommended|ordered)\b"
    r"|\bthe\s+(?:main|key|central|principal|most\s+important)\s+(?:finding|conclusion|result"
    r"|recommendation|lesson|message)s?\b"
    r"|\bthe\s+(?:point|lesson|message|conclusion|upshot)\s+(?:of\s+(?:this|the)\s+\w+\s+)?is\s+that\b"
    r"|\bno\s+(?:significant\s+)?(?:difference|effect|association|correlation)s?\s+"
    r"(?:between|in|on|was|were)\b",
    re.IGNORECASE,
)
_OF_GROUP = re.compile(
    r"\bthe\s+(?:\w+\s+)?(?:court|board|commission|committee|council|panel|agency|department"
    rf"|authors?)\s+{_ADVERBS}(?:{_VERBS}|held\s+that)\b",
    re.IGNORECASE,
)
"""A finding of others, or of authors that speak of themselves so."""
_OWN = re.compile(
    r"\bwe\b|^\W*held\s*:|\b(?:is|are)\s+(?:therefore\s+)?(?:affirmed|reversed|vacated)\b",
    re.IGNORECASE,
)
_NOT_STATED = re.compile(
    r"\bwe\s+conclude\s+(?:with|this|the|by)\b|\bwe\s+now\s+show\b|\bif\s+(?:we|the)\b",
    re.IGNORECASE,
)
_SUMS_UP = re.compile(
    r"^\W*(?:in\s+(?:short|sum|summary|conclusion|brief)|to\s+(?:conclude|sum\s+up)|overall"
    r"|taken\s+together|all\s+in\s+all|for\s+these\s+reasons)\b",
    re.IGNORECASE,
)
_PURPOSE = re.compile(
    r"\b(?:we\s+(?:present(?:ed)?|proposed?|introduced?|described?|proved?|develop(?:ed)?"
    r"|investigated?|examined?|evaluated?|implement(?:ed)?)"
    rf"|(?:this|our|the\s+present)\s+(?:proposed\s+)?(?:{_WORKS}|rule|bill|act|proposal"
    r"|document|specification)|proposes?\s+to)\b",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"^\W*(?:\w+,?\s+){0,4}?(?:we\s+(?:present|propose|introduce|describe|investigate|examine)\b"
    r"|(?:this|the\s+present)\s+(?:proposed\s+)?(?:paper|report|study|article|book|guide|document|review"
    r"|thesis|chapter|proposal|specification|rule|handbook|manual|policy)\s+\w+)",
    re.IGNORECASE,
)
_SUMMARY_NAME = (
    r"(?:abstract|(?:executive\s+|plain[\s-]language\s+)?summary|synopsis|syllabus"
    r"|key\s+(?:findings|points|messages|takeaways)|(?:main|principal)\s+findings|at\s+a\s+glance"
    r"|highlights|tl;?dr|in\s+(?:brief|short))"
    r"(?:\s+(?:of|and)\s+(?:the\s+)?(?:(?:main|key)\s+)?(?:findings|results|recommendations|conclusions"
    r"|report|study|paper|decision|points|implications))?"
)
_CONCLUSION_NAME = (
    r"(?:(?:general\s+)?discussion\s+and\s+conclusions?|conclusions?(?:\s+and\s+[\w\s]{3,40})?"
    r"|concluding\s+remarks|recommendations|closing\s+remarks|lessons\s+learned)"
)


def conclusions(text: str, spans: Sequence[Span]) -> np.ndarray:
    """Return how strongly each sentence concludes, from 0: (sentences,).

    Args:
        text: the document's text.
        spans: the sentences' spans, in order.
    """
    sections = own_sections(text)
    strengths = np.zeros(len(spans))
    for number, span in enumerate(spans):
        sentence = text[span.start : span.end]
        strengths[number] = stated(sentence)
        if around := section_around(span, sections):
            section, strength = around
            within = (span.start - section.start) / (section.end - section.start)
            strengths[number] += strength + LATER * within
            strengths[number] += PURPOSE * names_purpose(sentence)
        elif span.start < EARLY * len(text) and _INTRODUCES.search(sentence):
            strengths[number] = max(strengths[number], INTRODUCING)
    return strengths


def stated(sentence: str) -> float:
    """Return how strongly the words of a sentence say that it concludes, from 0."""
    strength = SUMMING_UP * bool(_SUMS_UP.match(sentence))
    if _STATES.search(sentence) and not _NOT_STATED.search(sentence):
        return strength + STATED + OWN * bool(_OWN.search(sentence))
    return strength + OF_GROUP * bool(_OF_GROUP.search(sentence))


def names_purpose(sentence: str) -> bool:
    """Return whether a sentence says what the document is or does: `This paper presents …`."""
    return bool(_PURPOSE.search(sentence))


def own_sections(text: str) -> list[tuple[Span, float]]:
    """Return the document's own summaries and conclusions in order, each with its strength.

    Args:
        text: the document's text.
    """
    found: list[tuple[Span, float]] = []
    for name, strength in ((_SUMMARY_NAME, IN_SUMMARY), (_CONCLUSION_NAME, IN_CONCLUSION)):
        for span in sections_named(text, name):
            found.append((Span(span.start, min(span.end, span.start + MAX_OWN_SUMMARY)), strength))
    return without_overlaps(found)
