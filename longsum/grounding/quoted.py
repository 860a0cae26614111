"""The sentences of a verbatim answer, whose places are known, whole or without their asides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from longsum.documents.document import Document, Span
from longsum.documents.voices import voice_at
from longsum.grounding.grounder import Evidence, GroundedSentence, grounder_of


class Shorten(Protocol):
    """Leaves asides out of a sentence."""

    def __call__(self, sentence: str, *, follows: bool) -> str:
        """Return what is left.

        Args:
            sentence: a sentence with single spaces.
            follows: whether the sentence before it in the document is shown before it.
        """


def ground_verbatim(
    document: Document, spans: Sequence[Span], shorten: Shorten | None = None
) -> list[GroundedSentence]:
    """Return the sentences of a verbatim answer, whose places are known.

    White space in their texts is normalized; offsets are into the texts joined by single spaces.

    Args:
        document: the source.
        spans: the sentences, in the order of the answer.
        shorten: leaves asides out of a sentence, which is kept whole where that changes what it
            says; None keeps all of them whole.
    """
    grounded = []
    start, before = 0, None
    for span in spans:
        whole = " ".join(document.text[span.start : span.end].split())
        is_after = before is not None and before <= span.start
        follows = is_after and not document.text[before : span.start].strip()
        text = whole if shorten is None else shorten(whole, follows=follows)
        if text != whole and not grounder_of(whole).ground(text).supported:
            text = whole
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
            )
        )
        start, before = end + 1, span.end
    return grounded
