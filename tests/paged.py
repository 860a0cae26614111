"""A report of pages, for tests of places."""

from __future__ import annotations

from longsum.documents.document import Document, Page


def paged(*texts: str) -> Document:
    """Return a document whose pages are these texts."""
    pages, start = [], 0
    for number, text in enumerate(texts, 1):
        pages.append(Page(number, start, start + len(text)))
        start += len(text)
    return Document("".join(texts), tuple(pages), sha256="0", name="report.pdf")
