"""Styles of a DOCX: which paragraphs are headings, which runs are hidden, which are numbered."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from longsum.documents.markup import Element, child, descendants
from longsum.documents.ooxml import is_on, value

_HEADING = re.compile(r"heading ?[1-9]|title|subtitle", re.I)
_BODY_LEVEL = 9
"""Outline level of what is not a heading (ECMA-376 part 1, 17.3.1.20)."""
_MAX_BASES = 20
"""Styles that one may be based on, one on the other; more are a circle."""


@dataclass(frozen=True)
class Style:
    """What a style says about text; None where it says nothing."""

    is_heading: bool | None = None
    is_hidden: bool | None = None
    numbering: str | None = None
    """Identifier of a list; `0` for none."""
    level: int | None = None
    """Level in the list, from 0."""

    def over(self, base: Style) -> Style:
        """Return this style where it says something, and another where it does not."""
        own = {name: found for name, found in vars(self).items() if found is not None}
        return replace(base, **own)


def read_styles(root: Element | None) -> dict[str, Style]:
    """Return styles by identifier, each with what it inherits.

    Args:
        root: the part with the styles, or None.
    """
    own: dict[str, Style] = {}
    bases: dict[str, str | None] = {}
    for each in () if root is None else descendants(root, "style"):
        name = value(each, "styleId") or ""
        style = style_of(child(each, "pPr"), child(each, "rPr"))
        if style.is_heading is None and _HEADING.fullmatch(value(child(each, "name")) or ""):
            style = replace(style, is_heading=True)
        own[name], bases[name] = style, value(child(each, "basedOn"))
    found: dict[str, Style] = {}
    for name, style in own.items():
        base = bases[name]
        for _ in range(_MAX_BASES):
            if base is None or base not in own:
                break
            style, base = style.over(own[base]), bases[base]
        found[name] = style
    return found


def style_of(paragraph: Element | None, run: Element | None) -> Style:
    """Return what properties of a paragraph and of a run say."""
    numbering = None if paragraph is None else child(paragraph, "numPr")
    outline = None if paragraph is None else value(child(paragraph, "outlineLvl"))
    vanish = None if run is None else child(run, "vanish")
    level = None if numbering is None else value(child(numbering, "ilvl"))
    return Style(
        is_heading=number(outline, _BODY_LEVEL) < _BODY_LEVEL if outline else None,
        is_hidden=None if vanish is None else is_on(vanish),
        numbering=None if numbering is None else value(child(numbering, "numId")),
        level=None if level is None else number(level),
    )


def number(text: str | None, default: int = 0) -> int:
    """Return a small number that a document gives as text, or the default."""
    is_small = text is not None and text.isascii() and text.isdigit() and len(text) < 6
    return int(text) if is_small and text else default
