"""What is open in the window: the file's bytes, and the document once it is read. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from longsum.documents.document import Document
from longsum.documents.pdf_header import is_pdf
from longsum.window.options import ReadingSettings
from longsum.window.reading_view import ReadingView


@dataclass
class OpenFile:
    """A file that was opened, whether or not it can be read."""

    name: str
    """Safe to print."""
    data: bytes
    path: str | None
    """As the user gave it; None for one dropped onto the page."""
    settings: ReadingSettings
    password: str | None = None
    document: Document | None = None
    sizes: list[dict[str, Any]] | None = None
    """Number, label, width and height of each page that can be drawn; None where none can."""

    @cached_property
    def sha256(self) -> str:
        """Digest of the file."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def is_pdf(self) -> bool:
        """Whether it is to be drawn page by page."""
        return is_pdf(self.data)

    @property
    def view(self) -> ReadingView:
        """The text to read; for a document that was read."""
        assert self.document is not None
        if self._view is None or self._view.document is not self.document:
            self._view = ReadingView(self.document)
        return self._view

    _view: ReadingView | None = None

    def about(self) -> dict[str, Any]:
        """Return what the page is shown of the document: its pages, and what was read."""
        document = self.document
        fields: dict[str, Any] = {
            "id": self.sha256,
            "name": self.name,
            "title": document.title if document else None,
            "kind": "pdf" if self.sizes else "text",
            "pages": self._pages(),
            "total_pages": len(self.sizes) if self.sizes else 0,
            "unit": None,
            "warnings": [],
            "characters": None,
            "words": None,
            "selected": self.settings.pages,
        }
        if document is None:
            return fields
        unit = document.counted
        return fields | {
            "total_pages": document.total_pages,
            "unit": {"name": unit.name, "short": unit.short, "shorts": unit.shorts},
            "warnings": list(document.warnings),
            "characters": len(document.text),
            "words": len(document.text.split()),
        }

    def _pages(self) -> list[dict[str, Any]]:
        """Return the file's pages, with the range of the text that each holds."""
        document = self.document
        read = {page.number: page for page in document.pages} if document else {}
        drawn = self.sizes or [
            {"number": page.number, "label": page.label, "width": None, "height": None}
            for page in read.values()
        ]
        return [
            {
                **size,
                "read": size["number"] in read,
                "start": read[size["number"]].start if size["number"] in read else None,
                "end": read[size["number"]].end if size["number"] in read else None,
            }
            for size in drawn
        ]
