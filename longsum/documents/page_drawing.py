"""What the process that draws pages does: pictures, lines, rectangles and the outline of a PDF.

Runs in a separate process, which a hostile file may crash, stall or fill (`page_artist.py`). It
holds one open document; pdfium is asked from one thread.
"""

from __future__ import annotations

import base64
import io
import math
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from longsum.documents.clean import clean_characters
from longsum.documents.layers import layers_off
from longsum.documents.limits import check_unpacked_size, limit_memory
from longsum.documents.page_boxes import PageBoxes
from longsum.documents.pdf import page_label, read_attachment
from longsum.documents.pdf_errors import (
    check_count,
    corrupt,
    no_such_page,
    password_error,
    why_damaged,
)
from longsum.documents.pdf_header import with_header
from longsum.documents.second_reader import SecondReader, decrypted
from longsum.documents.utf16 import pdfium_text
from longsum.documents.visible import scan_page
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]

    from longsum.documents.serving import Handler

MAX_PIXELS = 24_000_000
"""Of a picture; that of a longer page is narrower than it was asked for."""
COMPRESSION = 1
"""Of a picture: it is looked at once, on this machine."""
MAX_OPEN = 8
"""Pages kept open, since those asked for next are often the same."""
MAX_OUTLINE = 5_000
"""Entries of an outline."""
MAX_DEPTH = 8
"""Levels of an outline."""
MAX_TITLE = 200
"""Characters of an entry's title."""
_USUAL = 612.0, 792.0
"""Size in points of a page that does not say it."""


def open_drawing(argument: dict[str, Any]) -> Handler:
    """Return a handler that draws the pages of the document it was given last.

    Args:
        argument: `memory_bytes`, which drawing may take beyond what Python holds at the start.
    """
    opened: list[OpenPages] = []

    def handle(request: dict[str, Any], data: bytes) -> dict[str, Any]:
        if request["do"] == "open":
            while opened:
                opened.pop().close()
            opened.append(OpenPages(data, **request["document"]))
            return {"pages": opened[0].sizes()}
        pages = opened[0]
        if request["do"] == "picture":
            drawn = pages.picture(request["page"], request["width"])
            return {"picture": base64.b64encode(drawn).decode("ascii")}
        if request["do"] == "lines":
            return {"lines": pages.lines(request["page"])}
        if request["do"] == "outline":
            return {"outline": list(pages.outline())}
        return {"rects": [pages.rectangles(*part) for part in request["parts"]]}

    limit_memory(argument["memory_bytes"])
    return handle


