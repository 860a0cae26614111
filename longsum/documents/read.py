"""Turn a file's bytes into a `Document`, or one clear error.

A file's content decides its format, not its name. Works in the calling process, which a hostile
file may crash: the program reads through `isolated.py`.
"""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Any, BinaryIO

from longsum.documents import formats
from longsum.documents import text as text_format
from longsum.documents.document import Document, Page
from longsum.documents.file_types import kind_of, unreadable_file
from longsum.documents.formats import RawDocument
from longsum.documents.lines import Line
from longsum.documents.pages import format_pages
from longsum.documents.paragraphs import Flow, flow_known, flow_pages, flow_text
from longsum.documents.running import drop_running
from longsum.documents.source import load_source
from longsum.errors import EmptyDocument, ImageOnlyDocument
from longsum.terminal import shown_name


def read_document(
    source: str | Path,
    *,
    pages: str | None = None,
    password: str | None = None,
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
) -> Document:
    """Read a document in this process; only for trusted files, as in tests.

    Args:
        source: a path, or `-` for standard input.
        pages: a selection such as `3-20,25`; all if None.
        password: for an encrypted file.
        encoding: of a text, such as `cp1252`; None decides by the bytes.
        stdin: read instead of the process's standard input.

    Raises:
        DocumentError: the file cannot be read; the class says why, the hint what to do.
        UsageError: `pages` cannot be read, or the document has none; `encoding` is unknown.
    """
    data, name = load_source(source, stdin)
    return parse_document(
        data, name, pages=pages, password=password, encoding=encoding, path=str(source)
    )


def parse_document(
    data: bytes,
    shown: str,
    *,
    pages: str | None = None,
    password: str | None = None,
    encoding: str | None = None,
    path: str = "-",
) -> Document:
    """Parse a file's bytes as a document, in this process.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: a selection such as `3-20,25`; all if None.
        password: for an encrypted file.
        encoding: of a text, such as `cp1252`; None decides by the bytes.
        path: as the user gave it, for commands in hints; `-` for none.

    Raises:
        DocumentError: the file cannot be read; the class says why, the hint what to do.
        UsageError: `pages` cannot be read, or the document has none; `encoding` is unknown.
    """
    if not data.strip():
        raise EmptyDocument(
            f"{shown} is empty" if not data else f"{shown} holds nothing but white space",
            hint="check that it is the file you meant",
        )
    for each in formats.READERS:
        reader = each.reader()
        named: dict[str, Any] = {"encoding": encoding} if each.takes_encoding else {}
        is_said_to_be = bool(encoding) and each is formats.READERS[-1] and kind_of(data) is None
        if reader.matches(data) or is_said_to_be:
            raw = reader.read(data, shown=shown, pages=pages, password=password, **named)
            if raw is not None:
                return _document(raw, data, shown, shown_name(path))
    raise unreadable_file(data, shown)


def parse_text(text: str, shown: str) -> Document:
    """Make a document from a text already in memory, without detecting a file format.

    Safe in this process: it is text already, so that no reader parses untrusted bytes.

    Args:
        text: as another file held it, for example a row of JSON.
        shown: its name, safe to print.

    Raises:
        EmptyDocument: it holds only white space.
    """
    data = text.encode("utf-8", "replace")  # JSON may hold half characters
    return _document(text_format.read(data, shown=shown), data, shown, "-")


def _document(raw: RawDocument, data: bytes, shown: str, typed: str) -> Document:
    """Join what was read into paragraphs.

    Args:
        raw: what the file holds.
        data: its bytes.
        shown: its name, safe to print.
        typed: its path as the user gave it, safe to print; `-` for none.
    """
    read = [page.lines for page in raw.pages]
    lines = read if raw.knows_paragraphs else drop_running(read)
    chosen = [index for index, page in enumerate(raw.pages) if page.chosen]
    if not any(lines[index] or raw.pages[index].has_pictures for index in chosen):
        lines = read  # only what is repeated on each page: then that is the text
    pages = [raw.pages[index] for index in chosen]
    kept = [lines[index] for index in chosen]
    scanned = [p.number for p, left in zip(pages, kept, strict=True) if p.has_pictures and not left]
    flow = _flow(raw, kept)
    pages = pages if raw.total_pages else []
    if not flow.text.strip():
        raise _nothing_to_read(raw, scanned, shown, typed)
    if scanned:
        raw.warnings.append(_scan_warning(scanned, raw.total_pages, typed))
    return Document(
        text=flow.text,
        pages=tuple(
            Page(page.number, start, end, page.label)
            for page, (start, end) in zip(pages, flow.bounds, strict=False)
        ),
        sha256=hashlib.sha256(data).hexdigest(),
        name=shown,
        total_pages=raw.total_pages,
        title=raw.title,
        line_anchors=() if raw.total_pages else flow.anchors,
        warnings=tuple(raw.warnings),
        unit=raw.unit,
        places=flow.places,
    )


def _flow(raw: RawDocument, pages: list[list[Line]]) -> Flow:
    """Join lines into paragraphs, by what the reader knows of them."""
    if raw.knows_paragraphs:
        return flow_known(pages)
    if raw.total_pages:
        return flow_pages(pages, keep_shapes=not raw.has_layout)
    return flow_text(pages[0], raw.own_lines)


def _nothing_to_read(
    raw: RawDocument, scanned: list[int], shown: str, typed: str
) -> ImageOnlyDocument | EmptyDocument:
    total = raw.total_pages
    if not raw.has_layout:
        return EmptyDocument(
            f"{shown} holds no text", hint="check that it is the file, and the pages, you meant"
        )
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
