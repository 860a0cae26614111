"""Answers: their sentences, the place of each in the document, and their layout. No torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from longsum.documents.document import Span
from longsum.events import Listener
from longsum.grounding.grounder import (
    Contrary,
    GroundedSentence,
    Grounder,
    Source,
    answer_sentences,
)
from longsum.grounding.marks import MISQUOTED, place_mark
from longsum.grounding.quotations import QUOTED
from longsum.grounding.remarks import Instructions
from longsum.grounding.sources import Sources
from longsum.receipt import Receipt
from longsum.selection.confidence import is_sure

INDENT = "    "
"""Before a source on its own line under a statement."""


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


@dataclass(frozen=True)
class PartAnswer:
    """What one part of a document answers, where it was read in parts."""

    where: str
    """The part, for people: `pages 1-120`."""
    answer: Answer
    """With its places in the whole document."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        answer = self.answer
        found = {} if answer.question is None else {"answered": answer.answered}
        sentences = [sentence_as_dict(each) for each in answer.sentences]
        return {"where": self.where, **found, "text": answer.text, "sentences": sentences}


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
    understood: str | None = None
    """What the question was searched for as, if it refers to the one before."""
    parts: tuple[PartAnswer, ...] = ()
    """What each part answers, where the document was read in parts."""
    nearest: tuple[GroundedSentence, ...] = ()
    """Sentences that come nearest to a question no sentence was found for; not its answer, and not
    part of `text` and `sentences`."""

    @property
    def answered(self) -> bool:
        """Whether it has an answer, not only the note that none was found."""
        return not all(sentence.is_refusal for sentence in self.sentences)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for JSON: text, sentences with spans and pages, receipt."""
        asked: dict[str, Any] = {"question": self.question, "answered": self.answered}
        if self.chance is not None:
            asked |= {"chance": round(self.chance, 3), "sure": is_sure(self.chance)}
        if self.understood is not None:
            asked["understood"] = self.understood
        if self.short is not None:
            asked["short"] = self.short.as_dict()
        return {
            **(asked if self.question is not None else {}),
            "text": self.text,
            "sentences": [sentence_as_dict(s) for s in self.sentences],
            **self._nearest_as_dict(),
            **({"parts": [each.as_dict() for each in self.parts]} if self.parts else {}),
            "receipt": self.receipt.as_dict(),
        }

    def _nearest_as_dict(self) -> dict[str, Any]:
        """Return what comes nearest for JSON; no key for a summary."""
        if self.question is None:
            return {}
        return {"nearest": [sentence_as_dict(each) for each in self.nearest]}


def sentence_as_dict(sentence: GroundedSentence) -> dict[str, Any]:
    """Return a sentence for JSON: text, support, pages, spans, quotations."""
    return {
        "text": sentence.text,
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


def mark(sentence: GroundedSentence) -> str:
    """Return what is printed after a sentence: its place, that another says otherwise, or none.

    Its sources follow on lines of their own, if they were asked for.
    """
    if sentence.is_refusal or sentence.is_heading:
        return ""
    reference = sentence.reference if sentence.supported else None
    contrary = sentence.contrary.reference if sentence.contrary else None
    marks = [place_mark(reference, contrary)]
    marks += [MISQUOTED for q in sentence.quotations if not q.found]
    under = "".join(f"\n{INDENT}{s.reference}: {s.text}" for s in sentence.sources or ())
    return " " + " ".join(marks) + under


WEAKER = "Less likely:"
"""Line between the sentence that likely answers a question and further ones."""
UNSURE = "Perhaps:"
"""Line before sentences none of which is a likely answer by itself."""
NEAREST = "Nearest:"
"""Before sentences that come nearest to a question none was found for."""
_SETTLED = re.compile(r"\s|[。！？]+[”’»›)\]}」』）】》]*(?=[^\"'”’»›)\]}」』）】》。！？])")
"""After these, further text no longer changes what came before."""
_MAY_END = re.compile(r"[.?!…。！？؟۔।][\"'”’»›)\]}」』）】》\d]*$")
"""What a sentence may end with; the next word decides."""
_OPENING = re.compile(r"[“„«»「『]|(?<!\w)\"")


class MarkedStream:
    """Puts references after the sentences of a text that is still being written.

    Text is passed on as soon as its sentence is certain: a sentence's end is held back until the
    next word, an end inside a quotation until the quotation is closed. The places of the marks do
    not depend on how the text was cut into pieces.

    Args:
        grounder: finds the place of a sentence.
        listener: receives the marked text.
        instructions: the prompt's own words, which are not statements of the document.
        sources: shows the sentences of the document under each statement; None does not.
    """

    def __init__(
        self,
        grounder: Grounder,
        listener: Listener,
        instructions: Instructions | None = None,
        sources: Sources | None = None,
    ) -> None:
        self._sources = sources
        self._after_source = False  # the next text begins a line
        self._grounder = grounder
        self._instructions = instructions
        self._listener = listener
        self._open = ""  # text from the start of the line that holds the newest sentence
        self._offset = 0  # where it starts in the whole text
        self._closed = 0  # end of its last sentence with a mark
        self._shown = 0  # characters of it already passed on
        self.marked = ""
        self.sentences: list[GroundedSentence] = []

    def push(self, piece: str) -> None:
        """Take the next piece of text."""
        self._open += piece
        settled = max((match.end() for match in _SETTLED.finditer(self._open)), default=0)
        head = self._open[:settled]
        quote = _unclosed_quotation(head)
        spans = self._waiting(head)
        # the newest sentence may continue, unless its end needs no white space after it
        certain = len(spans) - head[-1:].isspace()
        while certain > 0 and spans[0].end <= quote:
            self._close(spans.pop(0))
            certain -= 1
        safe = len(self._open.rstrip())
        if spans:
            end = spans[0].end
            beyond = head[end:]
            if beyond.strip() or "\n" in beyond or _MAY_END.search(head[:end]):
                safe = end
        if full_stop := re.search("[。！？]", self._open[settled:]):
            safe = min(safe, settled + full_stop.end())
        self._show(safe)
        self._drop_lines()

    def finish(self) -> None:
        """Take the end of the text."""
        for span in self._waiting(self._open):
            self._close(span)
        self._show(len(self._open.rstrip()))

    def _waiting(self, text: str) -> list[Span]:
        """Return the sentences of the open text that have no mark yet."""
        spans: list[Span] = []
        for line in re.finditer(r"[^\n]+", text):
            found = answer_sentences(line[0])
            spans += [Span(line.start() + s.start, line.start() + s.end) for s in found]
        return [span for span in spans if span.start >= self._closed]

    def _close(self, span: Span) -> None:
        """Ground a sentence and put its mark after it."""
        text = self._open[span.start : span.end]
        sentence = self._grounder.ground(text, self._instructions)
        placed = replace(sentence, start=self._offset + span.start, end=self._offset + span.end)
        if self._sources is not None:
            placed = self._sources.added(placed)
        self.sentences.append(placed)
        rest, after = self._begun(self._open[self._shown : span.end]), mark(placed)
        self._after_source = "\n" in after
        self._shown = max(self._shown, span.end)
        self.marked += rest + after
        self._listener.sentence(rest, after, placed)
        self._closed = span.end

    def _show(self, end: int) -> None:
        """Pass on the open text up to `end`."""
        self._pass_on(self._open[self._shown : end])
        self._shown = max(self._shown, end)

    def _drop_lines(self) -> None:
        """Drop finished lines; a line stays whole, because a quotation may span it."""
        past = self._open.rfind("\n", 0, min(self._closed, self._shown)) + 1
        self._open = self._open[past:]
        self._offset += past
        self._closed -= past
        self._shown -= past

    def _begun(self, text: str) -> str:
        """Return the next text, on a new line if a source was shown before it."""
        if not self._after_source or not text.strip(" "):
            return "" if self._after_source else text
        self._after_source = False
        return text if text.startswith("\n") else "\n" + text.lstrip(" ")

    def _pass_on(self, text: str) -> None:
        if text := self._begun(text):
            self.marked += text
            self._listener.text(text)


def _unclosed_quotation(text: str) -> int:
    """Return where an unclosed quotation of the last line begins; otherwise the text's end."""
    line = text.rfind("\n") + 1
    whole = [match.span() for match in QUOTED.finditer(text, line)]
    for opening in _OPENING.finditer(text, line):
        if not any(start <= opening.start() < end for start, end in whole):
            return opening.start()
    return len(text)


