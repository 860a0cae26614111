"""The blocks of an OpenDocument text: headings, paragraphs, lists, tables, notes.

Inserted changes are part of the text; what was deleted is stored apart in the file, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from longsum.documents.blocks import (
    HARD_BREAK,
    Block,
    Kind,
    clean_blocks,
    clean_text,
    comment_by,
    marked_asides,
    row_blocks,
)
from longsum.documents.docx_styles import number
from longsum.documents.markup import Element, attribute, child, descendants, local
from longsum.documents.odt_styles import OUTLINE, OdtStyles
from longsum.documents.omissions import DELETED, EMBEDDED, HIDDEN

_MAX_SPACES = 100
_HIDDEN_FLAGS = ("hidden-text", "hidden-paragraph")
_PASSED_OVER = frozenset(
    {"ruby-text", "note-citation", "title", "desc", "page-number", "page-count", "annotation-end"}
)


@dataclass(frozen=True)
class _Item:
    """The item of a list that a paragraph is in."""

    style: str
    counts: tuple[int, ...]
    """Its number, and before it those of the items it is in."""


class OdtReader:
    """Reads the blocks of a text.

    Args:
        styles: what the document's styles say.
    """

    def __init__(self, styles: OdtStyles) -> None:
        self.omitted: Counter[str] = Counter()
        self.pictures = 0
        self._styles = styles
        self._numbers: Counter[str] = Counter()
        self._outline: list[int] = []
        self._lists: dict[str, int] = {}
        self._asides: list[Block] = []
        self._boxes: list[Element] = []
        self._tables = 0

    def blocks(self, container: Element, item: _Item | None = None) -> list[Block]:
        """Return the blocks of a body, a cell, an item, a note or a text box.

        Args:
            container: the element that holds them.
            item: of a list, if it is one.
        """
        found: list[Block] = []
        marker = self._styles.marker(item.style, item.counts) if item else ""
        for each in container:
            name = local(each)
            if name in ("h", "p"):
                found += self._paragraph(each, marker)
                marker = ""  # an item's other paragraphs have no mark
            elif name == "list":
                found += self._list(each, item)
            elif name == "table":
                found += self._table(each)
            elif name == "tracked-changes":
                self.omitted[DELETED] += sum(map(_words, descendants(each, "deletion")))
            elif name == "section" and attribute(each, "display") == "none":
                self.omitted[HIDDEN] += _words(each)
            elif name not in _PASSED_OVER:
                found += [] if self._drawn(each, name) else self.blocks(each)
                found += self._boxed()
            if not self._tables:
                found += self._asides
                self._asides = []
        return found

    def _paragraph(self, paragraph: Element, marker: str) -> list[Block]:
        if self._is_hidden(paragraph):
            self.omitted[HIDDEN] += _words(paragraph)
            return []
        is_heading = local(paragraph) == "h"
        parts: list[str] = []
        self._inline(paragraph, parts)
        raw = "".join(parts)
        if is_heading and raw.strip():
            marker = marker or self._heading_number(paragraph)
        kind = Kind.HEADING if is_heading else Kind.ITEM if marker else Kind.TEXT
        return clean_blocks(raw, kind, clean_text(marker)) + self._boxed()

    def _is_hidden(self, element: Element) -> bool:
        flags = descendants(element, "hidden-paragraph")
        hides = any(attribute(each, "is-hidden") == "true" for each in flags)
        return hides or self._styles.is_hidden(attribute(element, "style-name"))

    def _boxed(self) -> list[Block]:
        """Return the blocks of the text boxes that were met, which are read after a paragraph."""
        boxes, self._boxes = self._boxes, []
        return [block for box in boxes for block in self.blocks(box)]

    def _heading_number(self, heading: Element) -> str:
        """Count a heading and return its number."""
        level = max(1, min(10, number(attribute(heading, "outline-level"), 1)))
        if attribute(heading, "is-list-header") == "true":
            return ""
        while len(self._outline) < level:
            self._outline.append(self._styles.start(OUTLINE, len(self._outline) + 1) - 1)
        del self._outline[level:]
        self._outline[-1] += 1
        return self._styles.marker(OUTLINE, self._outline)

    def _inline(self, element: Element, parts: list[str]) -> None:
        """Collect the raw text of an element within a paragraph."""
        parts.append(element.text or "")
        for each in element:
            self._inner(each, local(each), parts)
            parts.append(each.tail or "")

    def _inner(self, element: Element, name: str, parts: list[str]) -> None:
        if name == "s":
            parts.append(" " * min(_MAX_SPACES, number(attribute(element, "c"), 1)))
        elif name == "tab":
            parts.append(" ")
        elif name == "line-break":
            parts.append(HARD_BREAK)
        elif name in ("note", "annotation"):
            self._asides += self._aside(element, name)
        elif name in _HIDDEN_FLAGS or self._styles.is_hidden(attribute(element, "style-name")):
            self.omitted[HIDDEN] += _words(element)
        elif name not in _PASSED_OVER and not self._drawn(element, name):
            self._inline(element, parts)

    def _drawn(self, element: Element, name: str) -> bool:
        """Note what a frame holds, for later or as omitted; return whether that is all of it."""
        if name == "text-box":
            self._boxes.append(element)
        elif name == "image":
            self.pictures += 1
        elif name in ("object", "object-ole", "plugin"):
            self.omitted[EMBEDDED] += 1
        else:
            return False
        return True

    def _list(self, element: Element, outer: _Item | None) -> list[Block]:
        style = attribute(element, "style-name") or (outer.style if outer else "bullets")
        before = outer.counts if outer else ()
        count = self._styles.start(style, len(before) + 1) - 1
        if not outer and attribute(element, "continue-numbering") == "true":
            count = self._lists.get(style, count)
        found: list[Block] = []
        for each in element:
            if local(each) == "list-header":
                found += self.blocks(each)
            elif local(each) == "list-item":
                count = number(attribute(each, "start-value"), count + 1)
                found += self.blocks(each, _Item(style, (*before, count)))
        if not outer:
            self._lists[style] = count
        return found

    def _table(self, table: Element) -> list[Block]:
        found: list[Block] = []
        self._tables += 1
        for row in _rows(table):
            cells = [self.blocks(cell) for cell in row if local(cell) == "table-cell"]
            found += row_blocks(cells)
        self._tables -= 1
        return found

    def _aside(self, element: Element, name: str) -> list[Block]:
        """Return the blocks of a note or comment, marked as one."""
        if name == "annotation":
            creator = child(element, "creator")
            author = "" if creator is None else "".join(creator.itertext())
            named, body = comment_by(author), element
        else:
            kind = "endnote" if attribute(element, "note-class") == "endnote" else "note"
            self._numbers[kind] += 1
            named, body = f"{kind} {self._numbers[kind]}", child(element, "note-body")
        if body is None:
            return []
        asides, self._asides = self._asides, []
        boxes, self._boxes = self._boxes, []
        tables, self._tables = self._tables, 0
        found = self.blocks(body)
        self._asides, self._boxes, self._tables = asides, boxes, tables
        return marked_asides(named[0].upper() + named[1:], named, found)


def _rows(table: Element) -> Iterator[Element]:
    """Yield a table's rows, also those of its head, but not those of tables in it."""
    for each in table:
        if local(each) == "table-row":
            yield each
        elif local(each) in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(each)


def _words(element: Element) -> int:
    """Count the words of paragraphs that are not read."""
    own = [element] if local(element) not in ("deletion", "section") else []
    texts = ("".join(each.itertext()) for each in own or descendants(element, "p", "h"))
    return sum(len(text.split()) for text in texts)
