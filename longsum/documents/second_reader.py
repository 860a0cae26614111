"""The second reader, pypdf: opened only when pdfium cannot open a file or read a page.

It knows where no character is, so that its lines get made-up boxes. A damaged file may make it
raise anything; none of that leaves this module.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
from typing import TYPE_CHECKING

from longsum.documents.clean import clean_characters, clean_line
from longsum.documents.lines import Line, lines_of_text

if TYPE_CHECKING:
    import pypdf

MAX_PAGE_CHARACTERS = 2_000_000
"""Characters taken from a page; no real one has more."""
_GLYPH_NAMES = re.compile(r"(?:/(?:g|G|c|C|cid|gid|glyph|index)\d{1,5}){2,}")
"""What pypdf gives for glyphs whose names say nothing."""


class SecondReader:
    """Opens pypdf only when it is needed.

    Args:
        data: the file's bytes.
        password: the user's or owner's, or None.
    """

    def __init__(self, data: bytes, password: str | None) -> None:
        self.data, self.password = data, password
        self._reader: pypdf.PdfReader | None = None
        self._failed = False

    def opened(self) -> pypdf.PdfReader | None:
        """Return the open file; None if this reader fails, too."""
        if self._reader is None and not self._failed:
            with contextlib.suppress(Exception):
                self._reader = open_second(self.data, self.password)
            self._failed = self._reader is None
        return self._reader

    def text(self, number: int) -> str:
        """Return a page's text; empty if this reader fails, too."""
        reader = self.opened()
        if reader is None:
            return ""
        try:
            text = reader.pages[number - 1].extract_text()
        except Exception:  # a damaged page may make pypdf raise anything
            return ""
        text = text[:MAX_PAGE_CHARACTERS]
        return _GLYPH_NAMES.sub(lambda match: "\ufffd" * match[0].count("/"), text)

    def lines(self, number: int) -> list[Line]:
        """Return a page's lines, clean, with made-up boxes."""
        return lines_of_page(self.text(number))


def lines_of_page(text: str) -> list[Line]:
    """Return the lines of a page's text, clean, with made-up boxes."""
    lines = lines_of_text(clean_characters(text))
    cleaned = (line.with_text(clean_line(line.text)) for line in lines)
    return [Line(line.text, line.box) for line in cleaned if line.text]


def open_second(data: bytes, password: str | None) -> pypdf.PdfReader:
    """Open a PDF with pypdf; callers map whatever it raises."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        reader.decrypt(password or "")
    return reader


def decrypted(data: bytes, password: str | None) -> bytes | None:
    """Return an encrypted PDF without its encryption, if the password, or none, opens it.

    Some files are opened by the empty password only in pypdf.
    """
    import pypdf

    try:
        reader = open_second(data, None)
        if reader.is_encrypted and not reader.decrypt(password or ""):
            return None
        out = io.BytesIO()
        pypdf.PdfWriter(clone_from=reader).write(out)
    except Exception:  # a damaged file may make pypdf raise anything
        return None
    found = out.getvalue()
    return None if b"/Encrypt" in found[-4096:] else found
