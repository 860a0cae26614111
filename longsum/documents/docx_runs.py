"""The text of one paragraph of a DOCX: its runs, as Word shows them when all changes are accepted.

What is inserted is read, what is deleted is not; hidden runs are left out; both are counted. Notes,
comments and text boxes that a paragraph refers to are collected, to be read after it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from longsum.documents.blocks import HARD_BREAK
from longsum.documents.docx_styles import Style
from longsum.documents.markup import Element, attribute, child, descendants, local
from longsum.documents.omissions import CHART, DELETED, EMBEDDED, HIDDEN, SYMBOL
from longsum.documents.ooxml import current, is_on, value

_WITHIN = frozenset(
    {"hyperlink", "ins", "moveTo", "smartTag", "sdtContent", "fldSimple", "customXml", "dir"}
    | {"bdo", "oMathPara", "oMath", "rubyBase", "ruby", "object", "pict", "drawing", "subDoc"}
)
_DRAWN = frozenset({"object", "pict", "drawing", "ruby", "AlternateContent"})
_NOTES = {f"{kind}Reference": kind for kind in ("footnote", "endnote", "comment")}
_GONE = frozenset({"del", "moveFrom"})
_BREAKS = {"br": HARD_BREAK, "cr": HARD_BREAK, "tab": " ", "ptab": " ", "noBreakHyphen": "-"}
_FORMULAS = {
    "f": ("", "/", ""),
    "sSup": ("", "^", ""),
    "d": ("(", ", ", ")"),
    "rad": ("√(", "", ")"),
}
"""What is written before, between and after the operands of some formulas."""
_SETTINGS = ("fPr", "sSupPr", "dPr", "radPr", "ctrlPr", "deg")
_SYMBOL_LETTERS = dict(
    zip(
        "ABCDEFGHIKLMNOPQRSTUWXYZabcdefghiklmnopqrstuwxyz",
        "ΑΒΧΔΕΦΓΗΙΚΛΜΝΟΠΘΡΣΤΥΩΞΨΖαβχδεφγηικλμνοπθρστυωξψζ",
        strict=True,
    )
)
"""Letters of the font Symbol."""
_BULLETS = {0xB7: "•", 0xA7: "▪", 0xD8: "▸", 0xFC: "✓"}
"""Characters of Symbol and Wingdings that mark items."""


@dataclass
class Runs:
    """What one paragraph holds.

    Args:
        styles: of characters, by identifier.
        omitted: where what is left out is counted.
    """

    styles: dict[str, Style]
    omitted: Counter[str]
    parts: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    """(`footnote`, `endnote` or `comment`; identifier) of what it refers to."""
    boxes: list[Element] = field(default_factory=list)
    """Contents of text boxes."""
    diagrams: list[Element] = field(default_factory=list)
    """References to diagrams."""
    pictures: int = 0

    def read(self, element: Element, hidden: bool = False) -> None:
        """Read what is in a paragraph, or in an element of one.

        Args:
            element: the paragraph, or an element that holds runs.
            hidden: whether the paragraph's style hides its text.
        """
        for each in element:
            name = local(each)
            if name == "r":
                self._run(each, hidden)
            elif name in _WITHIN:
                self.read(each, hidden)
            elif name == "sdt":
                self._control(each, hidden)
            elif name == "AlternateContent":
                chosen = current(each)
                if chosen is not None:
                    self.read(chosen, hidden)
            elif name in _GONE:
                self.omitted[DELETED] += _words(each)
            else:
                self._shape(each, name, hidden)

    def _control(self, element: Element, hidden: bool) -> None:
        """Read a content control, unless it shows only what to fill in."""
        content = child(element, "sdtContent")
        if content is not None and not is_on(child(element, "sdtPr", "showingPlcHdr")):
            self.read(content, hidden)

    def _run(self, run: Element, hidden: bool) -> None:
        properties = child(run, "rPr")
        if properties is not None:
            style = self.styles.get(value(child(properties, "rStyle")) or "", Style())
            vanish = child(properties, "vanish")
            hidden = is_on(vanish) if vanish is not None else style.is_hidden or hidden
        if hidden:
            self.omitted[HIDDEN] += _words(run)
            return
        for each in run:
            name = local(each)
            if name == "t":
                self.parts.append(each.text or "")
            elif name in _BREAKS:
                self.parts.append(_BREAKS[name])
            elif name in _NOTES:
                self.notes.append((_NOTES[name], attribute(each, "id") or ""))
            elif name == "sym":
                self._symbol(each)
            elif name in _DRAWN:
                chosen = current(each) if name == "AlternateContent" else each
                if chosen is not None:
                    self.read(chosen)

    def _symbol(self, element: Element) -> None:
        code = attribute(element, "char") or ""
        font = (attribute(element, "font") or "").lower()
        try:
            point = int(code, 16) & 0xFF if len(code) < 5 else 0
        except ValueError:
            point = 0
        letter = _SYMBOL_LETTERS.get(chr(point)) if font == "symbol" else None
        found = letter or _BULLETS.get(point)
        self.parts.append(found or "")
        self.omitted[SYMBOL] += found is None

    def _shape(self, element: Element, name: str, hidden: bool) -> None:
        """Read a formula; collect what a drawing shows: text, a diagram, a chart, a picture."""
        if name == "t":  # of a formula
            self.parts.append(element.text or "")
        elif name == "txbxContent":
            self.boxes.append(element)
        elif name == "relIds":
            self.diagrams.append(element)
        elif name == "chart":
            self.omitted[CHART] += 1
        elif name in ("pic", "imagedata"):
            self.pictures += 1
        elif name == "OLEObject":
            self.omitted[EMBEDDED] += 1
        elif name in _FORMULAS:
            self._formula(element, name, hidden)
        elif name not in ("pPr", "rPr", "sdtPr", "p", "tbl"):
            self.read(element, hidden)

    def _formula(self, element: Element, name: str, hidden: bool) -> None:
        """Read a part of a formula whose sign is not among its text."""
        before, between, after = _FORMULAS[name]
        self.parts.append(before)
        for index, each in enumerate(each for each in element if local(each) not in _SETTINGS):
            self.parts.append(between if index else "")
            self.read(each, hidden)
        self.parts.append(after)


def _words(element: Element) -> int:
    """Count the words of runs that are not read."""
    texts = (each.text or "" for each in descendants(element, "t", "delText"))
    return len("".join(texts).split())
