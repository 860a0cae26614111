"""Take in what a reading process says. It may have been taken over: everything is checked.

Nothing here trusts a value's type, its size, or that it is safe to print.
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from longsum import errors
from longsum.documents.document import Document, Page
from longsum.errors import DocumentError, LongsumError, UsageError
from longsum.terminal import escape_for_terminal

_T = TypeVar("_T")
_MAX_NUMBER = 1 << 62


def unpacked_document(fields: Any, shown: str) -> Document:
    """Return the document that JSON values describe.

    Args:
        fields: from `packed_document`, or anything.
        shown: the name it is to have, whatever it says itself.

    Raises:
        ValueError: when they describe none.
    """
    if not isinstance(fields, dict):
        raise ValueError("not a document")
    text = _typed(fields, "text", str)
    text.encode("utf-8")  # a half character raises a ValueError here, not when it is printed
    if escape_for_terminal(text) != text:
        raise ValueError("control characters")
    title = _typed(fields, "title", str, None)
    return Document(
        text=text,
        pages=_pages(_typed(fields, "pages", list), len(text)),
        sha256=_typed(fields, "sha256", str),
        name=shown,
        total_pages=_typed(fields, "total_pages", int),
        title=None if title is None else escape_for_terminal(title),
        line_anchors=_anchors(_typed(fields, "line_anchors", list), len(text)),
        warnings=tuple(
            escape_for_terminal(is_typed(each, str)) for each in _typed(fields, "warnings", list)
        ),
    )


def raise_reported(reply: dict[str, Any], shown: str, *, document: bool = True) -> None:
    """Raise the error that a reading process sent, if it sent one.

    Args:
        reply: its message.
        shown: what it was reading.
        document: it was, so that nothing but an error about a document is believed.
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
    """Raise a bug of ours that a reading process met, with its traceback."""
    bug = RuntimeError(f"reading {shown} met a bug: {escape_for_terminal(str(reply['bug']))}")
    bug.add_note(escape_for_terminal(str(reply.get("traceback"))))
    raise bug


def _pages(found: list[Any], size: int) -> tuple[Page, ...]:
    """Return pages whose offsets rise and stay within the text."""
    pages = []
    end = 0
    for each in found:
        page = is_typed(each, dict)
        start, after, end = (_typed(page, "start", int), end, _typed(page, "end", int))
        if not after <= start <= end <= size:
            raise ValueError("pages out of order")
        pages.append(
            Page(_typed(page, "number", int), start, end, _typed(page, "label", str, None))
        )
    return tuple(pages)


def _anchors(found: list[Any], size: int) -> tuple[tuple[int, int], ...]:
    """Return (offset, line) pairs whose offsets rise and stay within the text."""
    anchors = []
    last = 0
    for each in found:
        offset, line = (is_typed(number, int) for number in is_typed(each, list))
        if not last <= offset <= size:
            raise ValueError("lines out of order")
        last = offset
        anchors.append((offset, line))
    return tuple(anchors)


def _typed(fields: dict[str, Any], key: str, kind: type[_T], *or_none: None) -> Any:
    """Return a field that must be of a type, or None where that is allowed."""
    value = fields.get(key)
    return value if or_none and value is None else is_typed(value, kind)


def is_typed(value: Any, kind: type[_T]) -> _T:
    """Return a value that must be of a type.

    JSON's true is no number here; numbers are finite, and fit into a database.

    Raises:
        ValueError: when it is of another, or such a number.
    """
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{type(value).__name__} where {kind.__name__} belongs")
    if isinstance(value, int | float) and not abs(value) < _MAX_NUMBER:
        raise ValueError("a number out of range")
    return value
