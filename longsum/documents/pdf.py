"""PDF files: their lines with places and sizes, page by page.

pdfium reads; it is not thread-safe, so one lock guards it. pypdf is the second reader, used when
pdfium cannot open a file, finds no text on a page, or returns right-to-left letters in the order
they are drawn. Errors of both are mapped to `LongsumError` here.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from longsum.documents.clean import clean_characters, clean_line
from longsum.documents.file_types import looks_binary
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.glyphs import pdfium_lines, too_much
from longsum.documents.limits import check_unpacked_size
from longsum.documents.lines import Line, lines_of_text
from longsum.documents.order import reading_order
from longsum.documents.pages import format_pages, parse_pages
from longsum.errors import CorruptDocument, DocumentTooLong, PasswordError
from longsum.settings import Setting
from longsum.terminal import escape_for_terminal

if TYPE_CHECKING:
    import pypdf
    import pypdfium2  # type: ignore[import-untyped]

MAX_PAGES = 50_000
MAX_CHARACTERS = 50_000_000
"""More than any window holds; a file that unpacks to more is a mistake or an attack."""
CONTEXT_PAGES = 4
"""Pages read on either side of a chosen one, to detect headers and footers."""
MIN_CHARACTERS = 200
"""A page with fewer is checked for images."""
MAX_STROKES = 100
"""A page without text that draws more paths holds letters as outlines, not just a border."""

_HEADER = b"%PDF-"
_HEADER_WITHIN = 1024
"""Bytes searched for the header: some programs write others first, and readers accept that."""

_LOCK = threading.RLock()


def matches(data: bytes) -> bool:
    """Return whether a PDF's header is near the beginning."""
    return _HEADER in data[:_HEADER_WITHIN]


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
        return read_pdf(data, shown=shown, pages=pages, password=password)
    except CorruptDocument:
        before = data[: data.find(_HEADER)]
        if not before.strip(b"\xef\xbb\xbf\r\n\t ") or looks_binary(data):
            raise
        return None


def read_pdf(data: bytes, *, shown: str, pages: str | None, password: str | None) -> RawDocument:
    """Read the lines of a PDF.

    Args:
        data: the file's bytes.
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
            if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
                raise _password_error(shown, password) from None
            return _read_with_second(data, shown=shown, pages=pages, password=password)
        try:
            return _read_open(pdf, data, shown=shown, pages=pages, password=password)
        finally:
            pdf.close()


def _password_error(shown: str, password: str | None) -> PasswordError:
    if password is None:
        return PasswordError(
            f"{shown} is encrypted and needs a password",
            hint=f"give it with {Setting('password')}; on a terminal it is asked for",
        )
    return PasswordError(
        f"the password given does not open {shown}",
        hint=f"check the one given with {Setting('password')}",
    )


def _check_count(total: int, shown: str) -> None:
    if total < 1:
        raise _corrupt(shown, "it has no pages")
    if total > MAX_PAGES:
        raise DocumentTooLong(
            f"{shown} claims {total:,} pages; the limit is {MAX_PAGES:,}",
            hint="split it, for example with qpdf --split-pages",
        )


def _corrupt(shown: str, why: str) -> CorruptDocument:
    return CorruptDocument(
        f"{shown} is damaged or incomplete: {why}",
        hint="download it again, or try to repair it: qpdf in.pdf out.pdf",
    )


def _read_open(
    pdf: pypdfium2.PdfDocument, data: bytes, *, shown: str, pages: str | None, password: str | None
) -> RawDocument:
    total = len(pdf)
    _check_count(total, shown)
    chosen = _chosen(pages, total)
    second = _SecondReader(data, password)
    result = RawDocument(
        [], total, title=_title(pdf.get_metadata_dict().get("Title")), has_layout=True
    )
    characters = 0
    unread = []
    for number in _with_context(chosen, total):
        page = _read_page(pdf, number, second)
        if page is None:
            unread.append(number)
            page = RawPage(number, lines_of_second(second, number))
        page.chosen = number in chosen
        page.label = _label(pdf.get_page_label(number - 1), number)
        characters += sum(len(line.text) for line in page.lines)
        if characters > MAX_CHARACTERS:
            raise too_much(shown, MAX_CHARACTERS)
        result.pages.append(page)
    lost = [p.number for p in result.pages if p.chosen and p.number in unread and not p.lines]
    if len(lost) == len(chosen):
        raise _corrupt(shown, "none of its pages can be loaded")
    if lost:
        result.warnings.append(
            f"pages {format_pages(lost)} of {total} are damaged; they were not read"
        )
    return result


def _chosen(pages: str | None, total: int) -> dict[int, None]:
    """Return the chosen page numbers, in order, as a dict for fast look-up."""
    return dict.fromkeys(parse_pages(pages, total) if pages is not None else range(1, total + 1))


def _with_context(chosen: Iterable[int], total: int) -> list[int]:
    """Return the chosen pages and those near them, needed to detect headers and footers."""
    near = {n for c in chosen for n in range(c - CONTEXT_PAGES, c + CONTEXT_PAGES + 1)}
    return sorted(n for n in near if 1 <= n <= total)


def _read_page(pdf: pypdfium2.PdfDocument, number: int, second: _SecondReader) -> RawPage | None:
    """Return a page's lines in reading order, or None if pdfium cannot load it."""
    import pypdfium2

    try:
        page = pdf[number - 1]
    except pypdfium2.PdfiumError:
        return None
    try:
        lines = pdfium_lines(page)
        size = sum(len(line.text) for line in lines)
        images = size < MIN_CHARACTERS and _has_pictures(page)
    except pypdfium2.PdfiumError:
        return None
    finally:
        page.close()
    if not size and not images or _is_right_to_left(lines):
        lines = lines_of_second(second, number) or lines
        return RawPage(number, lines, images)
    return RawPage(number, reading_order(lines), images)


