"""What a line's words say about its ends: a finished sentence, a new item, a broken word.

Pure.
"""

from __future__ import annotations

import re

from longsum.documents.clean import BROKEN

_CLOSERS = r"[\"'”’»›)\]」』]*\d{0,3}$"
_END = re.compile(r"(?<!\bv)[.?!:;。！？；：؟…]" + _CLOSERS)
_SENTENCE_END = re.compile(r"(?<!\bv)[.?!。！？؟…]" + _CLOSERS)
_TAIL = 80
"""Characters examined at the end of a line; lines of unwrapped text are long."""
_ITEM = re.compile(
    r"(?:[•▪▸●○◦‣■□°–—*+-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,5})\)"
    r"|(?:\d{1,2}|[A-Z]|[a-h]|i{2,3}|iv|vi{1,3}|ix|xi{0,3})\.)\s+\S"  # not `v.`, `p.`
)
_BULLET = re.compile(r"[•▪▸●○◦‣■□]\s*\S")
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*[\divxlc]{1,5}$")
_CONTENTS = re.compile(_LEADERS.pattern + r"|\s\d{1,4}$")
_LISTED = re.compile(
    r"(?=.{5,80}$)(?:[A-ZÀ-ÖØ-Þ]|\d)[^.?!:;]*[^\W\d_][^.?!:;\d]* (?P<page>\d{1,3})$"
)
_SECTION = re.compile(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,2})*\.?\s+\S")


def is_item(text: str) -> bool:
    """Return whether a line begins a list item."""
    return bool(_ITEM.match(text))


def is_bullet(text: str) -> bool:
    """Return whether a line begins with an unambiguous bullet."""
    return bool(_BULLET.match(text))


def is_ended(text: str) -> bool:
    """Return whether a line ends a sentence or introduces a list."""
    return bool(_END.search(text[-_TAIL:]))


def ends_sentence(text: str) -> bool:
    """Return whether a line ends in a full stop or the like."""
    return bool(_SENTENCE_END.search(text[-_TAIL:]))


def is_broken(text: str, after: str) -> bool:
    """Return whether a word continues in the next line."""
    return text.endswith(BROKEN) or (
        text.endswith("-") and text[-2:-1].isalpha() and after[:1].islower()
    )


def are_listed(text: str, after: str) -> bool:
    """Return whether two lines are entries of a table of contents, with rising page numbers.

    Args:
        text: a line.
        after: the next line.
    """
    if not (text[-1:].isdigit() and after[-1:].isdigit()):
        return False  # nearly every line, whose pattern would be searched to its end
    first, second = _LISTED.match(text), _LISTED.match(after)
    return bool(first and second and int(first["page"]) <= int(second["page"]))


def ends_entry(text: str, after: str) -> bool:
    """Return whether a line ends an entry of a table of contents."""
    tail, next_tail = text[-_TAIL:], after[-_TAIL:]
    if _LEADERS.search(tail):
        return True
    return bool(_CONTENTS.search(tail) and _SECTION.match(after) and _CONTENTS.search(next_tail))
