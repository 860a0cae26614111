"""Escape control characters of documents and file names before they reach a terminal.

Pure; imports no other module of the package.
"""

from __future__ import annotations

import re

# direction marks, embeddings, overrides, isolates, BOM, tags; some scripts need joiners
INVISIBLE = [
    0x061C,
    0x180E,
    0x200B,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
]
INVISIBLE += [0xFEFF, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080)]
CONTROLS = [c for c in (*range(0x20), *range(0x7F, 0xA0)) if chr(c) not in "\n\t"]
NONCHARACTERS = [*range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)]


_ESCAPED = frozenset(CONTROLS + INVISIBLE + [0x2028, 0x2029, *NONCHARACTERS])
_NEEDS_ESCAPE = re.compile("[" + "".join(re.escape(chr(c)) for c in sorted(_ESCAPED)) + "]")


def escape_for_terminal(text: str) -> str:
    """Return a text with every control character escaped, except newline and tab."""
    return _NEEDS_ESCAPE.sub(lambda match: _escape(ord(match[0])), text)


def shown_name(name: str) -> str:
    """Return a file's name on one line, control characters escaped."""
    return escape_for_terminal(name).replace("\n", "\\n").replace("\t", "\\t")


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
