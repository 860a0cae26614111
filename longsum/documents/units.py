"""What a document is divided into: pages, slides or lines, and the words for each. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A kind of place in a document."""

    name: str
    """Singular: `page`."""
    plural: str
    short: str
    """Before one number in a reference: `p.` in `p. 3`."""
    shorts: str
    """Before several: `pp.` in `pp. 3-4`."""
    is_page: bool = False
    """Whether such parts are `Document.pages`, which can be selected."""

    def named(self, several: bool) -> str:
        """Return the singular or the plural."""
        return self.plural if several else self.name


PAGE = Unit("page", "pages", "p.", "pp.", is_page=True)
LINE = Unit("line", "lines", "line", "lines")
UNITS = {
    unit.name: unit
    for unit in (
        PAGE,
        LINE,
        Unit("slide", "slides", "slide", "slides", is_page=True),
        Unit("chapter", "chapters", "ch.", "chs.", is_page=True),
        Unit("sheet", "sheets", "sheet", "sheets", is_page=True),
        Unit("section", "sections", "sec.", "secs."),
        Unit("paragraph", "paragraphs", "par.", "pars."),
        Unit("cue", "cues", "cue", "cues"),
        Unit("message", "messages", "message", "messages"),
    )
}
"""By name; a reader that counts something else adds it here."""
