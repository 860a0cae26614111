"""Word documents (DOCX): the text as Word shows it when all changes are accepted.

Headings, lists with their numbers, tables, text boxes and diagrams are read in order; footnotes,
endnotes and comments after the paragraph they belong to, marked as such; headers and footers once.
The place of a sentence is the heading above it and the paragraph below that.

python-docx and mammoth are not used: the one passes over inserted text, content controls, notes and
text boxes, the other over hidden text, list numbers, headers and footers.
"""

from __future__ import annotations

from collections.abc import Iterator

from longsum.documents.blocks import Block, lines_of_blocks, new_asides, places_by_heading
from longsum.documents.docx_body import BodyReader
from longsum.documents.docx_numbering import Numbering
from longsum.documents.docx_styles import read_styles
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.markup import Element, attribute, child, descendants, local
from longsum.documents.omissions import omission_warnings
from longsum.documents.ooxml import (
    Relationship,
    core_title,
    diagram_texts,
    is_package_of,
    main_part,
    optional_part,
    read_part,
    relation_of,
    relationships,
)
from longsum.documents.packages import Package
from longsum.documents.pages import refuse_pages
from longsum.errors import ImageOnlyDocument

UNIT = "paragraph"
_MAIN = "word/document.xml"
_NOTES = {"footnotes": "footnote", "endnotes": "endnote", "comments": "comment"}


def matches(data: bytes) -> bool:
    """Return whether a zip archive says that it is a Word document, or is built like one."""
    return is_package_of(
        data,
        b"wordprocessingml.document.main+xml",
        b"wordprocessingml.template.main+xml",
        b"ms-word.document.macroEnabled.main+xml",
        b"ms-word.template.macroEnabledTemplate.main+xml",
        folder=_MAIN,
    )


def read(data: bytes, *, shown: str, pages: str | None, password: str | None) -> RawDocument | None:
    """Read a Word document.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: refused: where a page ends is decided when Word sets it.
        password: ignored; an encrypted document is no zip archive.

    Raises:
        CorruptDocument: it is damaged, or an attack.
        DocumentTooLong: it unpacks to too much.
        ImageOnlyDocument: it holds only pictures.
        UsageError: `pages` is given.
    """
    refuse_pages(pages, UNIT)
    package = Package(data, shown)
    main = main_part(package, _MAIN)
    body = child(read_part(package, main), "body")
    relations = relationships(package, main)
    reader = BodyReader(
        read_styles(_related(package, relations, "styles")),
        Numbering(_related(package, relations, "numbering")),
        _notes(package, relations),
        lambda reference: diagram_texts(package, relations, reference),
    )
    found = [] if body is None else reader.blocks(body)
    above, below = _running(package, relations, body, reader)
    if not (found or above or below) and reader.pictures:
        raise ImageOnlyDocument(
            f"{shown} holds no text, only pictures (scanned?)",
            hint="export it as PDF and add a text layer: ocrmypdf in.pdf out.pdf",
        )
    blocks = [*above, *found, *below]
    return RawDocument(
        [RawPage(1, lines_of_blocks(blocks, places_by_heading(blocks)))],
        0,
        unit=UNIT,
        knows_paragraphs=True,
        title=core_title(package),
        warnings=omission_warnings(reader.omitted, shown),
    )


def _related(package: Package, relations: dict[str, Relationship], kind: str) -> Element | None:
    """Return the root of the part that the main one refers to as its `kind`."""
    part = next((each.part for each in relations.values() if each.kind == kind), "")
    return optional_part(package, part) if part else None


def _notes(package: Package, relations: dict[str, Relationship]) -> dict[tuple[str, str], Element]:
    """Return the elements of notes and comments, by kind and identifier."""
    found: dict[tuple[str, str], Element] = {}
    for part, kind in _NOTES.items():
        root = _related(package, relations, part)
        for each in () if root is None else root:
            if local(each) == kind and attribute(each, "type") in (None, "normal"):
                found[kind, attribute(each, "id") or ""] = each
    return found


def _running(
    package: Package, relations: dict[str, Relationship], body: Element | None, reader: BodyReader
) -> tuple[list[Block], list[Block]]:
    """Return the headers and the footers of all sections, each distinct one once."""
    seen: set[str] = set()
    both: dict[str, list[Block]] = {"header": [], "footer": []}
    for kind, part in _running_parts(relations, body):
        root = optional_part(package, part)
        both[kind] += new_asides(kind, [] if root is None else reader.blocks(root), seen)
    return both["header"], both["footer"]


def _running_parts(
    relations: dict[str, Relationship], body: Element | None
) -> Iterator[tuple[str, str]]:
    """Yield (`header` or `footer`, name of the part) for what the sections refer to."""
    found: dict[tuple[str, str], None] = {}
    for section in () if body is None else descendants(body, "sectPr"):
        for each in section:
            kind = local(each).removesuffix("Reference")
            relation = relations.get(relation_of(each))
            if kind in ("header", "footer") and relation and relation.part:
                found[kind, relation.part] = None
    yield from found
