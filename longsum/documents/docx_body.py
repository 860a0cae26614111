"""The blocks of a DOCX: paragraphs and tables in order, notes after the paragraph they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from longsum.documents.blocks import (
    Block,
    Kind,
    clean_blocks,
    clean_text,
    comment_by,
    marked_asides,
    row_blocks,
)
from longsum.documents.docx_numbering import Numbering
from longsum.documents.docx_runs import Runs
from longsum.documents.docx_styles import Style, style_of
from longsum.documents.markup import Element, attribute, child, descendants, local
from longsum.documents.omissions import DELETED, EMBEDDED
from longsum.documents.ooxml import current, is_on, value

_WITHIN = frozenset({"sdtContent", "customXml", "ins", "moveTo", "smartTag"})
_GONE = ("del", "moveFrom")
_NO_LIST = "0"


class BodyReader:
    """Reads the blocks of a document's body, and of what stands beside it.

    Args:
        styles: by identifier.
        numbering: counts lists.
        notes: the elements of footnotes, endnotes and comments, by kind and identifier.
        diagram: returns the texts of a diagram from its reference.
    """

    def __init__(
        self,
        styles: dict[str, Style],
        numbering: Numbering,
        notes: Mapping[tuple[str, str], Element],
        diagram: Callable[[Element], Iterator[str]],
    ) -> None:
        self.omitted: Counter[str] = Counter()
        self.pictures = 0
        self._styles, self._numbering, self._notes = styles, numbering, dict(notes)
        self._diagram = diagram
        self._numbers: Counter[str] = Counter()
        self._asides: list[Block] = []
        self._tables = 0
        self._carried = ""

    def blocks(self, container: Element) -> list[Block]:
        """Return the blocks of a body, a cell, a note or a text box."""
        found: list[Block] = []
        for each in container:
            name = local(each)
            if name == "p":
                found += self._paragraph(each)
            elif name == "tbl":
                found += self._table(each)
            elif name == "sdt":
                content = child(each, "sdtContent")
                if content is not None and not is_on(child(each, "sdtPr", "showingPlcHdr")):
                    found += self.blocks(content)
            elif name == "AlternateContent":
                chosen = current(each)
                found += [] if chosen is None else self.blocks(chosen)
            elif name in _WITHIN:
                found += self.blocks(each)
            elif name == "altChunk":
                self.omitted[EMBEDDED] += 1
            if not self._tables:
                found += self._asides
                self._asides = []
        return found

    def _paragraph(self, paragraph: Element) -> list[Block]:
        properties = child(paragraph, "pPr")
        mark = None if properties is None else child(properties, "rPr")
        style = style_of(properties, None)
        named = None if properties is None else value(child(properties, "pStyle"))
        style = style.over(self._styles.get(named or "", Style()))
        if style.level is None and style.numbering:
            style = replace(style, level=self._numbering.level_of(style.numbering, named or ""))
        runs = Runs(self._styles, self.omitted)
        runs.read(paragraph, bool(style.is_hidden))
        self.pictures += runs.pictures
        raw, self._carried = self._carried + "".join(runs.parts), ""
        if _is_joined(
            paragraph, mark
        ):  # the end of this paragraph is deleted: it goes on in the next
            self._carried = raw
            found = []
        else:
            found = self._blocks_of(raw, style)
        for box in runs.boxes:
            found += self.blocks(box)
        for reference in runs.diagrams:
            found += [
                Block(text) for each in self._diagram(reference) if (text := clean_text(each))
            ]
        for kind, identifier in runs.notes:
            self._asides += self._aside(kind, identifier)
        return found

    def _blocks_of(self, raw: str, style: Style) -> list[Block]:
        """Return a paragraph's blocks, with its number or bullet."""
        marker = ""
        if style.numbering and style.numbering != _NO_LIST and raw.strip():
            marker = self._numbering.label(style.numbering, style.level or 0)
        kind = Kind.HEADING if style.is_heading else Kind.ITEM if marker else Kind.TEXT
        return clean_blocks(raw, kind, clean_text(marker))

    def _table(self, table: Element) -> list[Block]:
        found: list[Block] = []
        self._tables += 1
        for row in _rows(table):
            if child(row, "trPr", "del") is not None:
                texts = "".join(each.text or "" for each in descendants(row, "t", "delText"))
                self.omitted[DELETED] += len(texts.split())
                continue
            cells = [self.blocks(cell) for cell in _cells(row)]
            found += row_blocks(cells)
        self._tables -= 1
        return found

    def _aside(self, kind: str, identifier: str) -> list[Block]:
        """Return the blocks of a note or comment, marked as one."""
        element = self._notes.pop((kind, identifier), None)  # a note that refers to itself, too
        if element is None:
            return []
        if kind == "comment":
            named = comment_by(attribute(element, "author") or "")
        else:
            self._numbers[kind] += 1
            named = f"{'note' if kind == 'footnote' else kind} {self._numbers[kind]}"
        asides, self._asides = self._asides, []  # a note may have comments of its own
        tables, self._tables = self._tables, 0
        found = self.blocks(element)
        self._asides, self._tables = asides, tables
        return marked_asides(named[0].upper() + named[1:], named, found)


def _is_joined(paragraph: Element, mark: Element | None) -> bool:
    """Return whether the end of a paragraph is deleted, so that the next one continues it."""
    after = paragraph.getnext()
    is_deleted = mark is not None and any(local(each) in _GONE for each in mark)
    return is_deleted and after is not None and local(after) == "p"


def _rows(table: Element) -> Iterator[Element]:
    """Yield a table's rows, also those in content controls."""
    yield from _inner(table, "tr")


def _cells(row: Element) -> Iterator[Element]:
    """Yield a row's cells, without those that continue one from the row above."""
    for cell in _inner(row, "tc"):
        merged = child(cell, "tcPr", "vMerge")
        if merged is None or value(merged) == "restart":
            yield cell


def _inner(element: Element, name: str) -> Iterator[Element]:
    for each in element:
        if local(each) == name:
            yield each
        elif local(each) in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            yield from _inner(each, name)
