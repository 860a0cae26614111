"""Chats and transcripts as text: each message is a paragraph of its own.

WhatsApp, IRC, Telegram, Zoom, Signal and logs begin a message with its time; Teams, Slack and
Discord put speaker and time on a line above it; interviews begin with a name. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from longsum.documents.line_ends import is_ended
from longsum.documents.lines import Line, Link

_SECONDS = r"(?:[:.]\d{2}(?:[.,]\d{1,6})?)?(?:\s?[AaPp]\.?\s?[Mm]\.?)?(?:\s?Z|[+-]\d\d:?\d\d)?"
_DATE = (
    r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?|\d{1,2}\.? [^\W\d_]{3,9}\.?,? \d{4}|"
    r"[^\W\d_]{3,9}\.? \d{1,2},? \d{4}|today|yesterday|heute|gestern)"
)
_TIME = (
    rf"(?:{_DATE}(?:,? (?:at|um|klo|kl\.?)|,|T)?\s?\d{{1,2}}[:.]\d{{2}}{_SECONDS}|"
    rf"\d{{1,2}}:\d{{2}}{_SECONDS})"
)
_STAMPED = re.compile(rf"[\[(]?{_TIME}[\])]?(?:\s*[-–—|]\s*|\s*[:,]?\s+)(?=\S)", re.I)
"""A time at the beginning of a message; its text follows."""
_NAME = r"[^\W\d_][^\n:\[\]()]{0,40}?"
_HEADER = re.compile(
    rf"(?:{_NAME}(?:\s*[,—–-]\s*|\s+)[\[(]?{_TIME}[\])]?|[\[(]?{_TIME}[\])]?\s+{_NAME})\s*:?", re.I
)
"""A line of nothing but a speaker and a time; the text of the message is below it."""
_SPEAKER = re.compile(r"([^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,3}):\s+\S")
_MIN_MESSAGES = 3
_MIN_SHARE = 0.4
"""Messages, and their share of the lines that begin a paragraph, from which a text is a chat."""
_WRAPPED = 60
"""Characters of a line that may have been wrapped."""


def with_messages(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a text, told where messages end if it is a chat.

    Args:
        lines: of the whole text, in order.
    """
    for starts in (_headers(lines), _stamped(lines)):
        if starts:
            return [_followed(lines, at, starts) for at in range(len(lines))]
    named = _named(lines)
    ends = {at - 1 for at in named}
    return [replace(e, link=Link.PARAGRAPH) if at in ends else e for at, e in enumerate(lines)]


def _headers(lines: Sequence[Line]) -> set[int]:
    """Return the lines that name a speaker and a time, if that is how messages begin."""
    found = {at for at, line in enumerate(lines[:-1]) if _is_header(line.text)}
    return found if _are_many(found, lines, 0.25) else set()


def _is_header(text: str) -> bool:
    return len(text) < 100 and _HEADER.fullmatch(text) is not None


def _stamped(lines: Sequence[Line]) -> set[int]:
    """Return the lines that begin with a time, if that is how messages begin."""
    found = {at for at, line in enumerate(lines) if _STAMPED.match(line.text)}
    return found if _are_many(found, lines, _MIN_SHARE) else set()


def _named(lines: Sequence[Line]) -> set[int]:
    """Return the lines that begin with a speaker's name, if at least two speak in turn."""
    names = {at: match[1] for at, line in enumerate(lines) if (match := _SPEAKER.match(line.text))}
    counts = Counter(names.values())
    found = {at for at, name in names.items() if counts[name] > 1}
    speakers = {names[at] for at in found}
    inorder = [names[at] for at in sorted(found)]
    turns = sum(one != two for one, two in zip(inorder, inorder[1:], strict=False))
    if len(speakers) < 2 or 2 * turns < len(found):
        return set()
    return found if _are_many(found, lines, 0.25) else set()


def _are_many(found: set[int], lines: Sequence[Line], share: float) -> bool:
    return len(found) >= _MIN_MESSAGES and len(found) >= share * len(lines)


def _followed(lines: Sequence[Line], at: int, starts: set[int]) -> Line:
    """Return a line with what follows it: a new message, or more of this one."""
    line = lines[at]
    if at + 1 in starts or at + 1 == len(lines):
        return replace(line, link=Link.PARAGRAPH)
    if at in starts and _is_header(line.text):
        return replace(line.with_text(line.text.rstrip(": ") + ":"), link=Link.JOIN)
    wrapped = len(line.text) > _WRAPPED and not is_ended(line.text)
    flows = wrapped and lines[at + 1].text[:1].islower()
    return replace(line, link=Link.JOIN if flows else Link.NEWLINE)
