"""Join lines into paragraphs, with every page's place in the result.

Pure. Paragraphs are one line each, with an empty line between them; verse, tables and addresses
keep their lines. Footnotes are put where they do not interrupt a sentence and are still on their
page.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from longsum.documents.breaks import Joiner, Placed
from longsum.documents.clean import BROKEN, WordCounts, glue, is_cjk, vocabulary
from longsum.documents.line_ends import ends_sentence, is_ended, is_item
from longsum.documents.lines import CHAR_WIDTH, NOTE_MARK, TEXT_LEADING, Line, Link
from longsum.documents.order import split_notes
from longsum.documents.runs import Run, runs_of

_INNER_END = re.compile(r"[^\W\d_]{3}[.?!][\"'”’)\]]*\d{0,3} (?=[\"'“‘(]?[A-Z])")
_OUTER_END = re.compile(r"[^\W\d_]{3}[.?!][\"'”’)\]]*\d{0,3}$")
_NARROW, _WIDE = 40 * CHAR_WIDTH, 130 * CHAR_WIDTH
"""A block whose longest line is narrower was not wrapped as prose; if wider, not wrapped at all."""
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡§∗]{1,3})[.)]?\s*[\W]*[^\W\d_]")


@dataclass(frozen=True)
class Flow:
    """A document's text and the bounds of each page in it."""

    text: str
    bounds: tuple[tuple[int, int], ...]
    anchors: tuple[tuple[int, int], ...]
    """(offset, source line) of each line that has a source number."""
    places: tuple[tuple[int, str], ...] = ()
    """(offset, name) of each named place."""
    runs: tuple[Run, ...] = ()
    """What is on the pages one for one; a page's number is its index here."""


def flow_pages(pages: Sequence[Sequence[Line]], *, keep_shapes: bool = False) -> Flow:
    """Join the lines of all pages, each page's in reading order, into paragraphs.

    Args:
        pages: the lines of each page.
        keep_shapes: whether verse, tables and code keep their lines; for text without layout.
    """
    body: list[Placed] = []
    notes: list[list[Line]] = []
    heads: list[list[Line]] = []
    column = 0
    unfinished = False
    for number, page in enumerate(pages):
        head, page, tail = _framed(page)
        main, foot = split_notes(page, unfinished=unfinished)
        unfinished = bool(foot) and not ends_sentence(foot[-1].text)
        column += 1
        for index, line in enumerate(main):
            if index and _moves_up(main[index - 1], line):
                column += 1
            body.append(Placed(line, number, column))
        heads.append(head)
        notes.append(foot + tail)
    words = vocabulary(line.text for page in pages for line in page)
    links = Joiner(body, leading=TEXT_LEADING if keep_shapes else None).links()
    if keep_shapes:
        body = [placed for placed, _ in _keep_shapes(body, links)]
    _defer_heads(body, links, heads, notes)
    items = _with_heads(_with_notes(body, links, notes), heads)
    return _write(items, len(pages), words)


def _framed(page: Sequence[Line]) -> tuple[list[Line], list[Line], list[Line]]:
    """Return a page's running heads, its text and its running feet."""
    text = [index for index, line in enumerate(page) if not line.is_running]
    running = [index for index, line in enumerate(page) if line.is_running]
    if not text:
        return [], [], list(page)
    return (
        [page[index] for index in running if index < text[0]],
        [page[index] for index in text],
        [page[index] for index in running if index > text[0]],
    )


def flow_text(lines: Sequence[Line], own: Collection[int] = ()) -> Flow:
    """Join the lines of a text without pages; blocks that are verse, tables or code stay whole.

    Args:
        lines: all of them, in order.
        own: indices of lines that join no other; -1 - index for one that joins only later lines.
    """
    placed = [Placed(line, 0, 1) for line in lines]
    links = Joiner(placed, leading=TEXT_LEADING).links()
    for index, link in enumerate(links):
        if lines[index].link is not None:
            continue
        touching = lines[index + 1].source == lines[index].source + 1
        is_own = index in own or index + 1 in own or -2 - index in own
        if is_own and (touching or link is Link.JOIN):
            links[index] = Link.NEWLINE
    return _write(_keep_shapes(placed, links), 1, vocabulary(line.text for line in lines))