def _has_pictures(page: pypdfium2.PdfPage) -> bool:
    """Return whether a page holds an image, or enough strokes for letters drawn as outlines."""
    import pypdfium2.raw as raw

    objects = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH])
    for strokes, each in enumerate(objects, 1):
        if each.type == raw.FPDF_PAGEOBJ_IMAGE or strokes > MAX_STROKES:
            return True
    return False


def _is_right_to_left(lines: list[Line]) -> bool:
    text = "".join(line.text for line in lines)
    right = sum("\u0590" <= c <= "\u08ff" or "\ufb1d" <= c <= "\ufefc" for c in text)
    return right > 0.2 * max(1, len(text))


def _title(value: object) -> str | None:
    """Return a metadata title, clean and on one line, or None if it is empty or a placeholder."""
    title = " ".join(clean_characters(str(value)).split()) if value else ""
    return escape_for_terminal(title) if title and title.lower() != "untitled" else None


def _label(label: str, number: int) -> str | None:
    """Return a page's printed label if it differs from its number, else None."""
    label = escape_for_terminal(label.strip())
    return label if label and label != str(number) else None


# --- the second reader --------------------------------------------------------------------------


class _SecondReader:
    """Opens pypdf only when it is needed."""

    def __init__(self, data: bytes, password: str | None) -> None:
        self.data, self.password = data, password
        self._reader: pypdf.PdfReader | None = None
        self._failed = False

    def text(self, number: int) -> str:
        """Return a page's text; empty if this reader fails too."""
        if self._reader is None and not self._failed:
            with contextlib.suppress(Exception):
                self._reader = open_second(self.data, self.password)
            self._failed = self._reader is None
        if self._reader is None:
            return ""
        try:
            return self._reader.pages[number - 1].extract_text()
        except Exception:  # a damaged page may make pypdf raise anything
            return ""


def open_second(data: bytes, password: str | None) -> pypdf.PdfReader:
    """Open a PDF with pypdf; callers map whatever it raises."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        reader.decrypt(password or "")
    return reader


def lines_of_second(second: _SecondReader, number: int) -> list[Line]:
    """Return pypdf's lines of a page, clean, with made-up boxes."""
    lines = lines_of_text(clean_characters(second.text(number)))
    cleaned = (line.with_text(clean_line(line.text)) for line in lines)
    return [Line(line.text, line.box) for line in cleaned if line.text]


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
        raise _password_error(shown, password) from None
    except Exception:  # a damaged file may make pypdf raise anything
        raise _corrupt(shown, _why_damaged(data)) from None
    _check_count(total, shown)
    chosen = _chosen(pages, total)
    second = _SecondReader(data, password)
    found = [RawPage(number, lines_of_second(second, number)) for number in chosen]
    if not any(page.lines for page in found):
        raise _corrupt(shown, _why_damaged(data))
    warning = f"{shown} is damaged; its text was read with the second reader and may be incomplete"
    return RawDocument(found, total, title=title, warnings=[warning], has_layout=True)


def _why_damaged(data: bytes) -> str:
    if b"%%EOF" not in data[-2048:]:
        return "it is truncated"
    return "its structure cannot be read"
