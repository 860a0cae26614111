"""Answers: their sentences, and the place of each in the document. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from longsum.documents.document import Span
from longsum.grounding.grounder import Contrary, GroundedSentence, Resolved, Source
from longsum.grounding.whether import Says
from longsum.receipt import Receipt
from longsum.selection.confidence import is_sure


@dataclass(frozen=True)
class ShortAnswer:
    """The words of the document that answer a question by themselves."""

    text: str
    """Its words, white space made even."""
    span: Span
    """Their place in the document."""
    reference: str
    chance: float
    """Chance that the model would answer with exactly these words."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "text": self.text,
            "reference": self.reference,
            "start": self.span.start,
            "end": self.span.end,
            "chance": round(self.chance, 3),
        }


def in_short(says: Says | None, short: ShortAnswer | None) -> str | None:
    """Return what answers a question in a few words, if anything does.

    Args:
        says: what a sentence says to a question for yes or no.
        short: words of the document.
    """
    if says is not None:
        return f"{says.capitalize()}."
    return short.text if short is not None else None


@dataclass(frozen=True)
class PartAnswer:
    """What one part of a document answers, where it was read in parts."""

    where: str
    """The part, for people: `pages 1-120`."""
    answer: Answer
    """With its places in the whole document."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"where": self.where, **self.answer.found_as_dict()}


@dataclass(frozen=True)
class Answer:
    """An answer as the user gets it."""

    text: str
    """The answer without references; of a document read in parts, the summary over all parts."""
    marked: str
    """The answer with a reference after every sentence, as printed; with those of the parts."""
    sentences: tuple[GroundedSentence, ...]
    receipt: Receipt
    question: str | None = None
    chance: float | None = None
    """Estimated chance that its first sentence holds the answer; None where none is estimated."""
    short: ShortAnswer | None = None
    """The words of the first sentence that answer the question, if a model can point at them."""
    says: Says | None = None
    """What its first sentence says to a question for yes or no, if it says it for sure."""
    understood: str | None = None
    """What the question was searched for as, if it refers to the one before."""
    parts: tuple[PartAnswer, ...] = ()
    """What each part answers, where the document was read in parts."""
    left_out: tuple[GroundedSentence, ...] = ()
    """Sentences the model wrote and the document does not support, where only others are shown."""
    nearest: tuple[GroundedSentence, ...] = ()
    """Sentences that come nearest to a question no sentence was found for; not its answer, and not
    part of `text` and `sentences`."""

    @property
    def in_short(self) -> str | None:
        """What answers a question in a few words: `Yes.`, `No.`, or words of the document."""
        return in_short(self.says, self.short)

    @property
    def answered(self) -> bool:
        """Whether it has an answer, not only the note that none was found."""
        return not all(sentence.is_refusal for sentence in self.sentences)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for JSON: text, sentences with spans and pages, receipt."""
        asked = {} if self.question is None else {"question": self.question}
        parts = {"parts": [each.as_dict() for each in self.parts]} if self.parts else {}
        return {**asked, **self.found_as_dict(), **parts, "receipt": self.receipt.as_dict()}

    def found_as_dict(self) -> dict[str, Any]:
        """Return what was found for JSON, without the question, the parts and the receipt."""
        return {
            **(self._judged_as_dict() if self.question is not None else {}),
            "text": self.text,
            "sentences": [sentence_as_dict(s) for s in self.sentences],
            **self._left_out_as_dict(),
            **self._nearest_as_dict(),
        }

    def _judged_as_dict(self) -> dict[str, Any]:
        """Return whether and how surely a question is answered, and in which words."""
        found: dict[str, Any] = {"answered": self.answered}
        if self.chance is not None:
            found |= {"chance": round(self.chance, 3), "sure": is_sure(self.chance)}
        if self.says is not None:
            found["says"] = self.says
        if self.understood is not None:
            found["understood"] = self.understood
        if self.short is not None:
            found["short"] = self.short.as_dict()
        return found

    def _left_out_as_dict(self) -> dict[str, Any]:
        """Return what was left out for JSON; no key if nothing was."""
        found = [sentence_as_dict(each) for each in self.left_out]
        return {"left_out": found} if found else {}

    def _nearest_as_dict(self) -> dict[str, Any]:
        """Return what comes nearest for JSON; no key for a summary."""
        if self.question is None:
            return {}
        return {"nearest": [sentence_as_dict(each) for each in self.nearest]}


def sentence_as_dict(sentence: GroundedSentence) -> dict[str, Any]:
    """Return a sentence for JSON: text, support, pages, spans, quotations."""
    return {
        "text": sentence.text,
        **({"drafted": sentence.drafted} if sentence.drafted else {}),
        **({"original": sentence.original} if sentence.original else {}),
        **_resolved_as_dict(sentence.resolved),
        "supported": None if sentence.is_refusal else sentence.supported,
        "reference": sentence.reference,
        "pages": list(sentence.pages),
        "places": list(sentence.places),
        "spans": [
            {"start": e.span.start, "end": e.span.end, "score": round(e.score, 3)}
            for e in sentence.evidence
        ],
        "reason": sentence.reason,
        "contrary": _contrary_as_dict(sentence.contrary),
        "quotations": [
            {"text": q.text, "found": q.found, "reference": q.reference}
            for q in sentence.quotations
        ],
        **_sources_as_dict(sentence.sources),
    }


def _resolved_as_dict(resolved: Sequence[Resolved]) -> dict[str, Any]:
    """Return what stands in brackets, with its places; no key if nothing does."""
    found = [
        {
            "word": each.word,
            "stands_for": each.meaning,
            "reference": each.reference,
            "span": {"start": each.span.start, "end": each.span.end},
        }
        for each in resolved
    ]
    return {"resolved": found} if found else {}


def _contrary_as_dict(contrary: Contrary | None) -> dict[str, Any] | None:
    """Return the place that says otherwise, and what differs there."""
    if contrary is None:
        return None
    return {
        "differs": contrary.conflict.kind,
        "said": contrary.conflict.said,
        "found": contrary.conflict.found,
        "reference": contrary.reference,
        "pages": list(contrary.pages),
        "spans": [{"start": e.span.start, "end": e.span.end} for e in contrary.evidence],
    }


def _sources_as_dict(sources: Sequence[Source] | None) -> dict[str, Any]:
    """Return the sources for JSON; no key unless they were asked for."""
    if sources is None:
        return {}
    found = [
        {"text": s.text, "reference": s.reference, "start": s.span.start, "end": s.span.end}
        for s in sources
    ]
    return {"sources": found}
