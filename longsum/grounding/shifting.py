"""Move the places of a statement from a part of a document into the whole. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from longsum.documents.document import Span
from longsum.grounding.grounder import Evidence, GroundedSentence


def shifted(sentence: GroundedSentence, offset: int) -> GroundedSentence:
    """Return a statement of a part with its places in the whole document.

    Args:
        sentence: as grounded in the part, whose pages and lines have the numbers of the whole.
        offset: where the part begins in the whole.
    """
    contrary, sources = sentence.contrary, sentence.sources
    return replace(
        sentence,
        evidence=_moved(sentence.evidence, offset),
        contrary=contrary and replace(contrary, evidence=_moved(contrary.evidence, offset)),
        sources=sources and tuple(replace(s, span=moved(s.span, offset)) for s in sources),
        quotations=tuple(
            replace(each, span=moved(each.span, offset)) if each.span else each
            for each in sentence.quotations
        ),
        resolved=tuple(replace(r, span=moved(r.span, offset)) for r in sentence.resolved),
    )


def _moved(evidence: Sequence[Evidence], offset: int) -> tuple[Evidence, ...]:
    return tuple(replace(each, span=moved(each.span, offset)) for each in evidence)


def moved(span: Span, offset: int) -> Span:
    """Return a span of a part as one of the whole, where the part begins at `offset`."""
    return Span(span.start + offset, span.end + offset)
