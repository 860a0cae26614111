"""Check what a reader process replies: a hostile file may have taken it over.

Nothing here trusts a value's type, its size, or that it is safe to print.
"""

from __future__ import annotations

from array import array
from typing import Any, NoReturn, TypeVar

from longsum import errors
from longsum.documents.document import Document, Page
from longsum.documents.page_text import MAX_PAGE_CHARACTERS
from longsum.documents.pdf_errors import MAX_PAGES
from longsum.documents.runs import Run
from longsum.documents.units import UNITS
from longsum.errors import DocumentError, LongsumError, UsageError
from longsum.terminal import escape_for_terminal

_T = TypeVar("_T")
_MAX_NUMBER = 1 << 62
MAX_PLACE = 200
"""Characters of a place's name, such as the title of a chapter."""


def unpacked_document(fields: Any, shown: str) -> Document:
    """Return the document that JSON values describe.

    Args:
        fields: from `packed_document`, or anything else.
        shown: the document's name, which replaces the one in `fields`.

    Raises:
        ValueError: when they do not describe a document.
    """
    if not isinstance(fields, dict):
        raise ValueError("not a document")
    text = _field(fields, "text", str)
    text.encode("utf-8")  # a half character raises a ValueError here, not when it is printed
    if escape_for_terminal(text) != text:
        raise ValueError("control characters")
    title = _field(fields, "title", str, None)
    return Document(
        text=text,
        pages=_pages(_field(fields, "pages", list), len(text)),
        sha256=_field(fields, "sha256", str),
        name=shown,
        total_pages=_field(fields, "total_pages", int),
        title=None if title is None else escape_for_terminal(title),
        line_anchors=_anchors(_field(fields, "line_anchors", list), len(text)),
        warnings=tuple(
            escape_for_terminal(require_type(each, str))
            for each in _field(fields, "warnings", list)
        ),
        unit=_unit(fields.get("unit")),
        places=_places(_field(fields, "places", list), len(text)),
        unreadable=tuple(
            require_type(each, int) for each in require_type(fields.get("unreadable", []), list)
        ),
        notes=tuple(
            escape_for_terminal(require_type(each, str))
            for each in require_type(fields.get("notes", []), list)
        ),
        runs=_runs(require_type(fields.get("runs", []), list), len(text)),
    )


def raise_reported(reply: dict[str, Any], shown: str, *, document: bool = True) -> None:
    """Raise the error that a reader process sent, if it sent one.

    Args:
        reply: its message.
        shown: what it was reading.
        document: accept only errors about a document.

    Raises:
        LongsumError: the error it sent.
        RuntimeError: a bug that it reports.
    """
    if "bug" in reply:
        _raise_bug(reply, shown)
    kind = getattr(errors, str(reply.get("error")), None)
    expected = (DocumentError, UsageError) if document else LongsumError
    if not (isinstance(kind, type) and issubclass(kind, expected)):
        return
    message, hint = reply.get("message"), reply.get("hint")
    if isinstance(message, str) and isinstance(hint, str | None):
        error = kind(
            escape_for_terminal(message),
            hint=None if hint is None else escape_for_terminal(hint),
            facts=_facts(reply.get("facts")),
        )
        error.add_note(escape_for_terminal(str(reply.get("traceback"))))
        raise error


def _facts(found: Any) -> dict[str, int | str]:
    """Return an error's facts, of what was sent as such those that can be."""
    facts: dict[str, int | str] = {}
    for name, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, str):
            facts[escape_for_terminal(name)] = escape_for_terminal(value)
        elif isinstance(value, int) and abs(value) < _MAX_NUMBER:
            facts[escape_for_terminal(name)] = value
    return facts


def _raise_bug(reply: dict[str, Any], shown: str) -> NoReturn:
    """Raise a bug in longsum that a reader process reports, with its traceback."""
    bug = RuntimeError(f"reading {shown} hit a bug: {escape_for_terminal(str(reply['bug']))}")
    bug.add_note(escape_for_terminal(str(reply.get("traceback"))))
    raise bug


def _pages(found: list[Any], size: int) -> tuple[Page, ...]:
    """Return pages, checking that their offsets increase and stay within the text."""
    pages = []
    end = 0
    for each in found:
        page = require_type(each, dict)
        start, after, end = (_field(page, "start", int), end, _field(page, "end", int))
        if not after <= start <= end <= size:
            raise ValueError("pages out of order")
        pages.append(
            Page(_field(page, "number", int), start, end, _field(page, "label", str, None))
        )
    return tuple(pages)


def _anchors(found: list[Any], size: int) -> tuple[tuple[int, int], ...]:
    """Return (offset, line) pairs, checking that offsets increase and stay within the text."""
    anchors = []
    last = 0
    for each in found:
        offset, line = (require_type(number, int) for number in require_type(each, list))
        if not last <= offset <= size:
            raise ValueError("lines out of order")
        last = offset
        anchors.append((offset, line))
    return tuple(anchors)


def _unit(found: Any) -> str | None:
    """Return the name of a known unit, or None."""
    if found is not None and require_type(found, str) not in UNITS:
        raise ValueError("an unknown unit")
    return None if found is None else str(found)


def _places(found: list[Any], size: int) -> tuple[tuple[int, str], ...]:
    """Return (offset, name) pairs, checking that offsets increase and stay within the text."""
    places = []
    last = 0
    for each in found:
        offset, name = require_type(each, list)
        if not last <= require_type(offset, int) <= size:
            raise ValueError("places out of order")
        if not require_type(name, str) or len(name) > MAX_PLACE:
            raise ValueError("a place's name is empty or too long")
        last = offset
        places.append((offset, escape_for_terminal(name)))
    return tuple(places)


def _runs(found: list[Any], size: int) -> tuple[Run, ...]:
    """Return runs from a flat list of numbers, checking that they are parts of text and pages."""
    try:
        numbers = array("q", found)
    except (TypeError, OverflowError) as error:
        raise ValueError("runs that are not numbers") from error
    if len(numbers) % 4:
        raise ValueError("a part of a run")
    runs = [Run(*numbers[at : at + 4]) for at in range(0, len(numbers), 4)]
    last = 0
    for start, end, page, first in runs:
        if not last <= start < end <= size:
            raise ValueError("runs out of order")
        if not (0 < page <= MAX_PAGES and 0 <= first <= MAX_PAGE_CHARACTERS - (end - start)):
            raise ValueError("a run that is on no page")
        last = end
    return tuple(runs)


def _field(fields: dict[str, Any], key: str, kind: type[_T], *or_none: None) -> Any:
    """Return a field, checking its type; None where that is allowed."""
    value = fields.get(key)
    return value if or_none and value is None else require_type(value, kind)


def require_type(value: Any, kind: type[_T]) -> _T:
    """Return a value, checking its type.

    Booleans are not numbers here; numbers are finite and fit into a database.

    Raises:
        ValueError: when it has another type, or is such a number.
    """
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{type(value).__name__} where {kind.__name__} belongs")
    if isinstance(value, int | float) and not abs(value) < _MAX_NUMBER:
        raise ValueError("a number out of range")
    return value
