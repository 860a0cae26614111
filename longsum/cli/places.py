"""Where the sentences of an answer are on a PDF's pages, for JSON; computed after answering."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longsum.documents.document import Document, Span
    from longsum.documents.places import Places


@dataclass(frozen=True)
class SourceFile:
    """The file a document was read from, which is opened again to find places in it."""

    path: str
    password: str | None = None
    """The one that opened it."""
    attachment: str | None = None
    data: bytes | None = None
    """Its bytes where they can be read only once: standard input."""

    def load(self) -> bytes | None:
        """Return the file's bytes as they are now; None where they cannot be read again."""
        from longsum.documents.source import load_source
        from longsum.errors import DocumentError

        if self.data is None and Path(self.path).is_file():  # a pipe would be waited for
            with contextlib.suppress(DocumentError):
                return load_source(self.path)[0]
        return self.data


def add_places(answers: Sequence[dict[str, Any]], document: Document, source: SourceFile) -> None:
    """Add `marks` and `exact` to each span of a PDF's answers.

    Args:
        answers: as `Answer.as_dict` returns them.
        document: what they are about.
        source: its file.
    """
    from longsum.documents.document import Span
    from longsum.documents.pdf_header import is_pdf

    data = source.load() if document.pages and document.unit is None else None
    if not document.runs and (data is None or not is_pdf(data)):
        return
    parts = [part for answer in answers for part in answer.get("parts", ())]
    found = [each for answer in [*answers, *parts] for each in _spans(answer)]
    spans = [Span(each["start"], each["end"]) for each in found]
    for each, places in zip(found, _places(document, spans, data, source), strict=True):
        each |= places.as_dict()


def _spans(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what has a start and an end in the document."""
    shown = [*answer["sentences"], *answer.get("nearest", ())]
    if "short" in answer:
        yield answer["short"]
    for sentence in [*shown, *answer.get("left_out", ())]:
        yield from (each["span"] for each in sentence.get("resolved", ()))
        yield from sentence["spans"]
        yield from (sentence["contrary"] or {}).get("spans", ())
        yield from sentence.get("sources", ())


def _places(
    document: Document, spans: Sequence[Span], data: bytes | None, source: SourceFile
) -> list[Places]:
    """Return the places of spans; only their pages where the file cannot be drawn as it was read.

    An answer is worth more than its places: whatever goes wrong here does not lose it.
    """
    import hashlib

    from longsum.documents.page_artist import PageArtist
    from longsum.documents.places import pages_only, parts_of
    from longsum.errors import LongsumError

    if spans and data is not None and hashlib.sha256(data).hexdigest() == document.sha256:
        with contextlib.suppress(LongsumError, RuntimeError), PageArtist() as artist:
            artist.open(data, source.password, attachment=source.attachment)
            return artist.places(document, spans)
    return [pages_only(parts_of(document, span)) for span in spans]
