"""EPUB books for tests, built part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
XHTML = "application/xhtml+xml"


def archive(parts: Mapping[str, str | bytes], *, stored: Sequence[str] = ()) -> bytes:
    """Return a zip archive; the parts named in `stored` are not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            how = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            file.writestr(name, data, how)
    return buffer.getvalue()


def chapter(body: str) -> str:
    """Return a chapter as careless programs write it: an empty title, an empty anchor."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f'<head><title/></head><body><a id="top"/>{body}</body></html>'
    )


def navigation(entries: Sequence[tuple[str, str]]) -> str:
    """Return a navigation page of EPUB 3 with (title, reference) entries."""
    items = "".join(f'<li><a href="{href}">{title}</a></li>' for title, href in entries)
    return chapter(f'<nav epub:type="toc"><h1>Contents</h1><ol>{items}</ol></nav>')


def ncx(entries: Sequence[tuple[str, str]]) -> str:
    """Return a table of contents of EPUB 2 with (title, reference) entries."""
    points = "".join(
        f"<navPoint><navLabel><text>{title}</text></navLabel><content src='{href}'/></navPoint>"
        for title, href in entries
    )
    return (
        '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" '
        '"http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">'
        f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'
    )


def parts(
    chapters: Mapping[str, str],
    entries: Sequence[tuple[str, str]] = (),
    *,
    version: int = 3,
    title: str = "The Ferry",
    order: Sequence[str] | None = None,
) -> dict[str, str | bytes]:
    """Return the parts of a book.

    Args:
        chapters: the body of each file, by its name.
        entries: (title, reference) pairs of the table of contents.
        version: 3 for a navigation page, 2 for an NCX file.
        title: of the book.
        order: the names in reading order; as in `chapters` if None.
    """
    found: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
    }
    items, spine = "", ""
    for name, body in chapters.items():
        found[f"OEBPS/{name}"] = chapter(body)
        items += f'<item id="{name}" href="{name}" media-type="{XHTML}"/>'
    for name in order or chapters:
        spine += f'<itemref idref="{name}"/>'
    if version == 3:
        found["OEBPS/nav.xhtml"] = navigation(entries)
        items += f'<item id="nav" href="nav.xhtml" properties="nav" media-type="{XHTML}"/>'
        spine = '<itemref idref="nav"/>' + spine
    else:
        found["OEBPS/toc.ncx"] = ncx(entries)
        items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    found["OEBPS/book.opf"] = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>'
        f'</metadata><manifest>{items}</manifest><spine toc="ncx">{spine}</spine></package>'
    )
    return found


def book(
    chapters: Mapping[str, str], entries: Sequence[tuple[str, str]] = (), *, version: int = 3
) -> bytes:
    """Return a whole book; see `parts`."""
    return archive(parts(chapters, entries, version=version), stored=["mimetype"])
