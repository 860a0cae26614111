"""Styles of an OpenDocument text: which text is hidden, how lists and headings are numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longsum.documents.docx_numbering import BULLET, written_number
from longsum.documents.docx_styles import number
from longsum.documents.markup import Element, attribute, child, descendants, local
from longsum.documents.ooxml import value

_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman"}
_FORMS |= {"I": "upperRoman"}
_MAX_PARENTS = 20
"""Styles that one may be based on, one on the other; more are a circle."""
OUTLINE = ""
"""Name that stands for the numbering of headings."""


@dataclass(frozen=True)
class _Level:
    """How one level of a list is numbered."""

    form: str
    """`bullet`, or the name of a number format; empty for no number."""
    before: str = ""
    after: str = ""
    start: int = 1
    shown: int = 1
    """Levels that are shown, up to this one."""


class OdtStyles:
    """What the styles of a document say.

    Args:
        roots: the parts that hold styles.
    """

    def __init__(self, roots: Sequence[Element]) -> None:
        self._hidden: dict[str, bool | None] = {}
        self._parents: dict[str, str | None] = {}
        self._lists: dict[str, dict[int, _Level]] = {}
        for root in roots:
            for each in descendants(root, "style"):
                name = attribute(each, "name") or ""
                display = value(child(each, "text-properties"), "display")
                self._hidden[name] = None if display is None else display == "none"
                self._parents[name] = attribute(each, "parent-style-name")
            for each in descendants(root, "list-style", "outline-style"):
                name = attribute(each, "name") or "" if local(each) == "list-style" else OUTLINE
                self._lists[name] = {number(attribute(at, "level")): _level(at) for at in each}

    def is_hidden(self, style: str | None) -> bool:
        """Return whether a style hides its text."""
        for _ in range(_MAX_PARENTS):
            if style is None:
                break
            if (hidden := self._hidden.get(style)) is not None:
                return hidden
            style = self._parents.get(style)
        return False

    def start(self, style: str, depth: int) -> int:
        """Return the number of the first item of a list at a depth, from 1."""
        level = self._lists.get(style, {}).get(depth)
        return 1 if level is None else level.start

    def marker(self, style: str, counts: Sequence[int]) -> str:
        """Return the number or bullet of an item; empty for none.

        Args:
            style: of its list; `OUTLINE` for a heading.
            counts: its number, and before it those of the items it is in.
        """
        levels = self._lists.get(style, {})
        level = levels.get(len(counts), _Level("" if style == OUTLINE else "bullet"))
        if level.form in ("bullet", ""):
            return BULLET if level.form else ""
        first = max(1, len(counts) - level.shown + 1)
        parts = [
            written_number(counts[at - 1], levels[at].form or "decimal")
            for at in range(first, len(counts) + 1)
            if at in levels and levels[at].form != "bullet"
        ]
        return level.before + ".".join(parts) + level.after


def _level(element: Element) -> _Level:
    if "number" not in local(element) and "outline" not in local(element):
        return _Level("bullet")
    return _Level(
        _FORMS.get(attribute(element, "num-format") or "", ""),
        attribute(element, "num-prefix") or "",
        attribute(element, "num-suffix") or "",
        number(attribute(element, "start-value"), 1),
        max(1, number(attribute(element, "display-levels"), 1)),
    )
