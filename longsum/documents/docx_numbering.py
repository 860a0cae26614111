"""Numbers of headings and list items in a DOCX, which holds only how to count them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace

from longsum.documents.docx_styles import number
from longsum.documents.markup import Element, child, descendants
from longsum.documents.ooxml import value

BULLET = "•"
_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(frozen=True)
class _Level:
    """How one level of a list is numbered."""

    form: str = "decimal"
    text: str = "%1."
    """`%1` stands for the number of the first level."""
    start: int = 1
    style: str = ""
    """Style of paragraphs that are numbered at this level."""


class Numbering:
    """Counts the paragraphs of each list, as Word does.

    Args:
        root: the part that defines lists, or None.
    """

    def __init__(self, root: Element | None) -> None:
        self._lists: dict[str, tuple[str, dict[int, _Level]]] = {}
        self._counts: dict[str, list[int | None]] = defaultdict(lambda: [None] * _LEVELS)
        shared: dict[str, dict[int, _Level]] = {}
        if root is None:
            return
        for each in descendants(root, "abstractNum"):
            levels = {number(value(at, "ilvl")): _level(at) for at in descendants(each, "lvl")}
            shared[value(each, "abstractNumId") or ""] = levels
        for each in descendants(root, "num"):
            key, base = value(each, "numId") or "", value(child(each, "abstractNumId")) or ""
            levels = dict(shared.get(base, {}))
            is_changed = False
            for override in descendants(each, "lvlOverride"):
                at = number(value(override, "ilvl"))
                levels[at] = _overridden(levels.get(at, _Level()), override)
                is_changed = True
            # lists of one definition go on counting where the other stopped, unless they restart
            self._lists[key] = (f"{base}/{key}" if is_changed else base, levels)

    def level_of(self, identifier: str, style: str) -> int:
        """Return the level of a list at which paragraphs of a style are numbered."""
        levels = self._lists.get(identifier, ("", {}))[1]
        return next((level for level, each in levels.items() if each.style == style), 0)

    def label(self, identifier: str, level: int) -> str:
        """Return the number or bullet of the next paragraph of a list: `3.2`, `(b)`, `•`.

        Args:
            identifier: of the list.
            level: from 0.
        """
        counted, levels = self._lists.get(identifier, (identifier, {}))
        level = min(level, _LEVELS - 1)
        form = levels.get(level, _Level("bullet"))
        counts = self._counts[counted]
        last = counts[level]
        counts[level] = form.start if last is None else last + 1
        counts[level + 1 :] = [None] * (_LEVELS - level - 1)
        if form.form == "bullet":
            return BULLET
        if form.form == "none":
            return ""

        def at(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            shape = levels.get(place, _Level())
            current = counts[place]
            return written_number(shape.start if current is None else current, shape.form)

        return _PLACE.sub(at, form.text)


def _level(element: Element) -> _Level:
    text = value(child(element, "lvlText"))
    return _Level(
        value(child(element, "numFmt")) or "decimal",
        "" if text is None else text,
        number(value(child(element, "start")), 1),
        value(child(element, "pStyle")) or "",
    )


def _overridden(level: _Level, override: Element) -> _Level:
    whole, start = child(override, "lvl"), value(child(override, "startOverride"))
    level = level if whole is None else _level(whole)
    return replace(level, start=number(start, level.start))


def written_number(count: int, form: str) -> str:
    """Return a number as a list writes it: `3`, `03`, `c`, `III`.

    Args:
        count: from 1.
        form: the name of a number format (ECMA-376 part 1, 17.18.59).
    """
    if form == "decimalZero":
        return f"{count:02}"
    if form in ("lowerLetter", "upperLetter") and 0 < count < 1000:
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        roman = ""
        for size, letters in _ROMAN:
            roman += letters * (count // size)
            count %= size
        return roman.upper() if form == "upperRoman" else roman
    return "" if form == "none" else str(count)