def laid_out(
    sentences: Sequence[GroundedSentence], style: str, short: ShortAnswer | None = None
) -> Iterator[tuple[GroundedSentence, str, str]]:
    """Yield verbatim sentences as they are printed: running text, or a list.

    Args:
        sentences: in the order of the answer.
        style: `paragraph`, `bullets`, `executive`: the first, then a list; of an answer to
            a question `answer`: the first, then weaker ones, or `perhaps`: none that is sure.
        short: the words that answer, shown by themselves before the first sentence.

    Yields:
        The sentence, its text with the space or bullet before it, and the reference after it.
    """
    after = ""
    for number, sentence in enumerate(sentences):
        before = ("\n" if "\n" in after else " ") if number else ""
        if style == "bullets":
            before = "\n- " if number else "- "
        elif style == "executive" and number:
            before = "\n- " if number > 1 else "\n\n- "
        elif style == "answer" and number:
            before = "\n- " if number > 1 else f"\n\n{WEAKER}\n- "
        elif style == "perhaps":
            before = "\n- " if number else f"{UNSURE}\n- " if sentences[1:] else f"{UNSURE} "
        if short is not None and not number:
            before = f"{short.text}\n\n{before}"
        after = mark(sentence)
        yield sentence, before + sentence.text, after


def nearest_laid_out(
    sentences: Sequence[GroundedSentence],
) -> Iterator[tuple[GroundedSentence, str, str]]:
    """Yield the sentences nearest to a question as they are printed: quoted, after the refusal.

    Args:
        sentences: best first.

    Yields:
        As `laid_out`.
    """
    for number, sentence in enumerate(sentences):
        before = f"\n\n{NEAREST}" if not number else ""
        between = "\n- " if sentences[1:] else " "
        yield sentence, f'{before}{between}"{sentence.text}"', mark(sentence)
