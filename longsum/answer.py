"""Answers: their sentences, where each stands in the document, and how they are shown. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from longsum.documents.sentences import split_sentences
from longsum.events import Listener
from longsum.grounding import GroundedSentence, Grounder
from longsum.receipt import Receipt


@dataclass(frozen=True)
class Answer:
    """What the user gets."""

    text: str
    """Without references."""
    marked: str
    """With a reference behind every sentence, as printed."""
    sentences: tuple[GroundedSentence, ...]
    receipt: Receipt
    question: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for JSON: text, sentences with spans and pages, receipt."""
        return {
            **({"question": self.question} if self.question is not None else {}),
            "text": self.text,
            "sentences": [sentence_as_dict(s) for s in self.sentences],
            "receipt": self.receipt.as_dict(),
        }


def sentence_as_dict(sentence: GroundedSentence) -> dict[str, Any]:
    """Return a sentence for JSON."""
    return {
        "text": sentence.text,
        "supported": sentence.supported,
        "reference": sentence.reference,
        "pages": list(sentence.pages),
        "spans": [
            {"start": e.span.start, "end": e.span.end, "score": round(e.score, 3)}
            for e in sentence.evidence
        ],
        "quotations": [
            {"text": q.text, "found": q.found, "reference": q.reference}
            for q in sentence.quotations
        ],
    }


def mark(sentence: GroundedSentence) -> str:
    """Return what is printed behind a sentence: its place, or that there is none."""
    if sentence.is_refusal or sentence.is_heading:
        return ""
    marks = [
        f"[{sentence.reference}]"
        if sentence.supported and sentence.reference
        else "[no support found]"
    ]
    marks += ["[quotation not found]" for q in sentence.quotations if not q.found]
    return " " + " ".join(marks)


class MarkedStream:
    """Puts references behind the sentences of a text that is still being written.

    Text is passed on as soon as it is certain to which sentence it belongs; white space and the
    first word of what follows are held back until then.

    Args:
        grounder: finds where a sentence stands.
        listener: is given the marked text.
    """

    def __init__(self, grounder: Grounder, listener: Listener) -> None:
        self._grounder = grounder
        self._listener = listener
        self._open = ""  # text from the start of the sentence that is being written
        self._shown = 0  # characters of it that were passed on
        self._offset = 0  # where it starts in the whole text
        self.marked = ""
        self.sentences: list[GroundedSentence] = []

    def push(self, piece: str) -> None:
        """Take the next piece of text."""
        self._open += piece
        spans = split_sentences(self._open)
        # the newest sentence needs two words before the boundary in front of it is trusted
        while len(spans) > 1 and len(self._open[spans[1].start :].split()) > 1:
            self._close(spans[0].end, spans[1].start)
            spans = split_sentences(self._open)
        safe = len(self._open.rstrip()) if len(spans) < 2 else spans[0].end
        self._show(self._open[self._shown : safe])
        self._shown = max(self._shown, safe)

    def finish(self) -> None:
        """Take the end of the text."""
        while spans := split_sentences(self._open):
            last = len(spans) == 1
            self._close(spans[0].end, spans[0].end if last else spans[1].start)
            if last:
                return

    def _close(self, end: int, following: int) -> None:
        """Ground the open sentence, which ends at `end`; the next starts at `following`."""
        start = len(self._open) - len(self._open.lstrip())
        sentence = self._grounder.ground(self._open[start:end])
        placed = replace(sentence, start=self._offset + start, end=self._offset + end)
        self.sentences.append(placed)
        end = max(end, self._shown)  # what was shown already stays in front of the mark
        self._show(self._open[self._shown : end] + mark(placed) + self._open[end:following])
        self._offset += following
        self._open = self._open[following:]
        self._shown = 0

    def _show(self, text: str) -> None:
        if text:
            self.marked += text
            self._listener.text(text)


def layout(sentences: Sequence[GroundedSentence], style: str) -> str:
    """Return verbatim sentences with their references, as running text or a list."""
    marked = [" ".join(s.text.split()) + mark(s) for s in sentences]
    if style == "bullets":
        return "\n".join(f"- {line}" for line in marked)
    if style == "executive" and len(marked) > 1:
        return "\n".join([marked[0], "", *(f"- {line}" for line in marked[1:])])
    return " ".join(marked)


def plain_text(sentences: Iterable[GroundedSentence]) -> str:
    """Return verbatim sentences without references."""
    return " ".join(" ".join(s.text.split()) for s in sentences)
