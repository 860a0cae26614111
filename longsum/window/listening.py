"""What a run reports, as messages from the reader process to the window."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from longsum.child import is_asked_to_stop
from longsum.documents.document import Document, Span
from longsum.events import Listener
from longsum.grounding.grounder import GroundedSentence
from longsum.pace import ReadingPace
from longsum.window.wording import shown

Report = Callable[[tuple[str, dict[str, Any]]], None]
"""Sends the kind and the data of an event."""
PHASES = {"loading": "loading", "choosing": "choosing", "writing": "writing", "caching": "keeping"}
"""First word of a step's name, and what the window calls it."""
MAX_EXCERPT = 1_200
"""Characters of a passage shown as evidence."""


class Stopped(Exception):
    """Raised in a run that the user stopped."""


class ReadingListener(Listener):
    """Reports the progress of reading a document.

    Args:
        report: sends an event.
        tokens: of each page, to say which one is being read.
        numbers: of these pages.
    """

    def __init__(
        self, report: Report, tokens: Sequence[int] = (), numbers: Sequence[int] = ()
    ) -> None:
        self._report = report
        self._ends, self._numbers = list(accumulate(tokens)), numbers
        self._pace, self._started = ReadingPace(), time.monotonic()
        self._is_reading = False

    def check(self) -> None:
        """Raise when the user stopped the run."""
        if is_asked_to_stop():
            raise Stopped

    def notice(self, line: str) -> None:
        """Report a line."""
        self._report(("notice", {"line": shown(line)}))

    def warning(self, line: str) -> None:
        """Report a line that matters."""
        self._report(("warning", {"line": shown(line)}))

    def phase(self, name: str) -> None:
        """Report a step without progress, and begin to measure the next one."""
        self.check()
        self._pace, self._started = ReadingPace(), time.monotonic()
        self._step(name)

    def prefill(self, done: int, total: int) -> None:
        """Report how much is read, how fast, and how long it will still take."""
        self._pace.add(done, time.monotonic() - self._started)
        self._progress(done, total, self._pace.tokens_per_s, self._pace.seconds_left(total))

    def _step(self, name: str) -> None:
        """Report a step by the name that the window has for it."""
        word = name.partition(" ")[0]
        self._report(("phase", {"name": PHASES.get(word, word), "line": name}))

    def _progress(self, done: int, total: int, speed: float | None, left: float | None) -> None:
        """Report how much is read, and first that reading begins."""
        if not self._is_reading:
            self._is_reading = True
            self._report(("phase", {"name": "reading", "line": "reading"}))
        self._report(
            (
                "prefill",
                {
                    "done": done,
                    "total": total,
                    "page": self._page_after(done),
                    "tokens_per_s": round(speed) if speed else None,
                    "seconds_left": None if left is None else round(left, 1),
                },
            )
        )

    def _page_after(self, done: int) -> int | None:
        """Return the number of the last page begun after so many tokens."""
        if not self._numbers:
            return None
        at = bisect_right(self._ends, max(0, done - 1))
        return self._numbers[min(at, len(self._numbers) - 1)]


class SavingListener(ReadingListener):
    """Reports that a document is being cached, and what goes wrong; not that it went well."""

    def notice(self, line: str) -> None:
        """Report nothing: the library shows what is kept."""


class AnswerListener(ReadingListener):
    """Reports an answer as it comes: its text, and each complete sentence with its places.

    Args:
        report: sends an event.
        document: the document asked about.
        tokens: of each page, where it is read for the answer.
        numbers: of these pages.
    """

    def __init__(
        self,
        report: Report,
        document: Document,
        tokens: Sequence[int] = (),
        numbers: Sequence[int] = (),
    ) -> None:
        super().__init__(report, tokens, numbers)
        self._document = document
        self._text = ""

    def phase(self, name: str) -> None:
        """Report a step; loading the model that judges is one of choosing, not of reading."""
        super().phase(name.replace("loading", "choosing", 1))

    def text(self, piece: str) -> None:
        """Report the next piece of the answer."""
        if piece:
            self._text += piece
            self._report(("text", {"text": piece}))

    def sentence(self, piece: str, mark: str, sentence: GroundedSentence) -> None:
        """Report the rest of a sentence, then where the document says it."""
        self.text(piece)
        start, end = self._place(sentence)
        fields = sentence_fields(self._document, sentence)
        self._report(("sentence", {"start": start, "end": end, **fields}))

    def nearest(self, piece: str, mark: str, sentence: GroundedSentence) -> None:
        """Report a sentence near the question, which is not part of the answer's text."""
        self._report(("nearest", sentence_fields(self._document, sentence)))

    def _place(self, sentence: GroundedSentence) -> tuple[int, int]:
        """Return where the sentence that was shown last is in the answer."""
        start, end = sentence.start, sentence.end
        return (start, end) if self._text[start:end] == sentence.text else self._last(sentence)

    def _last(self, sentence: GroundedSentence) -> tuple[int, int]:
        """Return where a sentence at the end of the answer is: bullets and lines may be added."""
        end = len(self._text.rstrip())
        return max(0, end - len(sentence.text)), end


def sentence_fields(document: Document, sentence: GroundedSentence) -> dict[str, Any]:
    """Return a sentence of an answer with its evidence, as the window shows them.

    Args:
        document: the document asked about.
        sentence: with its places.
    """
    contrary = sentence.contrary
    return {
        "text": sentence.text,
        "supported": sentence.supported,
        "refusal": sentence.is_refusal,
        "heading": sentence.is_heading,
        "reference": sentence.reference,
        "pages": list(sentence.pages),
        "reason": sentence.reason,
        "drafted": sentence.drafted,
        "evidence": [_place(document, e.span, round(e.score, 3)) for e in sentence.evidence],
        "contrary": None
        if contrary is None
        else {
            "differs": contrary.conflict.kind,
            "said": contrary.conflict.said,
            "found": contrary.conflict.found,
            "reference": contrary.reference,
            "evidence": [_place(document, e.span, round(e.score, 3)) for e in contrary.evidence],
        },
        "quotations": [
            {"text": q.text, "found": q.found, "reference": q.reference}
            for q in sentence.quotations
        ],
    }


def _place(document: Document, span: Span, score: float) -> dict[str, Any]:
    """Return a passage of the document, and where it is."""
    text = " ".join(document.text[span.start : span.end].split())
    return {
        "start": span.start,
        "end": span.end,
        "text": text if len(text) <= MAX_EXCERPT else text[:MAX_EXCERPT] + " …",
        "reference": document.reference(span),
        "score": score,
    }