class OpenPages:
    """The pages of an open PDF.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        password: the user's or owner's, or None.
        attachment: name of a file attached to it, whose pages are meant; None for its own.

    Raises:
        DocumentError: it cannot be opened.
    """

    def __init__(
        self, data: bytes, *, shown: str, password: str | None, attachment: str | None
    ) -> None:
        if attachment is not None:
            data = read_attachment(data, attachment, shown=shown, password=password)
        check_unpacked_size(data, shown)
        self.shown = shown
        self.data, self.password, self.pdf = _opened(with_header(data), shown, password)
        self.total = len(self.pdf)
        check_count(self.total, shown)
        self.pdf.init_forms()  # before any page is opened, or no field is drawn
        self.off: frozenset[str] | None = None
        self._open: OrderedDict[int, PageBoxes] = OrderedDict()

    def close(self) -> None:
        """Close the document."""
        while self._open:
            self._open.popitem()[1].close()
        self.pdf.close()

    def sizes(self) -> list[tuple[str | None, float, float]]:
        """Return each page's printed label, and its width and height in points as it is shown."""
        return [(page_label(self.pdf, n), *self._size(n)) for n in range(1, self.total + 1)]

    def _size(self, number: int) -> tuple[float, float]:
        import pypdfium2

        try:
            width, height = self.pdf.get_page_size(number - 1)
        except pypdfium2.PdfiumError:
            return _USUAL
        is_usable = math.isfinite(width + height) and min(width, height) >= 1
        return (width, height) if is_usable else _USUAL

    def picture(self, number: int, width: int) -> bytes:
        """Return a page as a PNG with its annotations and form fields.

        Args:
            number: of the page, from 1.
            width: in pixels; less for a page so long that it has over `MAX_PIXELS`.
        """
        from PIL import Image

        page = self._page(number).page
        wide, high = page.get_size()
        if not (math.isfinite(wide + high) and min(wide, high) > 0):
            raise corrupt(self.shown, f"page {number} has no size")
        scale = min(width / wide, math.sqrt(MAX_PIXELS / (wide * high)))
        bitmap = page.render(
            scale=scale * (1 - 1e-9),  # sizes are rounded up
            rev_byteorder=True,
            fill_color=(255, 255, 255, 255),
        )
        try:
            size, kind = (bitmap.width, bitmap.height), bitmap.mode
            picture = Image.frombuffer(
                kind, size, bytes(bitmap.buffer), "raw", kind, bitmap.stride, 1
            )
        finally:
            bitmap.close()
        out = io.BytesIO()
        picture.convert("RGB").save(out, "PNG", compress_level=COMPRESSION)
        return out.getvalue()

    def lines(self, number: int) -> list[tuple[float, float, float, float, str]]:
        """Return a page's lines with their places, in reading order."""
        boxes = self._page(number)
        if self.off is None:
            self.off = layers_off(self.data, SecondReader(self.data, self.password))
        hidden = scan_page(boxes.page, side=max(boxes.width, boxes.height), off=self.off).hidden
        return [(*rect, text) for rect, text in boxes.lines(hidden)]

    def rectangles(
        self, number: int, pieces: list[tuple[int, int]], text: str
    ) -> list[tuple[float, float, float, float]]:
        """Return the rectangles of a `Part`."""
        boxes = self._page(number)
        if pieces:
            return boxes.rectangles(pieces)
        return boxes.search(text) if text else []

    def outline(self) -> Iterator[tuple[str, int, int]]:
        """Yield title, page and level from 0 of the outline's entries that lead to a page."""
        import pypdfium2.raw as raw  # type: ignore[import-untyped]

        title_of = raw.FPDFBookmark_GetTitle
        for count, each in enumerate(self.pdf.get_toc(max_depth=MAX_DEPTH)):
            if count == MAX_OUTLINE:
                return
            target = each.get_dest()
            index = target.get_index() if target is not None else None
            written = pdfium_text(partial(title_of, each))
            title = escape_for_terminal(" ".join(clean_characters(written).split()))[:MAX_TITLE]
            if title and index is not None and index < self.total:
                yield title, index + 1, each.level

    def _page(self, number: int) -> PageBoxes:
        """Return an open page.

        Raises:
            NoSuchPage: the document does not have it.
            CorruptDocument: it cannot be loaded.
        """
        import pypdfium2

        if not 1 <= number <= self.total:
            raise no_such_page(number, self.total, self.shown)
        if number not in self._open:
            while len(self._open) >= MAX_OPEN:
                self._open.popitem(last=False)[1].close()
            try:
                self._open[number] = PageBoxes(self.pdf[number - 1], number)
            except pypdfium2.PdfiumError:
                raise corrupt(self.shown, f"page {number} cannot be loaded") from None
        self._open.move_to_end(number)
        return self._open[number]


def _opened(
    data: bytes, shown: str, password: str | None
) -> tuple[bytes, str | None, pypdfium2.PdfDocument]:
    """Return a PDF that is open, with the bytes and the password that opened it.

    Its characters have the same numbers as when it was read: it is opened in the same way.
    """
    import pypdfium2
    import pypdfium2.raw as raw

    try:
        return data, password, pypdfium2.PdfDocument(data, password=password)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) != raw.FPDF_ERR_PASSWORD:
            raise corrupt(shown, why_damaged(data)) from None
        plain = decrypted(data, password)
        if plain is None:
            raise password_error(shown, password) from None
        return _opened(plain, shown, None)
