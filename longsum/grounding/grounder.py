"""Grounding: each sentence of an answer → the places of the document that say it → their pages.

A sentence is aligned with the sentences that share most of its words, weighted by rarity, and then
compared with them (`conflicts.py`): a page after a sentence means that the page says it, and one
that denies, inverts or exchanges what the page says gets none. Nothing is understood: in other
languages than English only names, numbers and quotations are compared, and an answer in another
language than its document shares little more than those with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from longsum.documents.document import Document, Span
from longsum.documents.sentences import split_sentences
from longsum.grounding.clauses import likeness, parse
from longsum.grounding.conflicts import Conflict, Kind, conflict
from longsum.grounding.evidence import (
    CLOSE,
    MAX_WINDOW,
    SUPPORTED,
    WRONG_NAME,
    Claim,
    claim_of,
)
from longsum.grounding.numbers import spelled_dates
from longsum.grounding.quotations import QuotableText, Quotation, quotations_in
from longsum.grounding.remarks import Instructions, is_denial, is_remark, without_lead_in
from longsum.grounding.source_index import SourceIndex
from longsum.similarity import words

REFUSAL = "Not in the document."
"""Answer that the prompt asks for when the document holds none."""
LESS_LIKE = 0.1
"""How much less like a claim than its closest sentence one may be that supports it instead."""
CLEAR = 0.6
"""Minimum share of a claim's words in a sentence that is said to say otherwise."""
NOT_FOUND = "No sentence found for this."
"""Note when no sentence of the document is likely an answer; not a claim about the document."""


@dataclass(frozen=True)
class Evidence:
    """A place of the document that says what an answer says."""

    span: Span
    score: float
    """Share of the answer's sentence found here, by weight of words: 0 to 1."""


@dataclass(frozen=True)
class Source:
    """Sentences of the document under a statement of an answer."""

    text: str
    """With white space normalized."""
    span: Span
    reference: str
    """Place for people."""


@dataclass(frozen=True)
class Resolved:
    """A word of a sentence, and what it stands for by the document's own words."""

    word: str
    meaning: str
    span: Span
    """Where the document says so."""
    reference: str
    """Place for people."""


Reason = Literal["not found", "about the document", "from the prompt"]


@dataclass(frozen=True)
class Contrary:
    """A place that shares an answer's words but says something else."""

    conflict: Conflict
    evidence: tuple[Evidence, ...]
    pages: tuple[int, ...]
    reference: str


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
    contrary: Contrary | None = None
    """Where the document says something else in the same words, and what differs."""
    reason: Reason | Kind | None = None
    """Why it is not supported; None if it is."""
    sources: tuple[Source, ...] | None = None
    """Sentences of the document it comes from, if they were asked for."""
    quotations: tuple[Quotation, ...] = ()
    """Quotations long enough to be checked, each found or not."""
    is_refusal: bool = False
    """Whether it says that the document holds no answer; nothing to support."""
    is_heading: bool = False
    """Whether it is a heading or lead-in (`Findings:`); nothing to support."""
    drafted: str | None = None
    """What the model wrote first, where the document does not support that."""
    original: str | None = None
    """The document's whole sentence, where asides were left out of it or brackets added to it."""
    resolved: tuple[Resolved, ...] = ()
    """What stands in brackets: whom a pronoun stands for, what a short form means."""


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
            return replace(plain, reason="from the prompt" if echoed else "about the document")
        said = spelled_dates(without_lead_in(said))
        claim = claim_of(said, self._index)
        best = claim.best_window(range(1, MAX_WINDOW + 1))
        near = self._index.span(best) if best else None
        quotations = tuple(
            self._verify(sentence[place.start : place.end], near)
            for place in quotations_in(sentence)
        )
        quoted = [self._index.sentences_at(q.span) for q in quotations if q.span]
        score, windows = claim.score(quoted or ([best] if best else []))
        if score < SUPPORTED:
            return replace(plain, quotations=quotations, reason="not found")
        found, windows = self._compared(said, claim, windows)
        spans = [self._index.span(window) for window in windows]
        pages, reference = _pages(self.document, spans), self.document.reference_of(spans)
        evidence = tuple(
            Evidence(span, round(claim.share(window), 3))
            for span, window in zip(spans, windows, strict=True)
        )
        if found is not None:
            is_clear = min(claim.closeness(window[0]) for window in windows) >= CLEAR
            contrary = Contrary(found, evidence, pages, reference) if is_clear else None
            return replace(plain, quotations=quotations, contrary=contrary, reason=found.kind)
        return replace(
            plain,
            evidence=evidence,
            pages=pages,
            reference=reference,
            places=_places(self.document, spans),
            supported=True,
            quotations=quotations,
        )

    def closest(self, sentence: str) -> Span | None:
        """Return the document's sentence that shares most with another; None if none does."""
        claim = claim_of(spelled_dates(without_lead_in(sentence)), self._index)
        found = claim.closest()
        return None if found is None else self._index.span(range(found, found + 1))

    def _compared(
        self, said: str, claim: Claim, windows: list[range]
    ) -> tuple[Conflict | None, list[range]]:
        """Return how a claim differs from its places, and the places; others if they agree."""
        main = claim.main(windows)
        assert main is not None, "a supported claim has a place"
        alike = {
            index: likeness(parse(said), parse(self._index.sentence(index)))
            for index in (main, *claim.rivals(main))
        }
        best = max(alike, key=lambda index: alike[index])
        if alike[best] < alike[main] + LESS_LIKE:
            best = main
        first: Conflict | None = None
        for index in sorted(alike, key=lambda index: (index != best, -alike[index])):
            if alike[index] < alike[best] - LESS_LIKE:
                continue
            place = windows if index == main else [range(index, index + 1)]
            found = self._conflict(said, claim, index, place)
            if found is None:
                return None, place
            first = first or found
        return first, [range(best, best + 1)]

    def _conflict(
        self, said: str, claim: Claim, main: int, windows: list[range]
    ) -> Conflict | None:
        """Return how a claim differs from the sentence closest to it."""
        closeness = claim.closeness(main)
        if wrong := claim.wrong_names(main, windows):
            score = claim.score(windows)[0]
            if closeness >= CLOSE or score * WRONG_NAME ** len(wrong) < SUPPORTED:
                return Conflict("name", wrong[0], "")
        home = self._index.sentence(main)
        if names := self._index.renamed(said, home):
            return Conflict("name", *names)
        others = [self._index.sentence(i) for window in windows for i in window if i != main]
        return conflict(said, home, others, closeness, self._index.before(main))

    @cached_property
    def _quotable(self) -> QuotableText:
        return QuotableText(self.document.text)

    def _verify(self, quotation: str, near: Span | None) -> Quotation:
        span = self._quotable.find(quotation, near)
        reference = self.document.reference(span) if span else None
        return Quotation(quotation, span is not None, span, reference)


def grounder_of(sentence: str) -> Grounder:
    """Return a grounder that knows a single sentence."""
    return Grounder(Document(sentence, pages=(), sha256="", name=""))


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