def flow_known(pages: Sequence[Sequence[Line]]) -> Flow:
    """Join lines that know what follows them; a page, such as a chapter, ends its last paragraph.

    Args:
        pages: the lines of each page, a document without pages being one.
    """
    items: list[_Item] = []
    for number, page in enumerate(pages):
        for index, line in enumerate(page, 1):
            link = line.link if line.link and index < len(page) else Link.PARAGRAPH
            items.append((Placed(line, number, number), link))
    return _write(items, len(pages), WordCounts())


def _moves_up(line: Line, after: Line) -> bool:
    return after.box.baseline > line.box.baseline + 2 * after.box.size


_Item = tuple[Placed, Link]
"""A line and what follows it."""


def _with_notes(
    body: Sequence[Placed], links: Sequence[Link], notes: Sequence[Sequence[Line]]
) -> list[_Item]:
    """Put each page's notes where they do not interrupt a sentence and are still on their page."""
    items: list[_Item] = [
        (p, links[i] if i < len(links) else Link.PARAGRAPH) for i, p in enumerate(body)
    ]
    last: dict[int, int] = {placed.page: index for index, placed in enumerate(body)}
    for page in range(len(notes) - 1, -1, -1):
        if not notes[page]:
            continue
        if page not in last:  # a page with only notes
            where = next((last[p] + 1 for p in range(page - 1, -1, -1) if p in last), 0)
            items[where:where] = _note_items(notes[page], page)
            continue
        end = last[page]
        where = end + 1
        if items[end][1] is Link.JOIN:
            where = _last_start(items, end)
            if where < 0:
                where = _split_sentence(items, end)
        items[where:where] = _note_items(notes[page], page)
    return items


def _defer_heads(
    body: Sequence[Placed],
    links: Sequence[Link],
    heads: list[list[Line]],
    notes: list[list[Line]],
) -> None:
    """Move the heads that would interrupt a paragraph to their pages' notes."""
    for index, link in enumerate(links):
        page = body[index + 1].page
        if heads[page] and body[index].page != page and link is Link.JOIN:
            notes[page] += heads[page]
            heads[page] = []


def _with_heads(items: list[_Item], heads: Sequence[Sequence[Line]]) -> list[_Item]:
    """Put running heads that are shown before the rest of their pages."""
    if not any(heads):
        return items
    result: list[_Item] = []
    begun = -1
    for placed, link in items:
        if placed.page > begun and heads[placed.page]:
            if result:
                result[-1] = (result[-1][0], Link.PARAGRAPH)
            result += [
                (Placed(head, placed.page, 0), Link.PARAGRAPH) for head in heads[placed.page]
            ]
        begun = max(begun, placed.page)
        result.append((placed, link))
    return result


def _last_start(items: Sequence[_Item], end: int) -> int:
    """Return where the last paragraph of the page ending at `end` begins; -1 if before it."""
    page = items[end][0].page
    for index in range(end, 0, -1):
        if items[index][0].page != page:
            return -1
        if items[index - 1][1] is Link.PARAGRAPH:
            return index
    return 0


def _split_sentence(items: list[_Item], end: int) -> int:
    """Cut the page after its last sentence end; return the index of the rest."""
    page = items[end][0].page
    index = end
    while index >= 0 and items[index][0].page == page:
        placed, link = items[index]
        if index < end and _OUTER_END.search(placed.line.text[-40:]):
            items[index] = (placed, Link.PARAGRAPH)
            return index + 1
        ends = list(_INNER_END.finditer(placed.line.text))
        if ends:
            cut = ends[-1].end()
            before = placed.line.part(0, cut)
            rest = placed.line.part(cut, len(placed.line.text))
            first = Placed(before, page, placed.column)
            items[index : index + 1] = [
                (first, Link.PARAGRAPH),
                (Placed(rest, page, placed.column), link),
            ]
            return index + 1
        index -= 1
    items[end] = (items[end][0], Link.PARAGRAPH)
    return end + 1


