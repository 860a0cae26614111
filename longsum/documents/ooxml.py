"""What DOCX and PPTX share: which part is the main one, and which parts another refers to.

ECMA-376; both the transitional and the strict variant, whose namespaces differ.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from longsum.documents.blocks import clean_text
from longsum.documents.markup import Element, attribute, child, descendants, local, parse_xml
from longsum.documents.packages import Package, open_package, resolved

_TYPES = "[Content_Types].xml"


@dataclass(frozen=True)
class Relationship:
    """A part that another part refers to."""

    kind: str
    """Last word of its type: `footnotes`, `slide`, `image`."""
    part: str
    """Name of the part; empty if it is outside the archive."""


def is_package_of(data: bytes, *types: bytes, folder: str) -> bool:
    """Return whether a file's main part is of a type, or in the folder usual for it.

    Args:
        data: the file's bytes.
        types: parts of content types.
        folder: of the main part, should the list of types be unreadable.
    """
    package = open_package(data, "")
    if package is None:
        return False
    return package.holds(_TYPES, *types) or folder in package


def main_part(package: Package, usual: str) -> str:
    """Return the name of the main part.

    Args:
        package: the document's parts.
        usual: its usual name, should no relationship name it.
    """
    for each in relationships(package, "").values():
        if each.kind == "officeDocument" and each.part in package:
            return each.part
    return usual


def read_part(package: Package, name: str) -> Element:
    """Return the root element of a part.

    Raises:
        CorruptDocument: it is missing or damaged.
    """
    root = optional_part(package, name)
    if root is None:
        raise package.damaged(f"its part {name!a} is missing")
    return root


def relation_of(element: Element) -> str:
    """Return the identifier of the relationship that an element refers to, its `r:id`."""
    found = (value for key, value in element.attrib.items() if key.endswith("/relationships}id"))
    return str(next(found, ""))


def optional_part(package: Package, name: str) -> Element | None:
    """Return the root element of a part; None if there is no such part."""
    data = package.read(name)
    return None if data is None else parse_xml(data, package.shown, name)


def relationships(package: Package, part: str) -> dict[str, Relationship]:
    """Return what a part refers to, by the identifiers that it uses.

    Args:
        package: the document's parts.
        part: its name; empty for the package itself.
    """
    folder, name = posixpath.split(part)
    root = optional_part(package, posixpath.join(folder, "_rels", f"{name}.rels"))
    found: dict[str, Relationship] = {}
    for each in () if root is None else descendants(root, "Relationship"):
        kind = (each.get("Type") or "").rpartition("/")[2]
        is_outside = each.get("TargetMode") == "External"
        target = "" if is_outside else resolved(part, each.get("Target") or "")
        found[each.get("Id") or ""] = Relationship(kind, target)
    return found


def core_title(package: Package) -> str | None:
    """Return the title in a document's properties."""
    root = optional_part(package, "docProps/core.xml")
    title = None if root is None else child(root, "title")
    return None if title is None else clean_text(title.text or "") or None


def value(element: Element | None, name: str = "val") -> str | None:
    """Return an attribute of an element that may be missing."""
    return None if element is None else attribute(element, name)


def is_on(element: Element | None) -> bool:
    """Return whether a property is there and not switched off (ECMA-376 part 1, 17.17.4)."""
    return element is not None and value(element) not in ("0", "false", "off", "none")


def current(element: Element) -> Element | None:
    """Return the variant of alternate content to read, the first; None if there is none.

    Programs write the same passage again for readers that do not know the first form.
    """
    return next((each for each in element if local(each) in ("Choice", "Fallback")), None)


def diagram_texts(
    package: Package, relations: dict[str, Relationship], reference: Element
) -> Iterator[str]:
    """Yield the texts of a diagram (SmartArt) whose shapes are in a part of their own.

    Args:
        package: the document's parts.
        relations: those of the part that shows the diagram.
        reference: the element `relIds` there.
    """
    relation = relations.get(attribute(reference, "dm") or "")
    root = optional_part(package, relation.part) if relation and relation.part else None
    for point in () if root is None else descendants(root, "pt"):
        for paragraph in descendants(point, "p"):
            yield "".join(each.text or "" for each in descendants(paragraph, "t"))
