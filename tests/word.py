"""Word documents for tests: made by python-docx, with XML where it has no function for it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import docx
from docx.oxml import parse_xml

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c636060"
    "6060000000050001a5f645400000000049454e44ae426082"
)
"""A PNG image of one pixel."""

_SPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "v": "urn:schemas-microsoft-com:vml",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "o": "urn:schemas-microsoft-com:office:office",
}
_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items())
_RELATION = (
    '<Relationship Id="{name}" Target="{name}.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{name}"/>'
)


def xml(text: str) -> Any:
    """Return an element, its namespaces declared."""
    return parse_xml(f"<root {_DECLARED}>{text}</root>")[0]


def paragraph(inside: str) -> Any:
    """Return a paragraph with some XML inside."""
    return xml(f"<w:p>{inside}</w:p>")


def run(text: str, properties: str = "") -> str:
    """Return the XML of a run."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def add(document: Any, *elements: Any) -> None:
    """Add elements at the end of a document's body, before the properties of its last section."""
    for element in elements:
        document.element.body.insert(len(document.element.body) - 1, element)


def saved(document: Any, notes: Mapping[str, str] | None = None) -> bytes:
    """Return a document's bytes.

    Args:
        document: of python-docx.
        notes: XML inside `footnotes`, `endnotes` or `comments`, by that name.
    """
    buffer = io.BytesIO()
    document.save(buffer)
    if not notes:
        return buffer.getvalue()
    more = {
        f"word/{name}.xml": f"<w:{name} {_DECLARED}>{inside}</w:{name}>".encode()
        for name, inside in notes.items()
    }
    relations = "".join(_RELATION.format(name=name) for name in notes)
    return changed(
        buffer.getvalue(),
        more,
        lambda name, data: (
            data.replace(b"</Relationships>", relations.encode() + b"</Relationships>")
            if name == "word/_rels/document.xml.rels"
            else data
        ),
    )


def changed(data: bytes, more: Mapping[str, bytes], change: Any = lambda _, data: data) -> bytes:
    """Return an archive with parts changed, replaced and added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name not in more:
                new.writestr(name, change(name, old.read(name)), zipfile.ZIP_DEFLATED)
        for name, part in more.items():
            new.writestr(name, part, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def new() -> Any:
    """Return an empty document of python-docx."""
    return docx.Document()
