"""The text of the open document to read in the window, and passages of it with their places."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from longsum.documents.document import Span
from longsum.errors import UsageError
from longsum.window.open_file import OpenFile
from longsum.window.pages import Pages


class Passages:
    """Shows the text of the document that is open, and finds passages in it.

    Args:
        pages: finds where a passage is on its pages.
        document_open: returns the open file with its document, or refuses.
    """

    def __init__(self, pages: Pages, document_open: Callable[[], OpenFile]) -> None:
        self._pages, self._document_open = pages, document_open

    def text(self, start: int, end: int) -> dict[str, Any]:
        """Return paragraphs of the reading view."""
        return self._document_open().view.parts(start, end)

    async def find(self, asked: str) -> dict[str, Any]:
        """Return where the document holds some words, with marks on the pages."""
        opened = self._document_open()
        found, more = await asyncio.to_thread(opened.view.find, asked)
        marks = await self._marks(opened, [(each["start"], each["end"]) for each in found])
        both = [each | mark for each, mark in zip(found, marks, strict=True)]
        return {"found": both, "more": more}

    async def places(self, start: int, end: int) -> dict[str, Any]:
        """Return where a span of the text is.

        Raises:
            UsageError: when it is not within the text.
        """
        opened = self._document_open()
        document = opened.document
        assert document is not None
        if not 0 <= start < end <= len(document.text):
            raise UsageError("no such span in the text")
        (marks,) = await self._marks(opened, [(start, end)])
        span = Span(start, end)
        return {**marks, "reference": document.reference(span), "text": document.text[start:end]}

    async def _marks(self, opened: OpenFile, spans: list[tuple[int, int]]) -> list[dict[str, Any]]:
        """Return the marks of spans on the pages; none where the file has no pages to draw."""
        if not opened.sizes or opened.document is None:
            return [{"marks": [], "exact": True} for _ in spans]
        return await self._pages.marks(opened.document, spans)