def _note_items(notes: Sequence[Line], page: int) -> list[_Item]:
    placed = [Placed(line, page, 0) for line in notes]
    joiner = Joiner(placed)
    items: list[_Item] = []
    for index, note in enumerate(placed):
        link = Link.PARAGRAPH
        if index + 1 < len(placed):
            after = placed[index + 1].line
            starts = after.is_note or _NOTE.match(after.text)
            indent = joiner.indent_of(index + 1) > 0.4 * after.box.size
            link = Link.JOIN
            is_own = after.text.startswith(NOTE_MARK)
            if is_own or (is_ended(note.line.text) and (starts or indent)):
                link = Link.PARAGRAPH
            if note.line.is_running or after.is_running:
                link = Link.PARAGRAPH
        items.append((note, link))
    return items


def _keep_shapes(lines: Sequence[Placed], links: list[Link]) -> list[_Item]:
    """Keep a block's own lines and indents if most lines end early or none is wrapped."""
    kept = list(lines)
    start = 0
    for end in range(len(lines)):
        if end < len(links) and links[end] is not Link.PARAGRAPH:
            continue
        inner = links[start:end]
        widest = max(p.line.box.right - p.line.box.left for p in lines[start : end + 1])
        newlines = sum(link is Link.NEWLINE for link in inner)
        wraps = any(  # items that go over the end of the line are prose
            link is Link.JOIN and is_item(lines[at].line.text)
            for at, link in enumerate(inner, start)
        )
        shaped = newlines * 2 >= len(inner) and not wraps
        own_lines = shaped or widest < _NARROW or widest > _WIDE
        if inner and own_lines and not any(p.line.link for p in lines[start:end]):
            links[start:end] = [Link.NEWLINE] * len(inner)
            kept[start : end + 1] = [_indented(placed) for placed in lines[start : end + 1]]
        start = end + 1
    return [(p, links[i] if i < len(links) else Link.PARAGRAPH) for i, p in enumerate(kept)]


def _indented(placed: Placed) -> Placed:
    line = placed.line
    indent = " " * round(line.box.left / CHAR_WIDTH)
    return replace(placed, line=line.with_text(indent + line.text))


def _write(items: Sequence[_Item], pages: int, words: WordCounts) -> Flow:
    """Write the text and record where each page and each source line begins."""
    parts: list[str] = []
    at = 0
    starts: list[int | None] = [None] * pages
    ends = [0] * pages
    anchors: list[tuple[int, int]] = []
    places: list[tuple[int, str]] = []
    runs: list[Run] = []
    for index, (placed, link) in enumerate(items):
        text = placed.line.text
        between = "" if index + 1 == len(items) else link.value
        if index + 1 < len(items) and link is Link.JOIN:
            text, between = _join(items, index, words)
        elif text.endswith(BROKEN):
            text = text[:-1] + "-"
        if starts[placed.page] is None:
            starts[placed.page] = at
        if placed.line.source:
            anchors.append((at, placed.line.source))
        if placed.line.place and placed.line.place != (places[-1][1] if places else ""):
            places.append((at, placed.line.place))
        # joining changes nothing but a hyphen at the end
        runs += runs_of(placed.line.glyphs[: len(text)], at, placed.page)
        parts += (text, between)
        ends[placed.page] = at + len(text)
        at += len(text) + len(between)
    return Flow("".join(parts), _bounds(starts, ends), tuple(anchors), tuple(places), tuple(runs))


def _join(items: Sequence[_Item], index: int, words: WordCounts) -> tuple[str, str]:
    one, two = items[index][0].line, items[index + 1][0].line
    same = abs(one.box.baseline - two.box.baseline) < 0.5 * two.box.size
    if one.link is not None:  # no hyphen of its is one that breaks a word
        return one.text, "" if is_cjk(one.text[-1:]) and is_cjk(two.text[:1]) else " "
    if same and items[index][0].column == items[index + 1][0].column:
        gap = two.box.left - one.box.right
        text = f"{one.text[:-1]}-" if one.text.endswith(BROKEN) else one.text
        return text, "" if gap < 0.12 * two.box.size else " "
    return glue(one.text, two.text, words)


def _bounds(starts: Sequence[int | None], ends: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of each page; one without text is empty, at the end of the last one."""
    bounds: list[tuple[int, int]] = []
    end = 0
    for page, start in enumerate(starts):
        begin = end if start is None else (start if bounds else 0)
        end = end if start is None else ends[page]
        bounds.append((begin, end))
    if bounds:
        bounds[0] = (0, bounds[0][1])
    return tuple(bounds)
