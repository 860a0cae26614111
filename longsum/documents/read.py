"""Turn a file's bytes into a `Document`, or one clear error.

A file's content decides its format, not its name. Works in the calling process, which a hostile
file may crash: the program reads through `isolated.py`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from longsum.documents import formats
from longsum.documents import text as text_format
from longsum.documents.document import Document, Page
from longsum.documents.file_types import kind_of, unreadable_file
from longsum.documents.formats import RawDocument
from longsum.documents.lines import Line
from longsum.documents.margin_numbers import margin_number_notes, without_margin_numbers
from longsum.documents.paragraphs import Flow, flow_known, flow_pages, flow_text
from longsum.documents.repeats import Frameless, PageLines, left_out_notes, without_running
from longsum.documents.runs import Run
from longsum.documents.source import attached_name, load_source
from longsum.documents.unread import (
    check_readable,
    nothing_to_read,
    scan_warning,
    unreadable_warning,
)
from longsum.errors import EmptyDocument, NoSuchAttachment
from longsum.settings import Setting
from longsum.terminal import shown_name


def read_document(
    source: str | Path,
    *,
    pages: str | None = None,
    password: str | None = None,
    encoding: str | None = None,
    attachment: str | None = None,
    stdin: BinaryIO | None = None,
) -> Document:
    """Read a document in this process; only for trusted files, as in tests.

    Args:
        source: a path, or `-` for standard input.
        pages: a selection such as `3-20,25`; all if None.
        password: for an encrypted file.
        encoding: of a text, such as `cp1252`; None decides by the bytes.
        attachment: name of a file attached to a PDF, which is read instead of the PDF.
        stdin: read instead of the process's standard input.

    Raises:
        DocumentError: the file cannot be read; the class says why, the hint what to do.
        UsageError: `pages` cannot be read, or the document has none; `encoding` is unknown.
    """
    data, name = load_source(source, stdin)
    return parse_document(
        data,
        name,
        pages=pages,
        password=password,
        encoding=encoding,
        attachment=attachment,
        path=str(source),
    )


def parse_document(
    data: bytes,
    shown: str,
    *,
    pages: str | None = None,
    password: str | None = None,
    encoding: str | None = None,
    attachment: str | None = None,
    path: str = "-",
) -> Document:
    """Parse a file's bytes as a document, in this process.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: a selection such as `3-20,25`; all if None.
        password: for an encrypted file.
        encoding: of a text, such as `cp1252`; None decides by the bytes.
        attachment: name of a file attached to a PDF, which is read instead of the PDF.
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
    if attachment is not None:
        return _attached(data, shown, attachment, pages=pages, password=password, encoding=encoding)
    for each in formats.READERS:
        reader = each.reader()
        named: dict[str, Any] = {"encoding": encoding} if each.takes_encoding else {}
        is_said_to_be = bool(encoding) and each is formats.READERS[-1] and kind_of(data) is None
        if reader.matches(data) or is_said_to_be:
            raw = reader.read(data, shown=shown, pages=pages, password=password, **named)
            if raw is not None:
                return _document(raw, data, shown, shown_name(path))
    raise unreadable_file(data, shown)


def _attached(
    data: bytes,
    shown: str,
    name: str,
    *,
    pages: str | None,
    password: str | None,
    encoding: str | None,
) -> Document:
    """Parse a file attached to a PDF; the document keeps the PDF's digest."""
    from longsum.documents import pdf

    if not pdf.matches(data):
        raise NoSuchAttachment(
            f"{shown} is not a PDF, and has no files attached",
            hint=f"leave {Setting('attachment')} out",
        )
    inner = pdf.read_attachment(data, name, shown=shown, password=password)
    document = parse_document(
        inner, attached_name(shown, name), pages=pages, password=password, encoding=encoding
    )
    return replace(document, sha256=hashlib.sha256(data).hexdigest())


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
    read, numbered = [page.lines for page in raw.pages], list[int]()
    if raw.has_layout:
        read, numbered = without_margin_numbers(read)
    placed = [
        PageLines(page.number, lines, page.chosen, page.has_pictures, page.extent)
        for page, lines in zip(raw.pages, read, strict=True)
    ]
    frameless = Frameless(read, []) if raw.knows_paragraphs else without_running(placed)
    chosen = [index for index, page in enumerate(raw.pages) if page.chosen]
    pages = [raw.pages[index] for index in chosen]
    unread = check_readable(pages, shown, typed)
    kept = [frameless.pages[index] if raw.pages[index].is_readable else [] for index in chosen]
    scanned = [
        page.number
        for page, left in zip(pages, kept, strict=True)
        if page.has_pictures and page.is_readable and all(line.is_running for line in left)
    ]
    kept = [[*left, *page.notes] for left, page in zip(kept, pages, strict=True)]
    flow = _flow(raw, kept)
    pages = pages if raw.total_pages else []
    only_running = all(line.is_running for left in kept for line in left)
    if not flow.text.strip() or (scanned and only_running):
        raise nothing_to_read(
            scanned,
            shown,
            typed,
            total=raw.total_pages,
            has_layout=raw.has_layout,
            unseen=sum((page.left_out for page in pages), Counter()),
        )
    if unread:
        raw.warnings.append(unreadable_warning(unread, raw.total_pages, typed))
    if scanned:
        raw.warnings.append(scan_warning(scanned, raw.total_pages, typed))
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
        runs=tuple(Run(start, end, pages[i].number, first) for start, end, i, first in flow.runs),
        unreadable=tuple(unread),
        notes=(
            *left_out_notes(frameless.left_out),
            *margin_number_notes([p.number for i in numbered if (p := raw.pages[i]).chosen]),
        ),
    )


def _flow(raw: RawDocument, pages: list[list[Line]]) -> Flow:
    """Join lines into paragraphs, by what the reader knows of them."""
    if raw.knows_paragraphs:
        return flow_known(pages)
    if raw.total_pages:
        return flow_pages(pages, keep_shapes=not raw.has_layout)
    return flow_text(pages[0], raw.own_lines)
