r"""Line numbers at the edge of a manuscript in a text file, which are not part of its words.

A column of numbers counts lines if it rises by one (or five) from line to line, perhaps beginning
again on each page, and if sentences run across the lines. A numbered list is left as it is. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

_AT_START = re.compile(r"(\s*)(\d{1,5})(?:([:|]?[ \t]+)(?=\S)|[ \t]*$)")
_AT_END = re.compile(r"(?<=\S)([ \t]{2,})(\d{1,5})$")
_TAIL = 120
"""Characters at the end of a line that are searched for a number."""
_MIN_LINES = 8
"""Numbered lines from which a column may count them."""
_MIN_SHARE, _MIN_STEPS = 0.8, 0.9
"""Share of the lines that are numbered where each is; of the numbers that follow the one before."""
_MIN_FLOWING = 0.3
"""Share of numbered lines whose text goes on in the next, from which it is prose."""
_STEPS = (1, 5, 10)

_Edge = Callable[[str], re.Match[str] | None]
"""Returns the number at an edge of a line, in group 2."""


def _left(line: str) -> re.Match[str] | None:
    return _AT_START.match(line)


def _right(line: str) -> re.Match[str] | None:
    return _AT_END.search(line.rstrip()[-_TAIL:])


def _without_end(line: str) -> str:
    kept = line.rstrip()
    return kept[:-_TAIL] + _AT_END.sub("", kept[-_TAIL:])


def without_line_numbers(text: str) -> tuple[str, str | None]:
    r"""Return a text without the numbers of its lines, and a warning that says so, if it had any.

    Args:
        text: with `\\n` newlines; form feeds stay.
    """
    lines = text.split("\n")
    for edge in (_left, _right):
        numbers = {at: int(match[2]) for at, line in enumerate(lines) if (match := edge(line))}
        if not _is_count(numbers, lines):
            continue
        rest = _removed(lines, numbers, edge)
        if _flows([rest[at] for at in numbers]):
            values = numbers.values()
            warning = (
                f"line numbers ({min(values):,}-{max(values):,}) at the edge of {len(numbers):,} "
                "lines were left out"
            )
            return "\n".join(rest), warning
    return text, None


def _is_count(numbers: dict[int, int], lines: Sequence[str]) -> bool:
    """Return whether numbers at an edge count the lines."""
    filled = sum(bool(line.strip()) for line in lines)
    values = list(numbers.values())
    for step in _STEPS:
        least = _MIN_SHARE * filled if step == 1 else 0.6 * filled / step
        if len(values) < (_MIN_LINES if step == 1 else 4) or len(values) < least:
            continue
        if step > 1 and any(value % step for value in values):
            continue
        pairs = list(zip(values, values[1:], strict=False))
        follow = sum(two == one + step or two == step for one, two in pairs)
        if follow >= _MIN_STEPS * len(pairs):
            return True
    return False


def _removed(lines: Sequence[str], numbers: dict[int, int], edge: _Edge) -> list[str]:
    """Return the lines without their numbers and the gap beside them."""
    rest = list(lines)
    if edge is _right:
        for at in numbers:
            rest[at] = _without_end(lines[at])
        return rest
    matches = {at: match for at in numbers if (match := _left(lines[at]))}
    each_line = len(matches) > 0.5 * sum(bool(line.strip()) for line in lines)
    gaps = Counter(len(match[3] or "") for match in matches.values() if match[3])
    gap = gaps.most_common(1)[0][0] if gaps else 1
    for at, match in matches.items():
        feed = "\f" * match[1].count("\f")
        if each_line:
            after = lines[at][match.end(2) :]
            start = min(gap, len(after) - len(after.lstrip(" \t:|")))
            rest[at] = feed + after[start:]
        else:  # the lines between have spaces where these have a number
            rest[at] = feed + " " * (match.end(2) - len(feed)) + lines[at][match.end(2) :]
    return rest


def _flows(texts: Sequence[str]) -> bool:
    """Return whether sentences run across lines: many begin in lower case, and few are empty."""
    filled = [text.strip() for text in texts if text.strip()]
    if len(filled) < 0.3 * len(texts) or not filled:
        return False
    inside = sum(text[0].islower() or _is_caseless(text[0]) for text in filled)
    return inside >= _MIN_FLOWING * len(filled) and sum(" " in text for text in filled) > 1


def _is_caseless(char: str) -> bool:
    return char.isalpha() and char.lower() == char.upper()
