"""The sentences of a verbatim answer, whose places are known, whole or as a text of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from longsum.documents.document import Document, Span
from longsum.documents.voices import voice_at
from longsum.grounding.grounder import Evidence, GroundedSentence, Resolved, grounder_of


class Shorten(Protocol):
    """Leaves asides out of a sentence."""

    def __call__(self, sentence: str, *, follows: bool) -> str:
        """Return what is left.

        Args:
            sentence: a sentence with single spaces.
            follows: whether the sentence before it in the document is shown before it.
        """


class Explanation(Protocol):
    """What a word of a sentence stands for."""

    @property
    def word(self) -> str:
        """The word."""

    @property
    def meaning(self) -> str:
        """The document's words for it."""

    @property
    def places(self) -> tuple[Span, ...]:
        """Where the document says so, the nearest one first."""

    def added(self, text: str) -> str:
        """Return a sentence with the meaning in brackets after the word."""


def ground_verbatim(
    document: Document,
    spans: Sequence[Span],
    shorten: Shorten | None = None,
    brackets: Sequence[Sequence[Explanation]] | None = None,
) -> list[GroundedSentence]:
    """Return the sentences of a verbatim answer, whose places are known.

    White space in their texts is normalized; offsets are into the texts joined by single spaces.

    Args:
        document: the source.
        spans: the sentences, in the order of the answer.
        shorten: leaves asides out of a sentence, which is kept whole where that changes what it
            says; None keeps all of them whole.
        brackets: for each sentence, what is added to it in brackets; one that the document does
            not bear out is left out. None adds nothing.
    """
    grounded = []
    start, before = 0, None
    for number, span in enumerate(spans):
        whole = _text(document, span)
        is_after = before is not None and before <= span.start
        follows = is_after and not document.text[before : span.start].strip()
        text = whole if shorten is None else shorten(whole, follows=follows)
        if text != whole and not _says(whole, text):
            text = whole
        text, resolved = _with_brackets(document, span, text, brackets[number] if brackets else ())
        end = start + len(text)
        place = (Evidence(span, 1.0),)
        reference = document.reference(span)
        if voice := voice_at(document.text, span.start, document.continues):
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
                original=whole if text != whole else None,
                resolved=resolved,
            )
        )
        start, before = end + 1, span.end
    return grounded


def _with_brackets(
    document: Document, span: Span, text: str, brackets: Sequence[Explanation]
) -> tuple[str, tuple[Resolved, ...]]:
    """Return a sentence with the brackets that the document bears out."""
    resolved: list[Resolved] = []
    source = _text(document, span)
    for bracket in brackets:
        longer = bracket.added(text)
        wider = " ".join([*(_text(document, place) for place in bracket.places), source])
        if longer == text or not _says(wider, longer):
            continue
        text, source = longer, wider
        place = bracket.places[0]
        resolved.append(Resolved(bracket.word, bracket.meaning, place, document.reference(place)))
    return text, tuple(resolved)


def _text(document: Document, span: Span) -> str:
    """Return a place's text with single spaces."""
    return " ".join(document.text[span.start : span.end].split())


def _says(source: str, text: str) -> bool:
    """Return whether a text says what another does."""
    return grounder_of(source).ground(text).supported
