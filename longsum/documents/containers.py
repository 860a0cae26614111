"""PDFs that hold other files, or a form in another language: portfolios, attachments, XFA.

Their pages may be no more than a cover that says which program to open them with. Callers hold the
lock of `pdf.py`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from longsum.documents.formats import RawDocument
from longsum.documents.second_reader import SecondReader
from longsum.documents.source import MAX_FILE_BYTES
from longsum.documents.utf16 import pdfium_text
from longsum.errors import CorruptDocument, CoverOnly, DocumentTooLong, NoSuchAttachment
from longsum.settings import Setting
from longsum.terminal import shown_name

MAX_FILES = 10_000
"""Attached files that are looked at."""
MAX_SHOWN = 20
"""Names of files in a message."""
MAX_COVER = 2_000
"""Characters of a cover; more are a document of its own."""
MAX_COVER_PAGES = 3


def attached_names(pdf: Any) -> list[str]:
    """Return the names of the files attached to a PDF."""
    import pypdfium2.raw as raw  # type: ignore[import-untyped]

    names = []
    for index in range(min(raw.FPDFDoc_GetAttachmentCount(pdf), MAX_FILES)):
        each = raw.FPDFDoc_GetAttachment(pdf, index)
        names.append(_name(raw, each) if each else "")
    return names


def _name(raw: Any, each: Any) -> str:
    return pdfium_text(lambda buffer, size: raw.FPDFAttachment_GetName(each, buffer, size))


def attached_file(pdf: Any, name: str, shown: str) -> bytes:
    """Return the bytes of an attached file.

    Args:
        pdf: from pypdfium2.
        name: its name; the case does not matter if only one file has it.
        shown: the PDF's name, safe to print.

    Raises:
        NoSuchAttachment: there is no such file in it.
        DocumentTooLong: it is larger than any document.
        CorruptDocument: it cannot be unpacked.
    """
    import pypdfium2.raw as raw

    names = attached_names(pdf)
    alike = [index for index, each in enumerate(names) if each == name] or [
        index for index, each in enumerate(names) if each.casefold() == name.casefold()
    ]
    if not alike or (len(alike) > 1 and names[alike[0]] != name):
        raise _missing(name, names, shown)
    each = raw.FPDFDoc_GetAttachment(pdf, alike[0])
    size = ctypes.c_ulong()
    if not raw.FPDFAttachment_GetFile(each, None, 0, size):
        raise _damaged(name, shown)
    if size.value > MAX_FILE_BYTES:
        raise DocumentTooLong(
            f"{shown_name(name)} in {shown} is larger than {MAX_FILE_BYTES >> 20:,} MiB, the limit",
            hint="save it to a file of its own and split it",
        )
    buffer = ctypes.create_string_buffer(size.value)
    if not raw.FPDFAttachment_GetFile(each, buffer, size.value, size):
        raise _damaged(name, shown)
    return buffer.raw


def _missing(name: str, names: Sequence[str], shown: str) -> NoSuchAttachment:
    if not names:
        return NoSuchAttachment(
            f"{shown} has no files attached", hint=f"leave {Setting('attachment')} out"
        )
    return NoSuchAttachment(
        f"{shown} has no file {shown_name(name)!r}; it holds {_listed(names)}",
        hint=f"choose one: {Setting('attachment', shown_name(names[0]))}",
    )


def _damaged(name: str, shown: str) -> CorruptDocument:
    return CorruptDocument(
        f"{shown_name(name)} in {shown} cannot be unpacked",
        hint="save it from the program that shows it, and read that file",
    )


def _listed(names: Sequence[str]) -> str:
    """Return `a.pdf, b.txt and 3 more`."""
    named = [shown_name(each) for each in names[:MAX_SHOWN]]
    more = len(names) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")


def check_content(
    document: RawDocument, names: Sequence[str], second: SecondReader, shown: str, *, is_xfa: bool
) -> None:
    """Refuse a PDF whose pages are only a cover, and say which attached files are not read.

    Args:
        document: its pages; a warning is added where files are attached.
        names: of the files attached.
        second: to find out whether it is a portfolio.
        shown: its name, safe to print.
        is_xfa: whether it holds a form in XFA.

    Raises:
        CoverOnly: its content is elsewhere.
    """
    size = sum(len(line.text) for page in document.pages for line in page.lines)
    is_short = size < MAX_COVER and document.total_pages <= MAX_COVER_PAGES
    if is_xfa and is_short and not any(page.widgets for page in document.pages):
        raise CoverOnly(
            f"{shown} is an XFA form, which only some programs show; its page holds just a notice",
            hint="open it in Adobe Reader and print it to a new PDF",
        )
    if not names:
        return
    is_one = len(names) == 1
    files = f"{len(names):,} file{'' if is_one else 's'}"
    if is_short and _is_portfolio(second):
        raise CoverOnly(
            f"{shown} is a portfolio of {files}, and its page is only a cover: {_listed(names)}",
            hint=f"choose one: {Setting('attachment', shown_name(names[0]))}",
        )
    document.warnings.append(
        f"{shown} has {files} attached, which {'was' if is_one else 'were'} not read: "
        f"{_listed(names)} ({Setting('attachment', shown_name(names[0]))})"
    )


def _is_portfolio(second: SecondReader) -> bool:
    """Return whether a PDF says that its attached files are what it is about."""
    reader = second.opened()
    try:
        return reader is not None and "/Collection" in reader.root_object
    except Exception:  # a damaged file may make pypdf raise anything
        return False
