"""Whether a file is a PDF, and its header: late, missing, or that of PostScript.

Readers look for the header in the first 1,024 bytes; programs that write others before it, or
none, still make files that people can open. Pure.
"""

from __future__ import annotations

import re

HEADER = b"%PDF-"
HEADER_WITHIN = 1024
"""Bytes that readers search for the header."""

_POSTSCRIPT = re.compile(rb"%!PS-Adobe-\d+\.\d+ PDF-\d")
_OBJECT = re.compile(rb"(?:\A|[\r\n])[ \t]*\d{1,10}[ \t]+\d{1,5}[ \t]+obj\b")
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|%[^\r\n]*[\r\n])*\d{1,10}\s+\d{1,5}\s+obj\b")
_END_WITHIN = 4096
"""Bytes at the end that are searched for what ends a PDF."""


def has_header(data: bytes) -> bool:
    """Return whether a PDF's header is where readers look for it."""
    return HEADER in data[:HEADER_WITHIN]


def has_structure(data: bytes) -> bool:
    """Return whether a file is built as a PDF is: objects, and a reference to the first one."""
    if b"endobj" not in data or not _OBJECT.search(data):
        return False
    if not any(name in data for name in (b"/Root", b"/Catalog", b"/XRef", b"/ObjStm")):
        return False
    return b"startxref" in data[-_END_WITHIN:] or bool(_BEGINS.match(data))


def with_header(data: bytes) -> bytes:
    """Return the file so that readers find its header.

    Positions named in the file stay right where that is possible.
    """
    if has_header(data):
        return data
    at = data.find(HEADER)
    if at > 0 and not _OBJECT.search(data, 0, at):
        return data[at:]
    header = HEADER + b"1.7"
    if data.startswith(b"%") and len(data.split(b"\n", 1)[0].split(b"\r", 1)[0]) >= len(header):
        return header + data[len(header) :]  # over a comment
    return header + b"\n" + data


def is_pdf(data: bytes) -> bool:
    """Return whether a file has a PDF's header, early or late, or a PDF's structure."""
    return has_header(data) or bool(_POSTSCRIPT.match(data)) or has_structure(data)
