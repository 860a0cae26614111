"""HTML pages, saved from a browser or written by a program, XHTML included.

Menus, page headers and footers and hidden text are left out, as the page itself marks them, and
counted. The place of a sentence is the heading above it and the paragraph below that.
"""

from __future__ import annotations

import re

from longsum.documents.blocks import clean_text, lines_of_blocks, places_by_heading
from longsum.documents.decoding import decode
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.html_blocks import page_blocks
from longsum.documents.html_encoding import HEAD_BYTES, decode_declared
from longsum.documents.html_left_out import count_words, left_out
from longsum.documents.markup import Element, local, parse_html
from longsum.documents.omissions import NAVIGATION, omission_warnings
from longsum.documents.pages import refuse_pages

UNIT = "paragraph"

_BEFORE = re.compile(r"(?:\s|\ufeff|<!--.*?-->|<\?[^>]*>|<!doctype\s+html[^>]*>)+", re.I | re.S)
_DOCTYPE = re.compile(r"<!doctype\s+html\b", re.I)
_PAGE = re.compile(r"<(?:x?html:)?(?:html|head|body|title|meta|style|script|link|base)\b", re.I)
_PIECE = re.compile(
    r"<(?:article|section|main|header|nav|div|p|h[1-6]|table|ul|ol|dl|blockquote|center)\b[^>]*>",
    re.I,
)
_MARKDOWN = re.compile(r"^(?:#{1,6} |```|~~~|[-*] \S|\d+\. \S)|\]\(\S", re.M)


def matches(data: bytes) -> bool:
    """Return whether bytes begin as an HTML page does, or are a piece of one and nothing else."""
    if b"<" not in data[:HEAD_BYTES].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n\f")[:2]:
        return False
    head = decode_declared(data[: 1 << 16]) or data[: 1 << 16].decode("latin-1")
    before = _BEFORE.match(head)
    start = before.end() if before else 0
    if _PAGE.match(head, start) or _DOCTYPE.search(head, 0, start):
        return True
    if not _PIECE.match(head, start):
        return False
    ends = data[-64:].replace(b"\0", b"").rstrip().endswith(b">")
    return ends and not _MARKDOWN.search(head)  # a README often begins with a `<p>` of its own


def read(
    data: bytes,
    *,
    shown: str,
    pages: str | None,
    password: str | None,
    encoding: str | None = None,
) -> RawDocument | None:
    """Read a page.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: refused, as a page in HTML has no pages.
        password: ignored; it needs none.
        encoding: its encoding, as the user named it; None decides by its mark and declaration.

    Raises:
        UndecodableText: no encoding fits.
        CorruptDocument: it is an attack.
        UsageError: `pages` is given.
    """
    text = None if encoding else decode_declared(data)
    warnings: list[str] = []
    if text is None:
        decoded = decode(data, shown, encoding)
        text, warnings = decoded.text, decoded.warnings
    root = parse_html(text, shown)
    if root is None:
        return None
    refuse_pages(pages, UNIT)
    skipped = left_out(root)
    found = page_blocks(root, skipped)
    if not found.blocks:  # a page of nothing but menus
        skipped = {each: why for each, why in skipped.items() if why != NAVIGATION}
        found = page_blocks(root, skipped)
    lines = lines_of_blocks(found.blocks, places_by_heading(found.blocks))
    return RawDocument(
        [RawPage(1, lines)],
        0,
        unit=UNIT,
        knows_paragraphs=True,
        title=title_of(root),
        warnings=warnings + omission_warnings(count_words(root, skipped), shown),
    )


def title_of(root: Element) -> str | None:
    """Return the title in a page's head."""
    for element in root.iter():
        if local(element) == "title":
            return clean_text("".join(element.itertext())) or None
    return None
