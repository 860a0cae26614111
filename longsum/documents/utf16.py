"""Text that pdfium returns: UTF-16 in a buffer, of which nothing is sure. Pure."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

MAX_BYTES = 1 << 22
"""Most bytes taken of one value; no title, name or field holds more."""


def pdfium_text(ask: Callable[[Any, int], int]) -> str:
    """Return the text that a function of pdfium writes; unpaired halves become U+FFFD.

    Args:
        ask: takes a buffer and its size in bytes, or None and 0; returns the size needed, which
            includes two bytes for the end.
    """
    size = min(max(0, ask(None, 0)), MAX_BYTES)
    if size <= 2:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    ask(buffer, size)
    return bytes(buffer)[:size].decode("utf-16-le", "replace").partition("\0")[0]
