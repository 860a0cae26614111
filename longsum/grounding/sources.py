"""Sources: the sentences of a document under a statement, with those around them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cached_property

from longsum.documents.document import Document, Span
from longsum.documents.sentences import split_sentences
from longsum.grounding.grounder import GroundedSentence, Source


@dataclass(frozen=True)
class Sources:
    """Finds the sentences that statements come from.

    Args:
        document: the document answered from.
        around: sentences on either side of each source.
    """

    document: Document
    around: int = 0

    def added(self, sentence: GroundedSentence) -> GroundedSentence:
        """Return a statement with its sources, or with the place that says otherwise."""
        evidence = sentence.contrary.evidence if sentence.contrary else sentence.evidence
        spans = sorted({self._widened(each.span) for each in evidence})
        return replace(sentence, sources=tuple(map(self._source, spans)))

    def _source(self, span: Span) -> Source:
        text = " ".join(self.document.text[span.start : span.end].split())
        return Source(text, span, self.document.reference(span))

    def _widened(self, span: Span) -> Span:
        """Return a place with the sentences around it."""
        if not self.around:
            return span
        starts = self._starts
        first = max(0, bisect_right(starts, span.start) - 1 - self.around)
        last = min(len(starts), max(1, bisect_left(starts, span.end)) + self.around) - 1
        ends = self._sentences[last].end if self._sentences else span.end
        return Span(min(span.start, starts[first] if starts else span.start), max(span.end, ends))

    @cached_property
    def _sentences(self) -> list[Span]:
        return split_sentences(self.document.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [span.start for span in self._sentences]
