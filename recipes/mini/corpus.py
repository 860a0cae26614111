"""Read the training texts and return clean paragraphs.

Works on JSON lines compressed with xz, one `{id, text}` or `{doc, target, ...}` object per line;
knows nothing about tokens.
"""

from __future__ import annotations

import json
import lzma
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
SOFT_BREAK = re.compile("\x02\\s*|\u00ad\\s*")
WRAPPED_LINE = range(45, 95)
"""Median line lengths (characters) that mark hard-wrapped text."""


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a `.jsonl.xz` file, in order."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def join_wrapped_lines(paragraph: str) -> str:
    """Put a hard-wrapped paragraph on one line; leave code, verse and lists as they are."""
    lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
    if len(lines) < 2:
        return paragraph.strip()
    median = int(statistics.median(len(line) for line in lines[:-1]))
    return " ".join(lines) if median in WRAPPED_LINE else "\n".join(lines)


def clean(text: str) -> str:
    """Return the text as paragraphs separated by one empty line, without control characters."""
    text = SOFT_BREAK.sub("", text).replace("\x0c", "\n")
    text = CONTROL.sub("", text)
    paragraphs = (join_wrapped_lines(part) for part in re.split(r"\n[ \t]*\n+", text))
    return "\n\n".join(part for part in paragraphs if part)
