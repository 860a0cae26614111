"""How many sentences of an answer or a summary its document supports. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from longsum.grounding.grounder import GroundedSentence, Grounder, answer_sentences

SUPPORT = ("supported", "contrary", "misquoted")
"""What is counted of the sentences that state something."""


def stated(sentences: Sequence[GroundedSentence]) -> list[GroundedSentence]:
    """Return the sentences that state something: no refusals and no headings."""
    return [each for each in sentences if not (each.is_refusal or each.is_heading)]


def support_of(sentences: Sequence[GroundedSentence]) -> dict[str, int]:
    """Return the number of sentences that state something, and of those the document supports.

    Args:
        sentences: of an answer, as they were grounded.

    Returns:
        `claims`, and how many of them are `supported`, `contrary` (another place says otherwise)
        and `misquoted` (with a quotation that is not in the document).
    """
    claims = stated(sentences)
    return {
        "claims": len(claims),
        "supported": sum(each.supported for each in claims),
        "contrary": sum(each.contrary is not None for each in claims),
        "misquoted": sum(any(not q.found for q in each.quotations) for each in claims),
    }


def grounded(text: str, grounder: Grounder) -> list[GroundedSentence]:
    """Return the sentences of a text that no use case has grounded.

    Args:
        text: what a model wrote.
        grounder: finds the places in the document.
    """
    return [grounder.ground(text[start:end]) for start, end in answer_sentences(text)]
