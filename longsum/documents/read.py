"""A file's bytes become a `Document`, or one clear error.

What a file is, its content decides, not its name. Works in the process that calls it, which a
hostile file may crash: the program reads through `isolated.py`.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import Path
from typing import BinaryIO

from longsum.documents.document import Document, Page
from longsum.documents.file_types import CERTAIN, kind_of
from longsum.documents.pages import format_pages
from longsum.documents.paragraphs import flow_pages
from longsum.documents.pdf import PdfText, read_pdf
from longsum.documents.running import drop_running
from longsum.documents.source import load_source
from longsum.documents.text import (
    decode_text,
    flow_of_text,
    looks_binary,
    utf16_without_mark,
)
from longsum.errors import (
    CorruptDocument,
    EmptyDocument,
    ImageOnlyDocument,
    UndecodableText,
    UnsupportedDocument,
)
from longsum.terminal import shown_name

PDF_HEADER_WITHIN = 1024

_HTML = re.compile(r"\s*(?:<!doctype html|<html)\b", re.I)


def read_document(
    source: str | Path,
    *,
    pages: str | None = None,
    password: str | None = None,
    stdin: BinaryIO | None = None,
) -> Document:
    """Read a PDF or a text in this process; for files that are trusted, as in tests.

    Args:
        source: a path, or `-` for standard input.
        pages: a selection such as `3-20,25`; all if None.
        password: for an encrypted PDF.
        stdin: read instead of the process's standard input.

    Raises:
        DocumentError: the file cannot be read; the class says why, the hint what to do.
        UsageError: `pages` cannot be read, or the document has none.
    """
    data, name = load_source(source, stdin)
    return parse_document(data, name, pages=pages, password=password, path=str(source))


def parse_document(
    data: bytes,
    shown: str,
    *,
    pages: str | None = None,
    password: str | None = None,
    path: str = "-",
) -> Document:
    """Make a document of a file's bytes, in this process.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: a selection such as `3-20,25`; all if None.
        password: for an encrypted PDF.
        path: as the user gave it, for commands in hints; `-` for none.

    Raises:
        DocumentError: the file cannot be read; the class says why, the hint what to do.
        UsageError: `pages` cannot be read, or the document has none.
    """
    if not data.strip():
        raise EmptyDocument(
            f"{shown} is empty" if not data else f"{shown} holds nothing but white space",
            hint="check that it is the file you meant",
        )
    if (at := data.find(b"%PDF-", 0, PDF_HEADER_WITHIN)) >= 0:
        try:
            content = read_pdf(data, shown=shown, pages=pages, password=password)
        except CorruptDocument:
            if not data[:at].strip(b"\xef\xbb\xbf\r\n\t ") or looks_binary(data):
                raise
        else:
            return _pdf_document(content, data, shown, shown_name(path))
    _refuse_binary(data, shown)
    return _text_document(data, shown, pages)


def parse_text(text: str, shown: str) -> Document:
    """Make a document of a text that is in memory already; no file format is looked for in it.

    Args:
        text: as another file held it, a row of JSON for example.
        shown: its name, safe to print.

    Raises:
        EmptyDocument: there is no text in it.
    """
    data = text.encode("utf-8", "replace")  # JSON may hold half characters
    return _text_document(data, shown, None)


# --- PDF ----------------------------------------------------------------------------------------


def _pdf_document(content: PdfText, data: bytes, shown: str, typed: str) -> Document:
    everything = [page.lines for page in content.pages]
    lines = drop_running(everything)
    chosen = [index for index, page in enumerate(content.pages) if page.chosen]
    if not any(lines[index] for index in chosen) and not any(
        content.pages[index].has_pictures for index in chosen
    ):
        lines = everything  # nothing but what comes again on each page: then that is the text
    pages = [content.pages[index] for index in chosen]
    kept = [lines[index] for index in chosen]
    scanned = [p.number for p, read in zip(pages, kept, strict=True) if p.has_pictures and not read]
    flow = flow_pages(kept)
    if not flow.text.strip():
        raise _nothing_to_read(scanned, content.total_pages, shown, typed)
    warnings = list(content.warnings)
    if scanned:
        warnings.append(_scan_warning(scanned, content.total_pages, typed))
    return Document(
        text=flow.text,
        pages=tuple(
            Page(page.number, start, end, page.label)
            for page, (start, end) in zip(pages, flow.bounds, strict=True)
        ),
        sha256=hashlib.sha256(data).hexdigest(),
        name=shown,
        total_pages=content.total_pages,
        title=content.title,
        warnings=tuple(warnings),
    )


def _nothing_to_read(
    scanned: list[int], total: int, shown: str, typed: str
) -> ImageOnlyDocument | EmptyDocument:
    if not scanned:
        return EmptyDocument(
            f"{shown} has {_count(total)} but no text", hint="check that it is the file you meant"
        )
    which = "it is a picture" if total == 1 else f"{_page_list(scanned)} of {total} are pictures"
    return ImageOnlyDocument(
        f"{shown} holds no text: {which} (scanned?)",
        hint=f"add a text layer: {_ocr_command(typed)}",
    )


def _scan_warning(scanned: list[int], total: int, typed: str) -> str:
    verb, subject = ("holds", "it was") if len(scanned) == 1 else ("hold", "they were")
    return (
        f"{_page_list(scanned)} of {total} {verb} no text (scanned?); {subject} not read. "
        f"To add a text layer: {_ocr_command(typed)}"
    )


def _page_list(numbers: list[int]) -> str:
    return f"page{'s' if len(numbers) > 1 else ''} {format_pages(numbers)}"


def _count(total: int) -> str:
    return "1 page" if total == 1 else f"{total:,} pages"


def _ocr_command(typed: str) -> str:
    """Return the command for a shell, with the path as the user gave it."""
    return f"ocrmypdf {'in.pdf' if typed == '-' else shlex.quote(typed)} out.pdf"


# --- text ---------------------------------------------------------------------------------------


def _text_document(data: bytes, shown: str, pages: str | None) -> Document:
    text = decode_text(data, shown)
    flow, numbers, total = flow_of_text(text, pages)
    if not flow.text.strip():
        raise EmptyDocument(
            f"{shown} holds no text", hint="check that it is the file, and the pages, you meant"
        )
    warnings: tuple[str, ...] = ()
    if _HTML.match(text):
        warnings = (
            f"{shown} looks like HTML; its tags were read as text. "
            "To convert it: pandoc -t plain in.html -o out.txt",
        )
    return Document(
        text=flow.text,
        pages=tuple(
            Page(number, start, end)
            for number, (start, end) in zip(numbers, flow.bounds, strict=False)
        ),
        sha256=hashlib.sha256(data).hexdigest(),
        name=shown,
        total_pages=total,
        line_anchors=() if numbers else flow.anchors,
        warnings=warnings,
    )


def _refuse_binary(data: bytes, shown: str) -> None:
    """Raise for bytes that are no text, saying what they look like."""
    binary = looks_binary(data)
    kind = kind_of(data)
    if kind and (binary or data.startswith(CERTAIN)):
        raise UnsupportedDocument(f"{shown} is {kind[0]}, not PDF or text", hint=kind[1])
    if not binary:
        return
    if utf16_without_mark(data):
        raise UndecodableText(
            f"{shown} looks like UTF-16 text without a byte order mark",
            hint="convert it: iconv -f UTF-16LE -t UTF-8 in.txt > out.txt",
        )
    raise UnsupportedDocument(
        f"{shown} is a binary file of an unknown kind, not PDF or text",
        hint="export it as PDF or plain text",
    )
