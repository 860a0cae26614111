"""What a reader leaves out of a document, counted, and the line that reports it. Pure."""

from __future__ import annotations

from collections import Counter

NAVIGATION = "navigation, headers and footers"
HIDDEN = "hidden text"
DELETED = "deleted text"
_WORDS = (NAVIGATION, HIDDEN, DELETED)
"""What is counted in words."""

CHART = "chart"
EMBEDDED = "embedded file"
SYMBOL = "symbol of a special font"
HIDDEN_SLIDE = "hidden slide"
_PLURALS = {
    CHART: "charts",
    EMBEDDED: "embedded files",
    SYMBOL: "symbols of special fonts",
    HIDDEN_SLIDE: "hidden slides",
}
"""What is counted one by one."""


def omission_warnings(counts: Counter[str], shown: str) -> list[str]:
    """Return a line about what was left out, if anything was.

    Args:
        counts: how much, by the constants of this module.
        shown: the document's name, safe to print.
    """
    parts = [_named(what, counts[what]) for what in (*_WORDS, *_PLURALS) if counts[what]]
    if not parts:
        return []
    named = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return [f"left out of {shown}: {named}"]


def _named(what: str, count: int) -> str:
    if what in _WORDS:
        return f"{count:,} word{'s' * (count != 1)} of {what}"
    return f"{count:,} {what if count == 1 else _PLURALS[what]}"
