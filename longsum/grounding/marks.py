"""What is printed after a sentence: its place, that another says otherwise, or that there is none.

Pure and light: every interface prints it.
"""

from __future__ import annotations

MISQUOTED = "[quotation not found]"
"""After a quotation that the document does not hold."""


def place_mark(reference: str | None, contrary: str | None) -> str:
    """Return the place of a sentence in brackets.

    Args:
        reference: of the evidence; None without support.
        contrary: of the place that says otherwise; None without one.
    """
    if reference:
        return f"[{reference}]"
    if contrary is None:
        return "[no support found]"
    return f"[{contrary} {'say' if _is_plural(contrary) else 'says'} otherwise]"


def _is_plural(reference: str) -> bool:
    """Return whether a reference names several places: `pp. 7-8`, `line 3, line 9`."""
    return reference.startswith("pp.") or ", " in reference
