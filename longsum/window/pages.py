"""The pages of the open document as pictures, drawn in a process of their own, off the loop."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from longsum.documents.document import Document, Span
from longsum.documents.drawing_replies import PageSize
from longsum.documents.page_artist import PageArtist
from longsum.documents.places import pages_only, parts_of
from longsum.errors import LongsumError

WIDTHS = (480, 720, 960, 1200, 1600, 2000, 2400)
"""Widths in pixels in which a page is drawn."""
MAX_CACHED_BYTES = 64 << 20


class Pages:
    """Draws the open document's pages, and finds passages on them.

    A process that dies is replaced with the next request; what it was asked raises an error.
    """

    def __init__(self) -> None:
        self._artist = PageArtist()
        self._drawn: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    async def open(
        self, data: bytes, name: str, password: str | None, attachment: str | None = None
    ) -> list[dict[str, Any]]:
        """Take a PDF and return number, label, width and height of its pages.

        Args:
            data: the file.
            name: for messages.
            password: for an encrypted file.
            attachment: name of a file attached to it, whose pages are meant.

        Raises:
            DocumentError: when it cannot be drawn.
        """
        self._drawn.clear()

        def take() -> list[PageSize]:
            return self._artist.open(data, password, name=name, attachment=attachment)

        return [each._asdict() for each in await asyncio.to_thread(take)]

    async def picture(self, number: int, width: int) -> bytes:
        """Return a page as PNG, at least `width` pixels wide if it is one of `WIDTHS`.

        Raises:
            DocumentError: when it cannot be drawn.
        """
        step = next((each for each in WIDTHS if each >= width), WIDTHS[-1])
        if (number, step) in self._drawn:
            self._drawn.move_to_end((number, step))
            return self._drawn[number, step]
        drawn = await asyncio.to_thread(self._artist.picture, number, step)
        self._drawn[number, step] = drawn
        while sum(map(len, self._drawn.values())) > MAX_CACHED_BYTES:
            self._drawn.popitem(last=False)
        return drawn

    async def lines(self, number: int) -> list[Any]:
        """Return a page's lines of text with their boxes, for selecting and copying.

        Raises:
            DocumentError: when the page cannot be read.
        """
        return [list(each) for each in await asyncio.to_thread(self._artist.lines, number)]

    async def outline(self) -> list[dict[str, Any]]:
        """Return the bookmarks; none where they cannot be read."""
        try:
            found = await asyncio.to_thread(self._artist.outline)
        except LongsumError:
            return []
        return [each._asdict() for each in found]

    async def marks(
        self, document: Document, spans: Sequence[tuple[int, int]]
    ) -> list[dict[str, Any]]:
        """Return where spans of the text are: `marks`, and whether they are `exact`.

        Args:
            document: whose text the spans are of.
            spans: first and last + 1 characters.
        """
        asked = [Span(*span) for span in spans]
        try:
            found = await asyncio.to_thread(self._artist.places, document, asked)
        except LongsumError:  # its process died: the page is known, not the place on it
            found = [pages_only(parts_of(document, span)) for span in asked]
        return [each.as_dict() for each in found]

    def close(self) -> None:
        """End the process."""
        self._drawn.clear()
        self._artist.close()
