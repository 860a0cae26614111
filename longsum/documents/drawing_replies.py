"""Check what the process that draws pages replies: a hostile file may have taken it over.

Nothing here trusts a value's type, its range, or that it is safe to print.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any, NamedTuple

from longsum.documents.pdf_errors import MAX_PAGES
from longsum.documents.places import Rect
from longsum.documents.replies import require_type
from longsum.terminal import escape_for_terminal

_MAX_POINTS = 1e6
_SLACK = 1e-4
"""How far a sum of rounded fractions may be beyond 1."""
_PNG = b"\x89PNG\r\n\x1a\n"


class PageSize(NamedTuple):
    """A page as it is shown: its visible box, turned as the file says."""

    number: int
    label: str | None
    """Printed label, such as `iv`, where it differs from the number."""
    width: float
    """In points."""
    height: float


class TextLine(NamedTuple):
    """A line of a page, in fractions of the page from its top left corner."""

    x: float
    y: float
    w: float
    h: float
    text: str


class OutlineItem(NamedTuple):
    """An entry of a PDF's outline."""

    title: str
    page: int
    level: int
    """From 0."""


def picture_from(reply: dict[str, Any]) -> bytes:
    """Return the PNG of a reply.

    Raises:
        ValueError: there is none. So do the functions below.
    """
    try:
        drawn = base64.b64decode(require_type(reply.get("picture"), str), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if not drawn.startswith(_PNG):
        raise ValueError("not a picture")
    return drawn


def pages_from(reply: dict[str, Any]) -> list[PageSize]:
    """Return the pages of a reply."""
    found = _list(reply.get("pages"))
    if not 0 < len(found) <= MAX_PAGES:
        raise ValueError("no pages, or too many")
    pages = []
    for number, each in enumerate(found, 1):
        label, width, height = _list(each)
        printed = None if label is None else escape_for_terminal(require_type(label, str))
        pages.append(PageSize(number, printed, _side(width), _side(height)))
    return pages


def lines_from(reply: dict[str, Any]) -> list[TextLine]:
    """Return the lines of a reply."""
    lines = []
    for each in _list(reply.get("lines")):
        *rect, text = _list(each)
        lines.append(TextLine(*_rect(rect), escape_for_terminal(require_type(text, str))))
    return lines


def outline_from(reply: dict[str, Any], pages: int) -> list[OutlineItem]:
    """Return the outline of a reply about a document of so many pages."""
    items = []
    for each in _list(reply.get("outline")):
        title, page, level = _list(each)
        if not (
            1 <= require_type(page, int) <= pages and 0 <= require_type(level, int) < MAX_PAGES
        ):
            raise ValueError("an entry that leads nowhere")
        items.append(OutlineItem(escape_for_terminal(require_type(title, str)), page, level))
    return items


def rectangles_from(reply: dict[str, Any], count: int) -> list[list[Rect]]:
    """Return the rectangles of a reply about so many parts."""
    found = _list(reply.get("rects"))
    if len(found) != count:
        raise ValueError("not one for each part")
    return [[_rect(each) for each in _list(rects)] for rects in found]


def _list(found: Any) -> list[Any]:
    return require_type(found, list)


def _rect(found: Any) -> Rect:
    """Return a rectangle, checking that it is on the page."""
    x, y, w, h = map(_number, _list(found))
    if not all(0 <= each <= 1 + _SLACK for each in (x, y, w, h, x + w, y + h)):
        raise ValueError("a rectangle beyond the page")
    return x, y, w, h


def _side(found: Any) -> float:
    side = _number(found)
    if not 0 < side < _MAX_POINTS:
        raise ValueError("a page of no size")
    return side


def _number(found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise ValueError("not a number")
    return float(found)
