"""What an EPUB book says about itself: the order of its files, its table of contents, encryption.

Reads EPUB 2 and 3. A file that the book lists but does not hold is passed over, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from longsum.documents.blocks import clean_text
from longsum.documents.html_encoding import decode_declared
from longsum.documents.markup import (
    Element,
    attribute,
    child,
    descendants,
    local,
    parse_html,
    parse_xml,
)
from longsum.documents.packages import Package, resolved
from longsum.errors import ProtectedDocument

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_TEXT_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_OBFUSCATIONS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Algorithms that hide only fonts (EPUB 3.3, 4.3)."""


@dataclass(frozen=True)
class ContentsEntry:
    """An entry of the table of contents."""

    title: str
    file: str
    """Name of the part."""
    fragment: str
    """An `id` in it; empty for its beginning."""
    depth: int
    """From 1."""


@dataclass(frozen=True)
class BookContents:
    """What is in a book, and in which order."""

    files: tuple[str, ...]
    """Names of the parts with text, in reading order; a page of contents is left out."""
    missing: int
    """Parts that should be there, but are not."""
    entries: tuple[ContentsEntry, ...]
    title: str | None


@dataclass(frozen=True)
class _Item:
    file: str
    kind: str
    properties: tuple[str, ...]


def read_contents(package: Package) -> BookContents:
    """Return what a book says about itself.

    Raises:
        ProtectedDocument: its text is encrypted.
        CorruptDocument: it does not say which files it consists of.
    """
    name = _package_file(package)
    root = _xml(package, name)
    items = {
        str(each.get("id")): _Item(
            resolved(name, each.get("href") or ""),
            (each.get("media-type") or "").lower(),
            tuple((each.get("properties") or "").split()),
        )
        for each in descendants(root, "item")
    }
    spine = child(root, "spine")
    order = [
        items[each.get("idref")]
        for each in (() if spine is None else descendants(spine, "itemref"))
        if each.get("idref") in items
    ]
    listed = [item for item in order if item.kind in _TEXT_TYPES and "nav" not in item.properties]
    if not listed:
        raise package.damaged("it lists no chapters")
    files = tuple(dict.fromkeys(item.file for item in listed if item.file in package))
    _refuse_encrypted(package, files)
    titles = descendants(root, "title")
    title = next((clean_text("".join(each.itertext())) for each in titles), None)
    return BookContents(
        files,
        sum(item.file not in package for item in listed),
        tuple(_entries(package, items, spine)),
        title or None,
    )


def _package_file(package: Package) -> str:
    """Return the name of the part that lists all others."""
    container = _xml(package, _CONTAINER)
    for each in descendants(container, "rootfile"):
        if path := each.get("full-path"):
            return resolved("", path)
    raise package.damaged("it does not name its list of files")


def _xml(package: Package, name: str) -> Element:
    data = package.read(name)
    if data is None:
        raise package.damaged(f"its part {name!a} is missing")
    return parse_xml(data, package.shown, name)


def _refuse_encrypted(package: Package, files: tuple[str, ...]) -> None:
    """Refuse a book in which more is encrypted than its fonts."""
    if _ENCRYPTION not in package:
        return
    for each in descendants(_xml(package, _ENCRYPTION), "EncryptedData"):
        method = next(descendants(each, "EncryptionMethod"), None)
        reference = next(descendants(each, "CipherReference"), None)
        if method is not None and method.get("Algorithm") in _OBFUSCATIONS:
            continue
        file = resolved("", (reference is not None and reference.get("URI")) or "")
        if file in files or not file:
            raise ProtectedDocument(
                f"{package.shown} is protected by DRM: its text is encrypted",
                hint="get a copy without DRM from where the book was bought",
            )


# --- the table of contents ---


def _entries(package: Package, items: dict[str, _Item], spine: Element) -> Iterator[ContentsEntry]:
    """Yield the table of contents, from a book's navigation page or, in EPUB 2, its NCX file."""
    for item in items.values():
        if "nav" in item.properties and (data := package.read(item.file)):
            found = list(_navigation(data, item.file, package.shown))
            if found:
                yield from found
                return
    wanted = items.get(spine.get("toc") or "")
    files = [wanted] if wanted else []
    files += [item for item in items.values() if item.kind == "application/x-dtbncx+xml"]
    for item in files:
        if data := package.read(item.file):
            yield from _ncx(parse_xml(data, package.shown, item.file), item.file)
            return


def _navigation(data: bytes, file: str, shown: str) -> Iterator[ContentsEntry]:
    """Yield the entries of the list in the `nav` element for contents."""
    root = parse_html(decode_declared(data) or data.decode("utf-8", "replace"), shown)
    navs = [] if root is None else list(descendants(root, "nav"))
    contents = [each for each in navs if "toc" in (attribute(each, "type") or "").split()]
    for nav in (contents or navs)[:1]:
        for link in descendants(nav, "a"):
            depth = sum(local(each) == "ol" for each in link.iterancestors())
            yield from _entry("".join(link.itertext()), link.get("href"), file, depth)


def _ncx(root: Element, file: str) -> Iterator[ContentsEntry]:
    for point in descendants(root, "navPoint"):
        label, content = child(point, "navLabel", "text"), child(point, "content")
        if label is not None and content is not None:
            depth = 1 + sum(local(each) == "navPoint" for each in point.iterancestors())
            yield from _entry("".join(label.itertext()), content.get("src"), file, depth)


def _entry(title: str, reference: str | None, file: str, depth: int) -> Iterator[ContentsEntry]:
    """Yield an entry unless it has no title or leads nowhere."""
    words = clean_text(title)
    if words and reference:
        path, _, fragment = reference.partition("#")
        yield ContentsEntry(words, resolved(file, path) if path else file, fragment, depth)
