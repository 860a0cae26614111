"""Blocks of text from a format that says what they are: paragraphs, headings, items, table rows.

Pure. A reader makes blocks; here they become lines that know what follows them, so that nothing is
left to be judged by a layout that such a format does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from longsum.documents.clean import BROKEN, clean_characters
from longsum.documents.line_ends import ends_sentence
from longsum.documents.lines import CHAR_WIDTH, Box, Line, Link

HARD_BREAK = "\u2028"
"""A line break inside a paragraph, in text that is not yet clean."""
CELL = " | "
"""Between the cells of a table row."""
MAX_CELL = 300
"""Characters of a cell from which a table is one that arranges passages, not figures."""

MAX_TITLE = 60
"""Characters of a heading in a reference."""


_PAGE_NUMBER = re.compile(r"\W*(?:(?:page|seite|p|s)\b\W*)?\d*\W*(?:(?:of|von|/)\W*\d*\W*)?", re.I)

_MAX_PAGE_NUMBER = 40
"""Characters of a page number such as `– Page 3 of 9 –`."""


class Kind(Enum):
    """What a block is."""

    TEXT = "text"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"


_TIGHT = (Kind.ITEM, Kind.ROW)
"""Blocks that follow another of their kind without an empty line."""


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, an item or a table row."""

    text: str
    """Clean; a newline is one that the author made."""
    kind: Kind = Kind.TEXT
    aside: str = ""
    """What it is if it only accompanies the text, for references: `note 2`, `header`."""


def clean_blocks(raw: str, kind: Kind = Kind.TEXT, marker: str = "") -> list[Block]:
    """Return the blocks that a paragraph's raw text makes: none, one, or several.

    Two hard breaks in a row end a paragraph, as people use them; one stays where a line seems to
    be meant, as in verse and addresses.

    Args:
        raw: its text, white space not yet collapsed.
        kind: what it is.
        marker: a bullet or number before an item; empty for none.
    """
    blocks: list[Block] = []
    lines: list[str] = []
    for piece in [*raw.split(HARD_BREAK), ""]:
        text = clean_text(piece)
        if text:
            lines.append(text)
        elif lines:
            start = f"{marker} " if marker and not blocks else ""
            blocks.append(Block(start + _joined(lines, kind), kind if not blocks else Kind.TEXT))
            lines = []
    return blocks


def clean_text(raw: str) -> str:
    """Return a text on one line, without soft hyphens and control characters."""
    return " ".join(clean_characters(raw).replace(BROKEN, "").split())


def row_blocks(cells: Sequence[Sequence[Block]]) -> list[Block]:
    """Return a table row as one block, or cell by cell where cells hold passages.

    A table often only arranges a page: its cells then hold paragraphs, lists or other tables.

    Args:
        cells: the blocks of each cell, in order.
    """
    filled = [cell for cell in cells if cell]
    if len(filled) > 1 and all(len(cell) < 2 and _is_short(cell) for cell in cells):
        texts = ("".join(block.text.replace("\n", " ") for block in cell) for cell in cells)
        row = CELL.join(texts).strip(CELL)
        return [Block(row, Kind.ROW)]
    return [block for cell in filled for block in cell]


def comment_by(author: str) -> str:
    """Return what a comment is, for references; its author may be unknown."""
    return f"comment by {shortened(clean_text(author)) or 'an unknown author'}"


def marked_asides(mark: str, aside: str, blocks: Sequence[Block]) -> list[Block]:
    """Return blocks that only accompany the text, the first one marked as what it is.

    Args:
        mark: before the first: `Note 2`.
        aside: what they are, for references; kept where a block is something else already.
        blocks: what they say.
    """
    found = [replace(each, aside=each.aside or aside) for each in blocks]
    if found:
        found[0] = replace(found[0], text=f"{mark}: {found[0].text}", kind=Kind.TEXT)
    return found


def new_asides(aside: str, blocks: Iterable[Block], seen: set[str]) -> list[Block]:
    """Return headers or footers, each once and without page numbers.

    Args:
        aside: `header` or `footer`.
        blocks: of all sections.
        seen: texts that were read already; new ones are added.
    """
    found: list[Block] = []
    for each in blocks:
        if each.text not in seen and not _is_page_number(each.text):
            seen.add(each.text)
            found.append(replace(each, aside=aside))
    return found


def _is_page_number(text: str) -> bool:
    return len(text) <= _MAX_PAGE_NUMBER and bool(_PAGE_NUMBER.fullmatch(text))


def _is_short(cell: Sequence[Block]) -> bool:
    return all(len(block.text) <= MAX_CELL and block.kind is not Kind.ROW for block in cell)


def _joined(lines: Sequence[str], kind: Kind) -> str:
    """Join a paragraph's lines; a break in mid-sentence only filled a line."""
    text = lines[0]
    for line in lines[1:]:
        wrapped = line[:1].islower() and not ends_sentence(text)
        text += (" " if wrapped or kind is Kind.HEADING else "\n") + line
    return text


def lines_of_blocks(blocks: Sequence[Block], places: Iterable[str] = ()) -> list[Line]:
    """Return the lines of blocks, each with what follows it and the number of its paragraph.

    A table counts as one paragraph; a note has the number of the paragraph that it accompanies.

    Args:
        blocks: in reading order.
        places: the name of the place where each block is; none if places have no names.
    """
    names = list(places) or [""] * len(blocks)
    lines: list[Line] = []
    number = 0
    for index, is_new in enumerate(_new_paragraphs(blocks)):
        block, place = blocks[index], names[index]
        after = blocks[index + 1] if index + 1 < len(blocks) else None
        number += is_new
        texts = block.text.split("\n")
        for text in texts:
            box = Box(0.0, len(text) * CHAR_WIDTH, -2.0 * len(lines), 1.0)
            lines.append(Line(text, box, max(1, number), link=Link.NEWLINE, place=place))
        if not (after and after.kind is block.kind and block.kind in _TIGHT):
            lines[-1] = replace(lines[-1], link=Link.PARAGRAPH)
    return lines


def places_by_heading(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield each block's place: the heading above it, and which paragraph below that it is.

    Somebody who looks for `§ “Fares” ¶ 3` in the document goes to that heading and counts; a table
    counts as one paragraph.

    Args:
        blocks: in reading order.
    """
    heading, number = "", 0
    for block, is_new in zip(blocks, _new_paragraphs(blocks), strict=True):
        if block.aside:
            yield f"{_place(heading, number)}, {block.aside}" if heading or number else block.aside
            continue
        if block.kind is Kind.HEADING:
            heading, number = shortened(block.text), 0
        else:
            number += is_new
        yield _place(heading, number)


def _new_paragraphs(blocks: Iterable[Block]) -> Iterator[bool]:
    """Yield whether each block begins a paragraph; notes do not, nor do a table's other rows."""
    last: Kind | None = None
    for block in blocks:
        yield not (block.aside or last is block.kind is Kind.ROW)
        last = last if block.aside else block.kind


def _place(heading: str, number: int) -> str:
    """Return the name of a place: a heading, a paragraph, or a paragraph below a heading."""
    return " ".join([f"§ “{heading}”"] * bool(heading) + [f"¶ {number}"] * bool(number))


def shortened(title: str) -> str:
    """Return a title on one line, cut where it is long: after a word, if it has spaces."""
    text = " ".join(title.split())
    if len(text) <= MAX_TITLE:
        return text
    cut = text[: MAX_TITLE - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > MAX_TITLE // 2 else cut) + "…"
