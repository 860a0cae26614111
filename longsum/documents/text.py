"""Text files and piped text: their encoding, and their lines as paragraphs.

Bytes that are not text are refused; `decoding.py` decides about the encoding of the others.
Markdown is text: headings, items, tables and code keep their lines.
"""

from __future__ import annotations

import re

from longsum.documents.chats import with_messages
from longsum.documents.clean import BROKEN, clean_characters
from longsum.documents.decoding import decode, wide_encoding
from longsum.documents.file_types import BINARY_MAGIC, kind_of, looks_binary
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.line_ends import is_item
from longsum.documents.line_numbers import without_line_numbers
from longsum.documents.lines import Line, lines_of_text
from longsum.documents.mail import is_mail, mail_text
from longsum.documents.markdown import plain_markdown
from longsum.documents.mistaken import refuse_mistaken
from longsum.documents.order import is_rule
from longsum.documents.pages import parse_pages, refuse_pages
from longsum.documents.subtitles import read_subtitles

_FENCE = re.compile(r"(?:```|~~~)")
_OWN_LINE = re.compile(r"(?:#{1,6}\s|\||>|=+$|\[\^?[^\]]+\]:\s)")


def matches(data: bytes) -> bool:
    """Return whether bytes may be text."""
    if data.startswith(BINARY_MAGIC):
        return False
    return not looks_binary(data) or (kind_of(data) is None and wide_encoding(data) is not None)


def read(
    data: bytes,
    *,
    shown: str,
    pages: str | None = None,
    password: str | None = None,
    encoding: str | None = None,
) -> RawDocument:
    """Read a text; form feeds, if there are any, divide it into pages.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: a selection, or None for all.
        password: ignored; a text needs none.
        encoding: its encoding, as the user named it; None decides by the bytes.

    Raises:
        UndecodableText: no encoding fits.
        UnsupportedDocument: it is a pointer to a document, or one encoded as text.
        EmptyDocument: it is a mail without text.
        UsageError: `pages` is given, but the text has none; or `encoding` is unknown.
        NoSuchPage: the selection names pages that do not exist.
    """
    refuse_mistaken(data, shown)
    if is_mail(data):
        text, warnings = mail_text(data, shown, encoding)
    else:
        decoded = decode(data, shown, encoding)
        text, warnings = decoded.text, decoded.warnings
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if raw := read_subtitles(clean_characters(text)):
        refuse_pages(pages, raw.unit)
        raw.warnings[:0] = warnings
        return raw
    text, numbered = without_line_numbers(text)
    warnings += [f"{shown}: {numbered}"] if numbered else []
    text, pictures = plain_markdown(text)
    if pictures:
        many = "1 picture" if pictures == 1 else f"{pictures:,} pictures"
        warnings.append(f"{many} written into {shown} as text cannot be read")
    parts = text.split("\f")
    if not parts[-1].strip():
        parts.pop()
    if len(parts) < 2:
        refuse_pages(pages)
        lines = with_messages(_lines(parts[0] if parts else "", 1))
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
