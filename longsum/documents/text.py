"""Text files and piped text: their encoding, and their lines as paragraphs.

UTF-8, UTF-16 and UTF-32 with a byte order mark, or whatever charset-normalizer detects; bytes that
are not text are refused. Markdown is text: headings, items, tables and code keep their lines.
"""

from __future__ import annotations

import re

from longsum.documents.clean import BROKEN, clean_characters
from longsum.documents.file_types import BINARY_MAGIC, BOMS, looks_binary
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.line_ends import is_item
from longsum.documents.lines import Line, lines_of_text
from longsum.documents.order import is_rule
from longsum.documents.pages import parse_pages, refuse_pages
from longsum.documents.subtitles import read_subtitles
from longsum.errors import UndecodableText

_HTML = re.compile(r"\s*(?:<!doctype html|<html)\b", re.I)
_FENCE = re.compile(r"(?:```|~~~)")
_OWN_LINE = re.compile(r"(?:#{1,6}\s|\||>|=+$|\[\^?[^\]]+\]:\s)")


def matches(data: bytes) -> bool:
    """Return whether bytes may be text."""
    return not looks_binary(data) and not data.startswith(BINARY_MAGIC)


def decode_text(data: bytes, shown: str) -> str:
    """Return the bytes as text.

    Raises:
        UndecodableText: no encoding fits.
    """
    for bom, encoding in BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise _undecodable(shown, f"it claims to be {encoding[:6].upper()}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    import charset_normalizer

    best = charset_normalizer.from_bytes(data).best()
    if best is None:
        raise _undecodable(shown, "it is not UTF-8, nor any other encoding that can be determined")
    return str(best)


def _undecodable(shown: str, why: str) -> UndecodableText:
    return UndecodableText(
        f"{shown} cannot be decoded: {why}",
        hint="convert it: iconv -f ITS-ENCODING -t UTF-8 in.txt > out.txt",
    )


def read(
    data: bytes, *, shown: str, pages: str | None = None, password: str | None = None
) -> RawDocument:
    """Read a text; form feeds, if there are any, divide it into pages.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: a selection, or None for all.
        password: ignored; a text needs none.

    Raises:
        UndecodableText: no encoding fits.
        UsageError: `pages` is given, but the text has none.
        NoSuchPage: the selection names pages that do not exist.
    """
    text = decode_text(data, shown)
    warnings = []
    if _HTML.match(text):
        warnings.append(
            f"{shown} looks like HTML; its tags were read as text. "
            "To convert it: pandoc -t plain in.html -o out.txt"
        )
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\f")
    if not parts[-1].strip():
        parts.pop()
    if len(parts) < 2:
        if raw := _shaped(text):
            refuse_pages(pages, raw.unit)
            raw.warnings[:0] = warnings
            return raw
        refuse_pages(pages)
        lines = _lines(parts[0] if parts else "", 1)
        return RawDocument(
            [RawPage(1, lines)], 0, warnings=warnings, own_lines=frozenset(_own_lines(lines))
        )
    chosen = set(parse_pages("1-" if pages is None else pages, len(parts)))
    found: list[RawPage] = []
    first = 1
    for number, part in enumerate(parts, 1):
        found.append(RawPage(number, _lines(part, first), chosen=number in chosen))
        first += part.count("\n")
    return RawDocument(found, len(parts), warnings=warnings)


def _shaped(text: str) -> RawDocument | None:
    """Return a text of a known kind, in which lines mean more than their words; else None."""
    return read_subtitles(clean_characters(text))


def _lines(text: str, first: int) -> list[Line]:
    lines = lines_of_text(clean_characters(text), first=first)
    return [line.with_text(_marked(line.text)) for line in lines if line.text.strip(BROKEN)]


def _marked(text: str) -> str:
    """Return a line without soft hyphens, except one that breaks its last word."""
    broken = text.endswith(BROKEN)
    return text.replace(BROKEN, "") + (BROKEN if broken else "")


def _own_lines(lines: list[Line]) -> set[int]:
    """Return the lines that join neither the line before nor the next: headings, tables, code."""
    own: set[int] = set()
    fenced = False
    for index, line in enumerate(lines):
        fence = bool(_FENCE.match(line.text))
        if fenced or fence or _OWN_LINE.match(line.text) or is_rule(line.text):
            own.add(index)
        fenced ^= fence
    return own | {-1 - index for index, line in enumerate(lines) if is_item(line.text)}
