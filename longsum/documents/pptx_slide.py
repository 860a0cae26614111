"""The blocks of one slide, or of the notes below it: shapes in the order a screen reader has them.

The title comes first. Dates, slide numbers and shapes that are hidden are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from longsum.documents.blocks import HARD_BREAK, Block, Kind, clean_blocks, clean_text, row_blocks
from longsum.documents.docx_numbering import BULLET, written_number
from longsum.documents.docx_styles import number
from longsum.documents.markup import Element, child, descendants, local
from longsum.documents.omissions import CHART, EMBEDDED, HIDDEN
from longsum.documents.ooxml import current, value

_TITLES = ("title", "ctrTitle")
_PASSED_OVER = ("dt", "sldNum", "hdr", "sldImg")
"""Placeholders whose text is not the slide's own."""
_UNMARKED = (*_TITLES, "subTitle", "ftr")
"""Placeholders whose paragraphs have no bullets."""
_FORMS = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter"}
_FORMS |= {"romanLc": "lowerRoman", "romanUc": "upperRoman"}
_NUMBER_FIELDS = ("slidenum", "datetime")


@dataclass
class Slide:
    """What a slide shows.

    Args:
        diagram: returns the texts of a diagram from its reference.
        omitted: where what is left out is counted.
    """

    diagram: Callable[[Element], Iterator[str]]
    omitted: Counter[str]
    title: list[Block] = field(default_factory=list)
    rest: list[Block] = field(default_factory=list)
    footers: list[Block] = field(default_factory=list)
    pictures: int = 0

    @property
    def blocks(self) -> list[Block]:
        """The slide's own text, its title first."""
        return self.title + self.rest

    def read(self, shapes: Element, placeholder: str | None = None) -> None:
        """Read the shapes of a tree or a group.

        Args:
            shapes: the element that holds them.
            placeholder: type of the only placeholder to read, as of notes; None for all shapes.
        """
        for each in shapes:
            name = local(each)
            if _is_hidden(each):
                texts = (at.text or "" for at in descendants(each, "t"))
                self.omitted[HIDDEN] += len(" ".join(texts).split())
            elif name == "grpSp":
                self.read(each, placeholder)
            elif name == "AlternateContent":
                chosen = current(each)
                if chosen is not None:
                    self.read(chosen, placeholder)
            elif name in ("sp", "cxnSp"):
                self._shape(each, placeholder)
            elif placeholder is None:
                self._other(each, name)

    def _shape(self, shape: Element, placeholder: str | None) -> None:
        found = next(descendants(shape, "ph"), None)
        kind = None if found is None else value(found, "type") or "body"
        body = child(shape, "txBody")
        if body is None or kind in _PASSED_OVER or (placeholder and kind != placeholder):
            return
        marked = found is not None and kind not in _UNMARKED and placeholder is None
        blocks = list(_paragraphs(body, marked=marked))
        if kind in _TITLES:
            self.title += [Block(each.text, Kind.HEADING) for each in blocks]
        else:
            (self.footers if kind == "ftr" else self.rest).extend(blocks)

    def _other(self, element: Element, name: str) -> None:
        """Read a table or a diagram; count what cannot be read."""
        if name == "pic":
            self.pictures += 1
        elif name == "graphicFrame":
            holds = {local(each): each for each in element.iter()}
            if "tbl" in holds:
                self.rest += _table(holds["tbl"])
            elif "relIds" in holds:
                texts = map(clean_text, self.diagram(holds["relIds"]))
                self.rest += [Block(text) for text in texts if text]
            else:
                self.omitted[CHART] += "chart" in holds
                self.omitted[EMBEDDED] += "oleObj" in holds


def _is_hidden(shape: Element) -> bool:
    """Return whether a shape's properties hide it."""
    properties = next((child(each, "cNvPr") for each in shape if local(each)[:2] == "nv"), None)
    return value(properties, "hidden") in ("1", "true")


def _table(table: Element) -> Iterator[Block]:
    for row in descendants(table, "tr"):
        cells = [cell for cell in row if local(cell) == "tc" and not _is_continued(cell)]
        bodies = [child(cell, "txBody") for cell in cells]
        yield from row_blocks(
            [[] if body is None else list(_paragraphs(body, marked=False)) for body in bodies]
        )


def _is_continued(cell: Element) -> bool:
    """Return whether a cell only continues a merged one."""
    return any(value(cell, name) in ("1", "true") for name in ("hMerge", "vMerge"))


def _paragraphs(body: Element, *, marked: bool) -> Iterator[Block]:
    """Yield the paragraphs of a shape.

    Args:
        body: the element with its text.
        marked: whether several paragraphs have bullets, unless they say otherwise.
    """
    paragraphs = [each for each in body if local(each) == "p"]
    texts = [_text(each) for each in paragraphs]
    marked = marked and sum(bool(text.strip()) for text in texts) > 1
    counts: Counter[int] = Counter()
    for paragraph, raw in zip(paragraphs, texts, strict=True):
        if not raw.strip():
            continue
        marker = _marker(child(paragraph, "pPr"), counts, marked)
        yield from clean_blocks(raw, Kind.ITEM if marker else Kind.TEXT, marker)


def _marker(properties: Element | None, counts: Counter[int], marked: bool) -> str:
    """Return a paragraph's bullet or number; empty for none.

    Args:
        properties: of the paragraph.
        counts: numbered paragraphs so far, by level.
        marked: whether there is a bullet if the properties say nothing.
    """
    level = number(value(properties, "lvl"))
    automatic = None if properties is None else child(properties, "buAutoNum")
    for deeper in [each for each in counts if each > level]:
        del counts[deeper]
    if automatic is not None:
        start = number(value(automatic, "startAt"), 1)
        counts[level] += 1
        scheme = value(automatic, "type") or "arabicPeriod"
        form = next((form for name, form in _FORMS.items() if scheme.startswith(name)), "decimal")
        written = written_number(start + counts[level] - 1, form)
        before, after = "(" * ("ParenBoth" in scheme), ")" if "Paren" in scheme else "."
        return before + written + after
    del counts[level]
    names = () if properties is None else [local(each) for each in properties]
    if "buNone" in names:
        return ""
    return BULLET if marked or "buChar" in names or "buBlip" in names else ""


def _text(paragraph: Element) -> str:
    """Return a paragraph's raw text, formulas included."""
    parts: list[str] = []
    for each in paragraph:
        name = local(each)
        if name == "br":
            parts.append(HARD_BREAK)
        elif name == "fld" and (value(each, "type") or "").startswith(_NUMBER_FIELDS):
            continue
        elif name == "AlternateContent":
            chosen = current(each)
            parts += [] if chosen is None else _texts(chosen)
        else:
            parts += _texts(each)
    return "".join(parts)


def _texts(element: Element) -> list[str]:
    return [each.text or "" for each in descendants(element, "t")]
