"""Sizes in bytes, as people write and read them. Pure."""

from __future__ import annotations

import re

from longsum.errors import UsageError

GIB = 1024**3
MIB = 1024**2


def parse_bytes(text: str) -> int:
    """Return the bytes of `12GiB` (1024³), `8GB` or `8G` (1000³), `900M`, or a plain number.

    Raises:
        UsageError: when the text is not a size, or the size is 0.
    """
    match = re.fullmatch(
        r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(?:([kmgt])(i?))?b?", text.strip().lower(), re.ASCII
    )
    size = 0
    if match:
        base = 1024 if match[3] else 1000
        size = int(float(match[1]) * base ** (" kmgt".index(match[2] or " ")))
    if size < 1:
        raise UsageError(f"not a size: {text!r}", hint="write 12GiB, 8GB or 900M")
    return size


def format_bytes(size: int) -> str:
    """Return a size for people: `21.4 GiB`."""
    if abs(size) < 1024:
        return f"{size} B"
    value = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if abs(value) < 1023.95:  # what rounds to 1024.0 takes the next unit
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"
