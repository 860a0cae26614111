"""The encoding of an HTML page, by its byte order mark or by what it declares. Pure.

Follows the HTML standard, section 13.2.3, with one exception: bytes that are valid UTF-8 are UTF-8
whatever is declared, for a server may have said so when the page was saved.
"""

from __future__ import annotations

import codecs
import contextlib
import re

from longsum.documents.file_types import BOMS

HEAD_BYTES = 4096
"""Bytes searched for a declaration; the standard looks at 1,024."""

_DECLARED = re.compile(
    rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)"
    rb"|<meta[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)",
    re.I,
)
_OF_PAGES = re.compile(
    r"utf-8|ascii|cp\d+|iso8859-\d+|koi8-[rtu]|mac-\w+|tis-620|gbk|gb2312|gb18030|hz|big5\w*"
    r"|euc_\w+|shift_jis\w*|iso2022_\w+"
)
"""Python's names of encodings that pages have; other codecs decode something else than text."""
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
"""Encodings, as Python names them, that browsers read as a wider one (Encoding standard, 4.2)."""
_OTHER_LABELS = {
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "x-gbk": "gbk",
    "x-sjis": "cp932",
}
"""Labels that Python does not know."""
_SEVEN_BIT = ("iso2022", "hz")
"""Beginnings of the names of encodings whose bytes are valid UTF-8 as well."""


def decode_declared(data: bytes) -> str | None:
    """Return a page's text by its byte order mark, or by what it declares; None if neither fits.

    Args:
        data: the page's bytes.
    """
    for bom, encoding in BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace")
    if wide := _wide(data):
        return data.decode(wide, "replace")
    declared = declared_encoding(data)
    if declared and declared.startswith(_SEVEN_BIT):
        return data.decode(declared, "replace")
    for each in ("utf-8", declared or "utf-8"):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(each)
    if declared and declared != "utf-8":
        text = data.decode(declared, "replace")
        if text.count("\ufffd") * 1000 < len(text):  # a few slips, as in cp1252
            return text
    return None


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that a page declares, as Python names it; None if it is not known."""
    match = _DECLARED.search(data[:HEAD_BYTES])
    if match is None:
        return None
    label = (match[1] or match[2]).decode("ascii", "replace").lower()
    label = _OTHER_LABELS.get(label, label)
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    if name.startswith(("utf-16", "utf-32", "utf-7")):  # it could not have been read so far
        return "utf-8"
    return _WIDER.get(name, name) if _OF_PAGES.fullmatch(name) else None


def _wide(data: bytes) -> str | None:
    """Return the encoding of a page in UTF-16 without a byte order mark; None for any other."""
    for encoding in ("utf-16-le", "utf-16-be"):
        head = data[:256].decode(encoding, "replace").lstrip()
        if head[:1] == "<" and head[1:2].isascii():
            return encoding
    return None
