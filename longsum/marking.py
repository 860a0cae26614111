"""The mark after each sentence of an answer: its place in the document, and its sources."""

from __future__ import annotations

import re
from dataclasses import replace

from longsum.documents.document import Span
from longsum.events import Listener
from longsum.grounding.grounder import GroundedSentence, Grounder, answer_sentences
from longsum.grounding.marks import MISQUOTED, place_mark
from longsum.grounding.quotations import QUOTED
from longsum.grounding.remarks import Instructions
from longsum.grounding.sources import Sources

INDENT = "    "
"""Before a source on its own line under a statement."""
_SETTLED = re.compile(r"\s|[。！？]+[”’»›)\]}」』）】》]*(?=[^\"'”’»›)\]}」』）】》。！？])")
"""After these, further text no longer changes what came before."""
_MAY_END = re.compile(r"[.?!…。！？؟۔।][\"'”’»›)\]}」』）】》\d]*$")
"""What a sentence may end with; the next word decides."""
_OPENING = re.compile(r"[“„«»「『]|(?<!\w)\"")


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


class MarkedText:
    """An answer as it is shown: text, and a mark after each sentence.

    Args:
        listener: receives the marked text.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._after_source = False  # the next text begins a line
        self.marked = ""

    def text(self, piece: str) -> None:
        """Show the next text of a sentence that is not complete."""
        if piece := self._begun(piece):
            self.marked += piece
            self._listener.text(piece)

    def sentence(self, rest: str, sentence: GroundedSentence) -> None:
        """Show what is left of a sentence, and its mark."""
        rest, after = self._begun(rest), mark(sentence)
        self._after_source = "\n" in after
        self.marked += rest + after
        self._listener.sentence(rest, after, sentence)

    def _begun(self, text: str) -> str:
        """Return the next text, on a new line if a source was shown before it."""
        if not self._after_source or not text.strip(" "):
            return "" if self._after_source else text
        self._after_source = False
        return text if text.startswith("\n") else "\n" + text.lstrip(" ")


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
        self._grounder = grounder
        self._instructions = instructions
        self._shown_text = MarkedText(listener)
        self._open = ""  # text from the start of the line that holds the newest sentence
        self._offset = 0  # where it starts in the whole text
        self._closed = 0  # end of its last sentence with a mark
        self._shown = 0  # characters of it already passed on
        self.sentences: list[GroundedSentence] = []

    @property
    def marked(self) -> str:
        """The text so far, with a mark after each complete sentence."""
        return self._shown_text.marked

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
        self._shown_text.sentence(self._open[self._shown : span.end], placed)
        self._shown = max(self._shown, span.end)
        self._closed = span.end

    def _show(self, end: int) -> None:
        """Pass on the open text up to `end`."""
        self._shown_text.text(self._open[self._shown : end])
        self._shown = max(self._shown, end)

    def _drop_lines(self) -> None:
        """Drop finished lines; a line stays whole, because a quotation may span it."""
        past = self._open.rfind("\n", 0, min(self._closed, self._shown)) + 1
        self._open = self._open[past:]
        self._offset += past
        self._closed -= past
        self._shown -= past


def _unclosed_quotation(text: str) -> int:
    """Return where an unclosed quotation of the last line begins; otherwise the text's end."""
    line = text.rfind("\n") + 1
    whole = [match.span() for match in QUOTED.finditer(text, line)]
    for opening in _OPENING.finditer(text, line):
        if not any(start <= opening.start() < end for start, end in whole):
            return opening.start()
    return len(text)
