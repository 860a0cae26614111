"""The characters of one page as pdfium found them, one for each of its indices.

Nothing that pdfium returns is converted unchecked: a damaged or hostile font maps its glyphs to
numbers that are no characters. Callers hold the lock of `pdf.py`.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

MAX_PAGE_CHARACTERS = 2_000_000
"""More than any real page holds; one that unpacks to more is a mistake or an attack."""
REPLACEMENT = "\ufffd"
"""What a number that is not a character becomes."""

_MAX_CODE = 0x10FFFF
_IN_DOUBT = re.compile("[\x00\u3000-\uffff]")
"""Code units that may be the end of a larger number, or a mark of pdfium's own."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def page_text(handle: Any, count: int) -> str:
    """Return a page's characters, exactly one for each index.

    A character beyond the first plane takes two indices, each holding half of it; see `paired`.

    Args:
        handle: the text page.
        count: how many characters it has.
    """
    text = _in_bulk(handle, count)
    return one_by_one(handle, count) if text is None else text


def paired(text: str) -> str:
    """Return a text in which the halves of characters beyond the first plane are joined."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def one_by_one(handle: Any, count: int) -> str:
    """Return a page's characters, asking for each: slow, and always right."""
    import pypdfium2.raw as raw  # type: ignore[import-untyped]

    code_of = raw.FPDFText_GetUnicode
    return "".join([_character(code_of(handle, index)) for index in range(count)])


def _in_bulk(handle: Any, count: int) -> str | None:
    """Return a page's characters from one call; None where they do not match the indices.

    The call leaves out characters that it takes for control codes, writes U+FFFE for the mark of
    a broken word, and keeps only 16 bits of larger numbers.
    """
    import pypdfium2.raw as raw

    buffer = (ctypes.c_ushort * (2 * count + 2))()
    if raw.FPDFText_GetText(handle, 0, count, buffer) != count + 1:
        return None
    text = bytes(memoryview(buffer).cast("B")[: 2 * count]).decode("utf-16-le", "surrogatepass")
    if len(text) != count:
        return None
    doubtful = [match.start() for match in _IN_DOUBT.finditer(text)]
    if not doubtful:
        return text
    if 2 * len(doubtful) > count:
        return None
    characters, code_of = list(text), raw.FPDFText_GetUnicode
    for index in doubtful:
        characters[index] = _character(code_of(handle, index))
    return "".join(characters)


def _character(code: int) -> str:
    """Return the character of a number; of one too large, the one whose UTF-8 bytes it is.

    Some programs write a font's table of characters in UTF-8 where UTF-16 belongs.
    """
    if 0 <= code <= _MAX_CODE:
        return chr(code)
    written = (code & 0xFFFFFFFF).to_bytes(4).lstrip(b"\0").decode("utf-8", "replace")
    return written if len(written) == 1 else REPLACEMENT
