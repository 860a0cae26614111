"""Grounding: each sentence of an answer → the places of the document that say it → their pages.

A sentence is aligned with the sentences that share most of its words, weighted by rarity. This
shows a reader where to look, and flags numbers, names, quotations and statements that the document
does not hold. It compares words, not meanings: a sentence that inverts its source (`did not
approve`, subject and object exchanged) still gets its page, and an answer in another language
shares little more than names and numbers with the document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from longsum.documents.document import Document, Span
from longsum.documents.sentences import split_sentences
from longsum.documents.voices import voice_at
from longsum.grounding.evidence import MAX_WINDOW, SUPPORTED, SourceIndex
from longsum.grounding.quotations import QuotableText, Quotation, quotations_in
from longsum.grounding.remarks import Instructions, is_denial, is_remark, without_lead_in
from longsum.similarity import words

REFUSAL = "Not in the document."
"""Answer that the prompt asks for when the document holds none."""
NOT_FOUND = "No sentence found for this."
"""Note when no sentence of the document is likely an answer; not a claim about the document."""


@dataclass(frozen=True)
class Evidence:
    """A place of the document that says what an answer says."""

    span: Span
    score: float
    """Share of the answer's sentence found here, by weight of words: 0 to 1."""


@dataclass(frozen=True)
class GroundedSentence:
    """A sentence of an answer, with its places in the document."""

    text: str
    start: int
    """Offset in the answer."""
    end: int
    evidence: tuple[Evidence, ...] = ()
    """Supporting places, strongest first; empty when there is no support."""
    pages: tuple[int, ...] = ()
    """Pages of the evidence, rising; empty without evidence or pages."""
    reference: str | None = None
    """Places for people: `p. 3`, `pp. 3-4, 17`, `line 120, line 431`, `00:12:05`."""
    places: tuple[str, ...] = ()
    """Names of the places the evidence touches; empty where places have no names."""
    supported: bool = False
    """Whether the document says this, or there is nothing to support."""
    quotations: tuple[Quotation, ...] = ()
    """Quotations long enough to be checked, each found or not."""
    is_refusal: bool = False
    """Whether it says that the document holds no answer; nothing to support."""
    is_heading: bool = False
    """Whether it is a heading or lead-in (`Findings:`); nothing to support."""


class Grounder:
    """Finds an answer's sentences in a document, which is indexed once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._index = SourceIndex(document.text)

    def ground(self, sentence: str, instructions: Instructions | None = None) -> GroundedSentence:
        """Return a sentence with the places that support it.

        A remark about the document, or a sentence of the prompt, has none, unless the document says
        it word for word.

        Args:
            sentence: a sentence of an answer.
            instructions: the prompt's own words.
        """
        plain = GroundedSentence(sentence, 0, len(sentence))
        if is_refusal(sentence):
            return replace(plain, supported=True, is_refusal=True)
        if is_heading(sentence):
            return replace(plain, supported=True, is_heading=True)
        said = _CITATION.sub(" ", _BULLET.sub("", sentence))
        echoed = instructions is not None and instructions.says(said)
        if (echoed or is_remark(said)) and self._quotable.find(said) is None:
            return plain
        claim = self._index.claim(without_lead_in(said))
        best = claim.best_window(range(1, MAX_WINDOW + 1))
        near = self._index.span(best) if best else None
        quotations = tuple(
            self._verify(sentence[place.start : place.end], near)
            for place in quotations_in(sentence)
        )
        quoted = [self._index.sentences_at(q.span) for q in quotations if q.span]
        score, windows = claim.score(quoted or ([best] if best else []))
        if score < SUPPORTED:
            return replace(plain, quotations=quotations)
        spans = [self._index.span(window) for window in windows]
        return replace(
            plain,
            evidence=tuple(
                Evidence(span, round(claim.share(window), 3))
                for span, window in zip(spans, windows, strict=True)
            ),
            pages=_pages(self.document, spans),
            reference=self.document.reference_of(spans),
            places=_places(self.document, spans),
            supported=True,
            quotations=quotations,
        )

    @cached_property
    def _quotable(self) -> QuotableText:
        return QuotableText(self.document.text)

    def _verify(self, quotation: str, near: Span | None) -> Quotation:
        span = self._quotable.find(quotation, near)
        reference = self.document.reference(span) if span else None
        return Quotation(quotation, span is not None, span, reference)


def ground_verbatim(document: Document, spans: Sequence[Span]) -> list[GroundedSentence]:
    """Return the sentences of a verbatim answer, whose places are known.

    White space in their texts is normalized; offsets are into the texts joined by single spaces.

    Args:
        document: the source.
        spans: the sentences, in the order of the answer.
    """
    grounded = []
    start = 0
    for span in spans:
        text = " ".join(document.text[span.start : span.end].split())
        end = start + len(text)
        place = (Evidence(span, 1.0),)
        reference = document.reference(span)
        if voice := voice_at(document.text, span.start):
            reference = f"{reference}, {voice.name}"
        grounded.append(
            GroundedSentence(
                text,
                start,
                end,
                place,
                document.pages_of(span),
                reference,
                document.places_of(span),
                supported=True,
            )
        )
        start = end + 1
    return grounded


def is_refusal(sentence: str) -> bool:
    """Return whether a sentence says that the document holds no answer."""
    return words(sentence) in (words(REFUSAL), words(NOT_FOUND)) or is_denial(sentence)


def _pages(document: Document, spans: Sequence[Span]) -> tuple[int, ...]:
    """Return the pages of spans, rising."""
    return tuple(sorted({number for span in spans for number in document.pages_of(span)}))


def _places(document: Document, spans: Sequence[Span]) -> tuple[str, ...]:
    """Return the names of the places of spans, in their order, each once."""
    return tuple(dict.fromkeys(name for span in spans for name in document.places_of(span)))


# ---- splitting answers

# `(p. 12)`, `[3]`: what a model cites, not what it says; `(1999)` is a statement.
_CITATION = re.compile(r"\[\d{1,3}(?:[-–,\s]+\d{1,3})*\]|[\[(](?:pp?\.|pages?|S\.)[\d\s,–-]+[\])]")
_BULLET = re.compile(r"^\s*(?:[-*•–—‣◦▪·]\s+|\(?\d{1,3}[.)]\s+|\(?[a-z]\)\s+)*")


def answer_sentences(answer: str) -> list[Span]:
    """Return the sentences of an answer, line by line, without bullets; quotations stay whole."""
    spans: list[Span] = []
    quoted = quotations_in(answer)
    for line in re.finditer(r"[^\n]+", answer):
        text = _BULLET.sub("", line[0])
        start = line.end() - len(text)
        for piece in split_sentences(text):
            span = Span(start + piece.start, start + piece.end)
            if not re.search(r"\w", answer[span.start : span.end]):
                continue
            if spans and any(q.start < span.start and spans[-1].end < q.end for q in quoted):
                span = Span(spans.pop().start, span.end)
            spans.append(span)
    return spans


def is_heading(text: str) -> bool:
    """Return whether a text is a heading or lead-in without a number or quotation to check."""
    if re.search(r"\d", text) or quotations_in(text):
        return False
    return bool(re.fullmatch(r"#.*|\*\*[^*]+\*\*:?|__[^_]+__:?|.{1,80}:\**", text.strip()))
