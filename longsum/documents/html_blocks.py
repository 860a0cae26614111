"""The blocks of an HTML page: its elements in order, as a browser would set them below one another.

Pure. Elements that HTML does not know are part of the line they are in. Nothing recurses: a page
may nest its elements thousands deep.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from longsum.documents.blocks import HARD_BREAK, Block, Kind, clean_blocks, row_blocks
from longsum.documents.clean import BROKEN, clean_characters
from longsum.documents.html_left_out import NEVER_SHOWN
from longsum.documents.lines import lines_of_text
from longsum.documents.markup import Element, attribute, events, local
from longsum.documents.paragraphs import flow_text

_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_BLOCKS = _HEADINGS | frozenset(
    """
    html body address article aside blockquote center dd details dialog dir div dl dt fieldset
    figcaption figure footer form header hgroup hr legend li main menu nav ol optgroup p pre
    section summary table tbody td tfoot th thead tr caption ul xmp listing
    """.split()  # noqa: SIM905 - a word list reads best as words
)
_AS_WRITTEN = frozenset({"pre", "xmp", "listing"})
_LISTS = frozenset({"ol", "ul", "menu", "dir"})
_CELLS = frozenset({"td", "th"})
_BULLET = "•"


@dataclass
class _List:
    """A list that is being read."""

    next: int | None = None
    """Number of the next item; None where items have bullets."""


@dataclass
class _Table:
    """A table that is being read."""

    cells: list[list[Block]] | None = None
    """Cells of the row so far; None between rows."""


@dataclass
class PageBlocks:
    """What a page holds."""

    blocks: list[Block]
    marks: dict[str, int] = field(default_factory=dict)
    """For each wanted `id`, the index of the first block at or after it."""


def page_blocks(
    root: Element, skipped: Container[Element] = (), wanted: Container[str] = ()
) -> PageBlocks:
    """Return the blocks of an element.

    Args:
        root: an element of a page.
        skipped: elements that are left out.
        wanted: values of `id` whose places are wanted.
    """
    reader = _Reader(wanted)
    for event, element, skip in events(root):
        name = local(element)
        is_left_out = name in NEVER_SHOWN or element in skipped or _is_page_number(element)
        formula = element.get("alttext") if name == "math" else None
        is_left_out = is_left_out or bool(formula)
        if event == "start" and is_left_out:
            reader.add(formula)
            skip()
        elif event == "start":
            reader.start(element, name)
        elif not is_left_out:
            reader.end(name)
        if event == "end" and element is not root:
            reader.add(element.tail)
    reader.flush()
    return PageBlocks(reader.out, reader.marks)


def _is_page_number(element: Element) -> bool:
    """Return whether an element gives a page number of the printed book (EPUB accessibility)."""
    return attribute(element, "type") == "pagebreak"


class _Reader:
    """Collects blocks while elements begin and end."""

    def __init__(self, wanted: Container[str]) -> None:
        self.marks: dict[str, int] = {}
        self._wanted = wanted
        self._targets: list[list[Block]] = [[]]
        self._parts: list[str] = []
        self._lists: list[_List] = []
        self._tables: list[_Table] = []
        self._heading = 0
        self._as_written = 0
        self._marker = ""

    @property
    def out(self) -> list[Block]:
        """Blocks outside tables."""
        return self._targets[0]

    def start(self, element: Element, name: str) -> None:
        """Begin an element."""
        if name in _BLOCKS:
            self.flush()
        identifier = element.get("id") or (name == "a" and element.get("name"))
        if identifier and identifier in self._wanted and identifier not in self.marks:
            self.flush()
            self.marks[identifier] = len(self.out)
        if name == "br":
            self._parts.append("\n" if self._as_written else HARD_BREAK)
        elif name == "q":
            self._parts.append("“")
        elif name in _HEADINGS:
            self._heading += 1
        elif name in _AS_WRITTEN:
            self._as_written += 1
        elif name in _LISTS:
            self._lists.append(_List(_number(element, "start") if name == "ol" else None))
        elif name == "li":
            self._begin_item(element)
        else:
            self._start_table(name)
        self.add(element.text)

    def end(self, name: str) -> None:
        """End an element."""
        if name in _BLOCKS:
            self.flush()
        if name == "q":
            self._parts.append("”")
        elif name in _HEADINGS:
            self._heading -= 1
        elif name in _AS_WRITTEN:
            self._as_written -= 1
        elif name in _LISTS:
            self._lists.pop()
        elif name == "li":
            self._marker = ""
        else:
            self._end_table(name)

    def add(self, text: str | None) -> None:
        """Add text to the current line."""
        if text:
            self._parts.append(text)

    def flush(self) -> None:
        """End the current line."""
        raw = "".join(self._parts)
        self._parts.clear()
        if not raw.strip():
            return
        if self._as_written:
            found = _as_written_blocks(raw)
        elif self._heading:
            found = clean_blocks(raw, Kind.HEADING)
        elif self._marker:
            found = clean_blocks(raw, Kind.ITEM, self._marker)
        else:
            found = clean_blocks(raw)
        if found:
            self._marker = ""
            self._targets[-1].extend(found)

    def _begin_item(self, element: Element) -> None:
        within = self._lists[-1] if self._lists else _List()
        if within.next is None:
            self._marker = _BULLET
            return
        number = _number(element, "value", within.next)
        within.next = number + 1
        self._marker = f"{number}."

    def _start_table(self, name: str) -> None:
        if name == "table":
            self._tables.append(_Table())
        elif name == "tr" and self._tables:
            self._end_row()
            self._tables[-1].cells = []
        elif name in _CELLS and self._tables:
            table = self._tables[-1]
            if table.cells is None:
                table.cells = []
            table.cells.append([])
            self._targets.append(table.cells[-1])

    def _end_table(self, name: str) -> None:
        if not self._tables:
            return
        if name in _CELLS and len(self._targets) > 1:
            self._targets.pop()
        elif name == "tr":
            self._end_row()
        elif name == "table":
            self._end_row()
            self._tables.pop()

    def _end_row(self) -> None:
        cells, self._tables[-1].cells = self._tables[-1].cells, None
        if cells:
            self._targets[-1].extend(row_blocks(cells))


def _as_written_blocks(raw: str) -> list[Block]:
    """Return the blocks of text whose lines are as the author wrote them, or merely wrapped."""
    text = clean_characters(raw).replace(BROKEN, "")
    flowed = flow_text(lines_of_text(text)).text
    return [Block(part) for part in flowed.split("\n\n") if part.strip()]


def _number(element: Element, name: str, default: int = 1) -> int:
    """Return the number in an attribute, or the default."""
    value = (element.get(name) or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else default
