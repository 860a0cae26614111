"""OpenDocument texts (ODT), as LibreOffice writes them, with all changes accepted.

Footnotes, endnotes and comments are read after the paragraph they belong to, marked as such;
headers and footers once. The place of a sentence is the heading above it and the paragraph below
that.
"""

from __future__ import annotations

from longsum.documents.blocks import (
    Block,
    clean_text,
    lines_of_blocks,
    new_asides,
    places_by_heading,
)
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.markup import Element, attribute, child, descendants, local
from longsum.documents.odt_body import OdtReader
from longsum.documents.odt_styles import OdtStyles
from longsum.documents.omissions import omission_warnings
from longsum.documents.ooxml import optional_part, read_part
from longsum.documents.packages import Package, open_package
from longsum.documents.pages import refuse_pages
from longsum.errors import ImageOnlyDocument, ProtectedDocument

UNIT = "paragraph"
_CONTENT, _STYLES, _META = "content.xml", "styles.xml", "meta.xml"
_MANIFEST = "META-INF/manifest.xml"
_TYPE = b"application/vnd.oasis.opendocument.text"
_FIRST_PAGE = "Standard"


def matches(data: bytes) -> bool:
    """Return whether a zip archive says that it is an OpenDocument text."""
    package = open_package(data, "")
    return package is not None and (
        package.holds("mimetype", _TYPE)
        or ("mimetype" not in package and package.holds(_MANIFEST, _TYPE))
    )


def read(data: bytes, *, shown: str, pages: str | None, password: str | None) -> RawDocument | None:
    """Read an OpenDocument text.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: refused: where a page ends is decided when the text is set.
        password: ignored; an encrypted text is refused.

    Raises:
        ProtectedDocument: it is encrypted.
        CorruptDocument: it is damaged, or an attack.
        DocumentTooLong: it unpacks to too much.
        ImageOnlyDocument: it holds only pictures.
        UsageError: `pages` is given.
    """
    refuse_pages(pages, UNIT)
    package = Package(data, shown)
    if package.holds(_MANIFEST, b"encryption-data"):
        raise ProtectedDocument(
            f"{shown} is encrypted with a password",
            hint="open it in its program, save it without a password, and read that",
        )
    content, styles = read_part(package, _CONTENT), optional_part(package, _STYLES)
    reader = OdtReader(OdtStyles([each for each in (styles, content) if each is not None]))
    body = child(content, "body", "text")
    found = [] if body is None else reader.blocks(body)
    above, below = _running(styles, content, reader)
    blocks = [*above, *found, *below]
    if not blocks and reader.pictures:
        raise ImageOnlyDocument(
            f"{shown} holds no text, only pictures (scanned?)",
            hint="export it as PDF and add a text layer: ocrmypdf in.pdf out.pdf",
        )
    return RawDocument(
        [RawPage(1, lines_of_blocks(blocks, places_by_heading(blocks)))],
        0,
        unit=UNIT,
        knows_paragraphs=True,
        title=_title(package),
        warnings=omission_warnings(reader.omitted, shown),
    )


def _title(package: Package) -> str | None:
    """Return the title in a document's properties."""
    meta = optional_part(package, _META)
    title = None if meta is None else next(descendants(meta, "title"), None)
    return None if title is None else clean_text(title.text or "") or None


def _running(
    styles: Element | None, content: Element, reader: OdtReader
) -> tuple[list[Block], list[Block]]:
    """Return the headers and the footers of the pages that the text uses, each once."""
    seen: set[str] = set()
    both: dict[str, list[Block]] = {"header": [], "footer": []}
    masters = (
        {}
        if styles is None
        else {attribute(each, "name") or "": each for each in descendants(styles, "master-page")}
    )
    used = {_FIRST_PAGE}
    for root in (content, styles):
        for each in () if root is None else descendants(root, "style"):
            used.add(attribute(each, "master-page-name") or "")
    used |= {attribute(each, "next-style-name") or "" for each in masters.values()}
    for name, master in masters.items():
        for each in master if name in used else ():
            kind = local(each).partition("-")[0]
            if kind in both and attribute(each, "display") != "false":
                both[kind] += new_asides(kind, reader.blocks(each), seen)
    return both["header"], both["footer"]
