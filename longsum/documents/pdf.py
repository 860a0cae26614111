"""PDF files: their lines with places and sizes, page by page.

pdfium reads; it is not thread-safe, so one lock guards it. pypdf is the second reader, used when
pdfium cannot open a file, finds too little on a page, or returns right-to-left letters in the order
they are drawn. Errors of both are mapped to `LongsumError` here.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from longsum.documents.annotations import FormReader
from longsum.documents.clean import clean_characters
from longsum.documents.containers import attached_file, attached_names, check_content
from longsum.documents.file_types import looks_binary
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.glyphs import OUTSIDE, too_much
from longsum.documents.layers import layers_off
from longsum.documents.limits import check_unpacked_size
from longsum.documents.pages import parse_pages
from longsum.documents.pdf_errors import check_count, corrupt, password_error, why_damaged
from longsum.documents.pdf_header import HEADER, has_header, has_structure, is_pdf, with_header
from longsum.documents.pdf_pages import PageReader
from longsum.documents.second_reader import SecondReader, decrypted, open_second
from longsum.documents.unread import page_list
from longsum.documents.utf16 import pdfium_text
from longsum.errors import CorruptDocument
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]

MAX_CHARACTERS = 50_000_000
"""More than any window holds; a file that unpacks to more is a mistake or an attack."""
CONTEXT_PAGES = 4
"""Pages read on either side of a chosen one, to detect headers and footers."""

_LOCK = threading.RLock()


def matches(data: bytes) -> bool:
    """Return whether a file has a PDF's header, early or late, or a PDF's structure."""
    return is_pdf(data)


def read(data: bytes, *, shown: str, pages: str | None, password: str | None) -> RawDocument | None:
    """Read a PDF.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: a selection such as `3-20,25`; all if None.
        password: the user's or owner's, or None.

    Returns:
        Its lines; None for a text that merely mentions the header of a PDF.

    Raises:
        DocumentError: as `read_pdf` does.
    """
    try:
        return read_pdf(with_header(data), shown=shown, pages=pages, password=password)
    except CorruptDocument:
        before = data[: data.find(HEADER)] if has_header(data) else b"none"
        if not before.strip(b"\xef\xbb\xbf\r\n\t ") or looks_binary(data) or has_structure(data):
            raise
        return None


def read_pdf(data: bytes, *, shown: str, pages: str | None, password: str | None) -> RawDocument:
    """Read the lines of a PDF.

    Args:
        data: the file's bytes, with a header where readers look for it.
        shown: its name, safe to print.
        pages: a selection, or None for all.
        password: the user's or owner's, or None.

    Raises:
        PasswordError: the password is missing or wrong.
        CorruptDocument: neither reader can open the file.
        NoSuchPage: the selection names pages that do not exist.
        DocumentTooLong: the file unpacks to more than any window holds.
    """
    import pypdfium2
    import pypdfium2.raw as raw  # type: ignore[import-untyped]

    check_unpacked_size(data, shown)
    with _LOCK:
        try:
            pdf = pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) != raw.FPDF_ERR_PASSWORD:
                return _read_with_second(data, shown=shown, pages=pages, password=password)
            plain = decrypted(data, password)
            if plain is None:
                raise password_error(shown, password) from None
            return read_pdf(plain, shown=shown, pages=pages, password=None)
        forms = FormReader(pdf)
        second = SecondReader(data, password)
        try:
            reader = PageReader(pdf, second, forms, layers_off(data, second))
            document = _read_open(pdf, reader, shown=shown, pages=pages)
            names = attached_names(pdf)
            check_content(document, names, second, shown, is_xfa=forms.is_xfa)
            return document
        finally:
            forms.close()
            pdf.close()


def read_attachment(data: bytes, name: str, *, shown: str, password: str | None) -> bytes:
    """Return the bytes of a file attached to a PDF.

    Args:
        data: the PDF's bytes.
        name: the attached file's name.
        shown: the PDF's name, safe to print.
        password: the user's or owner's, or None.

    Raises:
        PasswordError: the password is missing or wrong.
        CorruptDocument: the PDF cannot be opened, or the file in it not unpacked.
        NoSuchAttachment: there is no such file in it.
    """
    import pypdfium2
    import pypdfium2.raw as raw

    check_unpacked_size(data, shown)
    with _LOCK:
        try:
            pdf = pypdfium2.PdfDocument(with_header(data), password=password)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
                raise password_error(shown, password) from None
            raise corrupt(shown, why_damaged(data)) from None
        try:
            return attached_file(pdf, name, shown)
        finally:
            pdf.close()


def _read_open(
    pdf: pypdfium2.PdfDocument,
    reader: PageReader,
    *,
    shown: str,
    pages: str | None,
) -> RawDocument:
    total = len(pdf)
    check_count(total, shown)
    chosen = _chosen(pages, total)
    result = RawDocument([], total, title=_title(_metadata(pdf, b"Title")), has_layout=True)
    characters = 0
    unread = []
    for number in _with_context(chosen, total):
        page = reader.read(number)
        if page is None:
            unread.append(number)
            page = RawPage(number, reader.second.lines(number))
        page.chosen = number in chosen
        page.label = page_label(pdf, number)
        characters += sum(len(line.text) for line in page.lines)
        if characters > MAX_CHARACTERS:
            raise too_much(shown, MAX_CHARACTERS)
        result.pages.append(page)
    lost = [p.number for p in result.pages if p.chosen and p.number in unread and not p.lines]
    if len(lost) == len(chosen):
        raise corrupt(shown, "none of its pages can be loaded")
    result.warnings += _warnings(result, lost)
    return result


def _warnings(document: RawDocument, lost: list[int]) -> list[str]:
    """Return what of the chosen pages was not read, a line each."""
    warnings = []
    if lost:
        what = "is damaged; it was" if len(lost) == 1 else "are damaged; they were"
        warnings.append(f"{page_list(lost)} of {document.total_pages} {what} not read")
    causes, numbers = _unseen(document)
    if causes:
        count, why = sum(causes.values()), ", ".join(sorted(causes))
        one = count == 1
        warnings.append(
            f"{count:,} character{'' if one else 's'} on {page_list(numbers)} cannot be seen "
            f"({why}); {'it was' if one else 'they were'} left out"
        )
    return warnings


def _unseen(document: RawDocument) -> tuple[Counter[str], list[int]]:
    """Return how many characters of the chosen pages nobody sees, by cause, and on which pages.

    What is beyond the edge of one page and on another, as in a spread cut in two, is not left out.
    """
    texts = {line.text for page in document.pages for line in page.lines}
    causes: Counter[str] = Counter()
    numbers = []
    for page in document.pages if texts else ():
        found = page.left_out.copy()
        elsewhere = sum(len("".join(piece.split())) for piece in page.outside if piece in texts)
        found[OUTSIDE] -= elsewhere
        found = +found
        if page.chosen and found:
            causes += found
            numbers.append(page.number)
    return causes, numbers


def _chosen(pages: str | None, total: int) -> dict[int, None]:
    """Return the chosen page numbers, in order, as a dict for fast look-up."""
    return dict.fromkeys(parse_pages(pages, total) if pages is not None else range(1, total + 1))


def _with_context(chosen: Iterable[int], total: int) -> list[int]:
    """Return the chosen pages and those near them, needed to detect headers and footers."""
    near = {n for c in chosen for n in range(c - CONTEXT_PAGES, c + CONTEXT_PAGES + 1)}
    return sorted(n for n in near if 1 <= n <= total)


def _metadata(pdf: pypdfium2.PdfDocument, key: bytes) -> str:
    import pypdfium2.raw as raw

    return pdfium_text(lambda buffer, size: raw.FPDF_GetMetaText(pdf, key, buffer, size))


def _title(value: object) -> str | None:
    """Return a metadata title, clean and on one line, or None if it is empty or a placeholder."""
    title = " ".join(clean_characters(str(value)).split()) if value else ""
    return escape_for_terminal(title) if title and title.lower() != "untitled" else None


def page_label(pdf: pypdfium2.PdfDocument, number: int) -> str | None:
    """Return a page's printed label if it differs from its number, else None."""
    import pypdfium2.raw as raw

    found = pdfium_text(lambda buffer, size: raw.FPDF_GetPageLabel(pdf, number - 1, buffer, size))
    label = escape_for_terminal(found.strip())
    return label if label and label != str(number) else None


def _read_with_second(
    data: bytes, *, shown: str, pages: str | None, password: str | None
) -> RawDocument:
    """Read a file that pdfium cannot open, or raise that it is damaged."""
    import pypdf.errors

    try:
        reader = open_second(data, password)
        total = len(reader.pages)
        title = _title(reader.metadata.title if reader.metadata else None)
    except (pypdf.errors.FileNotDecryptedError, pypdf.errors.WrongPasswordError):
        raise password_error(shown, password) from None
    except Exception:  # a damaged file may make pypdf raise anything
        raise corrupt(shown, why_damaged(data)) from None
    check_count(total, shown)
    chosen = _chosen(pages, total)
    second = SecondReader(data, password)
    found = [RawPage(number, second.lines(number)) for number in chosen]
    if not any(page.lines for page in found):
        raise corrupt(shown, why_damaged(data))
    warning = f"{shown} is damaged; its text was read with the second reader and may be incomplete"
    return RawDocument(found, total, title=title, warnings=[warning], has_layout=True)
