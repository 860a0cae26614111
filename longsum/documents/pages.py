"""Page selections: `3-20,25`, `5-`, `-4`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from longsum.documents.units import PAGE, UNITS
from longsum.errors import NoSuchPage, UsageError
from longsum.settings import Setting

_PART = re.compile(r"(\d{1,9})?(?:(-)(\d{1,9})?)?", re.ASCII)


def parse_pages(selection: str, total: int, unit: str = PAGE.name) -> tuple[int, ...]:
    """Return the chosen page numbers, sorted, each once.

    Args:
        selection: numbers and ranges, separated by commas; a range may be open on either side.
        total: pages in the document.
        unit: what they are, as `UNITS` names it.

    Raises:
        UsageError: the selection cannot be read.
        NoSuchPage: it names pages that the document does not have.
    """
    chosen: set[int] = set()
    for part in selection.split(","):
        first, last = _bounds(part.strip(), selection, total)
        if first < 1 or max(first, last) > total:
            pages = f"{total:,} {UNITS[unit].named(total != 1)}"
            missing = first if first < 1 else max(first, last)
            raise NoSuchPage(
                f"{Setting('pages')} {selection!a} asks for {unit} {missing}; "
                f"the document has {pages}",
                hint=f"choose from 1-{total}" if total > 1 else f"leave {Setting('pages')} out",
                facts={"page": missing, "pages": total},
            )
        chosen.update(range(first, last + 1))
    return tuple(sorted(chosen))


def refuse_pages(selection: str | None, unit: str | None = None) -> None:
    """Refuse a selection of pages of a document that has none.

    Args:
        selection: as the user gave it; None is not refused.
        unit: what the document has instead, as `UNITS` names it; None for nothing but lines.

    Raises:
        UsageError: a selection was given.
    """
    if selection is None:
        return
    instead = "this text has none"
    if unit is not None:
        instead = f"this one has {UNITS[unit].plural}, which cannot be selected"
    raise UsageError(
        f"{Setting('pages')} needs a document with pages; {instead}",
        hint=f"leave {Setting('pages')} out",
    )


def _bounds(part: str, selection: str, total: int) -> tuple[int, int]:
    match = _PART.fullmatch(part)
    if match is None or not (match[1] or match[3]):
        raise _bad(selection, f"{part!a} is neither a page nor a range")
    first = int(match[1]) if match[1] else 1
    if not match[2]:
        return first, first
    last = int(match[3]) if match[3] else max(first, total)
    if last < first:
        raise _bad(selection, f"{part!a} ends before it begins")
    return first, last


def _bad(selection: str, why: str) -> UsageError:
    return UsageError(
        f"{Setting('pages')} {selection!a} cannot be read: {why}",
        hint="write it like 3-20,25 or 5- or -4",
    )


def format_pages(numbers: Iterable[int]) -> str:
    """Return page numbers in short: `1-3, 7`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
