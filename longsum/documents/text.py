"""Text files and piped text: their encoding, and their lines as paragraphs.

UTF-8, or UTF-16 and UTF-32 with a byte order mark, or what charset-normalizer makes of it; bytes
that are no text are refused. Markdown is text: headings, items, tables and code keep their lines.
"""

from __future__ import annotations

import codecs
import re

from longsum.documents.clean import BROKEN, clean_characters
from longsum.documents.line_ends import is_item
from longsum.documents.lines import Line, lines_of_text
from longsum.documents.order import is_rule
from longsum.documents.pages import parse_pages
from longsum.documents.paragraphs import Flow, flow_pages, flow_text
from longsum.documents.running import drop_running
from longsum.errors import UndecodableText, UsageError

_BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL_BYTES = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b\x08"))
_FENCE = re.compile(r"(?:```|~~~)")
_OWN_LINE = re.compile(r"(?:#{1,6}\s|\||>|=+$|\[\^?[^\]]+\]:\s)")


def has_bom(data: bytes) -> bool:
    """Tell whether the bytes begin with a Unicode byte order mark."""
    return data.startswith(tuple(bom for bom, _ in _BOMS))


def looks_binary(data: bytes) -> bool:
    """Tell whether bytes hold what no text holds: NUL, or more than a few control codes."""
    if has_bom(data):
        return False
    sample = data[: 1 << 16]
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return b"\0" in data or controls > max(8, len(sample) // 50)


def decode_text(data: bytes, shown: str) -> str:
    """Return the bytes as text.

    Raises:
        UndecodableText: no encoding fits.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise _undecodable(shown, f"it claims to be {encoding[:6].upper()}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    import charset_normalizer

    best = charset_normalizer.from_bytes(data).best()
    if best is None:
        raise _undecodable(shown, "it is not UTF-8, nor any other encoding that can be told")
    return str(best)


def _undecodable(shown: str, why: str) -> UndecodableText:
    return UndecodableText(
        f"{shown} cannot be decoded: {why}",
        hint="convert it: iconv -f ITS-ENCODING -t UTF-8 in.txt > out.txt",
    )


def utf16_without_mark(data: bytes) -> bool:
    """Tell whether every other byte is NUL, as in Latin text in UTF-16 without a mark."""
    sample = data[:4096]
    return len(sample) > 3 and max(sample[::2].count(0), sample[1::2].count(0)) > 0.4 * len(sample)


def flow_of_text(text: str, pages: str | None) -> tuple[Flow, tuple[int, ...], int]:
    """Return a text's flow, the numbers of its pages (none without form feeds), and their total.

    Raises:
        UsageError: pages were chosen of a text that has none.
        NoSuchPage: the selection names pages that are not there.
    """
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\f")
    if not parts[-1].strip():
        parts.pop()
    if len(parts) < 2:
        if pages is not None:
            raise UsageError(
                "--pages needs a document with pages; this text has none", hint="leave --pages out"
            )
        lines = _lines(parts[0] if parts else "", 1)
        return flow_text(lines, _own_lines(lines)), (), 0
    chosen = parse_pages(pages, len(parts)) if pages is not None else range(1, len(parts) + 1)
    read: list[list[Line]] = []
    first = 1
    for part in parts:
        read.append(_lines(part, first))
        first += part.count("\n")
    kept = drop_running(read)
    flow = flow_pages([kept[number - 1] for number in chosen], keep_shapes=True)
    return flow, tuple(chosen), len(parts)


def _lines(text: str, first: int) -> list[Line]:
    lines = lines_of_text(clean_characters(text), first=first)
    return [line.with_text(_marked(line.text)) for line in lines if line.text.strip(BROKEN)]


def _marked(text: str) -> str:
    """Return a line without soft hyphens but for one that breaks its last word."""
    broken = text.endswith(BROKEN)
    return text.replace(BROKEN, "") + (BROKEN if broken else "")


def _own_lines(lines: list[Line]) -> set[int]:
    """Return the lines that join neither the line before nor the next: headings, tables, code."""
    own: set[int] = set()
    fenced = False
    for index, line in enumerate(lines):
        fence = bool(_FENCE.match(line.text))
        if fenced or fence or _OWN_LINE.match(line.text) or is_rule(line.text):
            own.add(index)
        fenced ^= fence
    return own | {-1 - index for index, line in enumerate(lines) if is_item(line.text)}
