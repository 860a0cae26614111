"""Text files that are not the document: Git LFS pointers, base64, encrypted messages.

Each is text, so that its characters could be read as words; each gets an error that says what it
is. Pure.
"""

from __future__ import annotations

import base64
import binascii
import re

from longsum.documents.file_types import kind_of
from longsum.errors import UnsupportedDocument

_LFS = re.compile(rb"version https://git-lfs\.github\.com/spec/[^\n]*\n(?:.*\n)*?size (\d{1,15})\b")
_MAX_LFS = 1024
_ARMOUR = re.compile(rb"\s*-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n")
_DATA_URI = re.compile(rb"\s*data:[^,\s]{0,100};base64,")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_MIN_BASE64 = 120
"""Characters from which text of the base64 alphabet alone is not a word."""
_SNIFFED = 1 << 12
"""Bytes decoded to see what is encoded."""


def refuse_mistaken(data: bytes, shown: str) -> None:
    """Refuse a text that stands for a document but is not it.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.

    Raises:
        UnsupportedDocument: it is such a text.
    """
    if len(data) <= _MAX_LFS and (pointer := _LFS.match(data)):
        raise UnsupportedDocument(
            f"{shown} is a Git LFS pointer to a file of {int(pointer[1]):,} bytes, not the file",
            hint="download the file: git lfs pull",
        )
    if armour := _ARMOUR.match(data):
        raise UnsupportedDocument(
            f"{shown} is a {_armoured(armour[1])}, not text to read",
            hint="decrypt or decode it first",
        )
    if (inside := _in_base64(data)) is not None:
        raise UnsupportedDocument(
            f"{shown} is {inside} encoded as base64", hint="decode it: base64 -d in.txt > out"
        )


def _armoured(name: bytes) -> str:
    """Return a name in capitals as it is written in a sentence."""
    words = name.decode("ascii").split()
    return " ".join(word if word in ("PGP", "RSA", "SSH", "EC") else word.lower() for word in words)


def _in_base64(data: bytes) -> str | None:
    """Return what a text that is nothing but base64 holds; None for any other text."""
    start = match.end() if (match := _DATA_URI.match(data)) else 0
    lines = data[start : start + (1 << 16)].split()
    if start + (1 << 16) < len(data):
        lines.pop()
    if not lines or sum(map(len, lines)) < _MIN_BASE64:
        return None
    if any(len(line) != len(lines[0]) for line in lines[1:-1]) or len(lines[-1]) > len(lines[0]):
        return None
    if not all(_BASE64.fullmatch(line) for line in lines):
        return None
    text = b"".join(lines).translate(bytes.maketrans(b"-_", b"+/"))[: _SNIFFED // 4 * 4]
    classes = (text.islower(), text.isupper(), text.isalpha(), text.isdigit())
    if any(classes) or not any(chr(byte).isupper() for byte in text):
        return None  # letters or digits of another kind, such as a sequence of genes
    try:
        inside = base64.b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    if inside.startswith(b"%PDF-"):
        return "a PDF document"
    kind = kind_of(inside)
    return kind[0] if kind else "a file"
