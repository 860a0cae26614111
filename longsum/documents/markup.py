"""XML and HTML as trees of elements, parsed so that a hostile file can neither grow nor reach out.

lxml parses: entities are not expanded, nothing outside the file is opened, and a file that declares
entities of its own is refused, which documents never need. Imported only when such a file is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from longsum.errors import CorruptDocument, DocumentError, DocumentTooLong

Element = Any
"""An element of lxml, which has no types of its own."""

_ENTITIES = re.compile(rb"<!ENTITY\s", re.I)
_PROLOG_BYTES = 1 << 16
"""Bytes of an HTML page that are searched for declarations of entities."""


def _lxml() -> Any:
    """Import lxml's parsers.

    Raises:
        DocumentError: it is not installed.
    """
    try:
        from lxml import etree
    except ImportError as error:
        raise DocumentError(
            "reading HTML, EPUB and office documents needs lxml, which is not installed",
            hint="pip install lxml",
        ) from error
    return etree


def parse_xml(data: bytes, shown: str, part: str) -> Element:
    """Return the root element of an XML part.

    Args:
        data: its bytes.
        shown: the document's name, safe to print.
        part: the part's name, for messages.

    Raises:
        CorruptDocument: it is not well-formed, or declares entities.
        DocumentError: lxml is not installed.
    """
    etree = _lxml()
    if _ENTITIES.search(data.replace(b"\0", b"") if b"\0" in data[:64] else data):  # UTF-16
        raise _entities(shown)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        why = (
            "nests its elements too deeply"
            if "Excessive depth" in str(error)
            else "is not well-formed XML"
        )
        raise CorruptDocument(
            f"{shown} is damaged or incomplete: its part {part!a} {why}",
            hint="download or export it again",
        ) from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise _entities(shown)
    return root


def parse_html(text: str, shown: str) -> Element | None:
    """Return the root element of an HTML page, however untidy; None if it has none.

    Args:
        text: the page, decoded.
        shown: its name, safe to print.

    Raises:
        CorruptDocument: it declares entities, or nests its elements too deeply to be read.
        DocumentError: lxml is not installed.
    """
    etree = _lxml()
    head = text[:_PROLOG_BYTES]
    if "<!ENTITY" in head and _ENTITIES.search(head.encode("utf-8", "replace")):
        raise _entities(shown)
    if "<![CDATA[" in text:  # text in XHTML, but a comment for a parser of HTML
        text = _without_cdata(text)
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None
    for error in parser.error_log:
        if "Excessive depth" in error.message:  # what follows is not in the tree
            raise DocumentTooLong(
                f"{shown} is refused: its elements are nested too deeply",
                hint="open it in a browser, print it to a PDF and read that",
            )
    return root


def _without_cdata(text: str) -> str:
    """Return a page whose marked sections of text are escaped text instead."""
    first, *rest = text.split("<![CDATA[")
    parts = [first]
    for each in rest:
        inside, end, after = each.partition("]]>")
        parts += (escape(inside, quote=False), after) if end else (each,)
    return "".join(parts)


def _entities(shown: str) -> CorruptDocument:
    return CorruptDocument(
        f"{shown} is refused: it declares XML entities, as attacks do and documents need not",
        hint="if you trust it, export it as PDF from its program and read that",
    )


def local(element: Element) -> str:
    """Return an element's name without its namespace; empty for what is not an element."""
    tag = element.tag
    return _unprefixed(tag) if isinstance(tag, str) else ""


def _unprefixed(name: str) -> str:
    """Return a name without its namespace, or the prefix that HTML keeps of one."""
    return name.rpartition("}")[2].removeprefix("html:").removeprefix("epub:")


def attribute(element: Element, name: str) -> str | None:
    """Return the attribute of that name, in any namespace."""
    for key, value in element.attrib.items():
        if _unprefixed(key) == name:
            return str(value)
    return None


def child(element: Element, *path: str) -> Element | None:
    """Return the first descendant along a path of names, in any namespace."""
    for name in path:
        element = next((each for each in element if local(each) == name), None)
        if element is None:
            return None
    return element


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """Yield the elements of some names below an element, in document order, in any namespace."""
    for each in element.iter():
        if local(each) in names:
            yield each


def events(element: Element) -> Iterator[tuple[str, Element, Callable[[], None]]]:
    """Yield the `start` and `end` of an element and of all below it, without recursion.

    Each comes with a function that, at the start, passes over what is in the element.
    """
    walker = _lxml().iterwalk(element, events=("start", "end"))
    for event, each in walker:
        yield event, each, walker.skip_subtree


def walk(element: Element) -> Iterator[tuple[Element, Callable[[], None]]]:
    """Yield an element and all below it, each with a function that passes over what is in it."""
    return ((each, skip) for event, each, skip in events(element) if event == "start")
