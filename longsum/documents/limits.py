"""What an untrusted file may cost: how far its streams unpack, how much memory a reader gets.

`check_unpacked_size` refuses a decompression bomb by its size before any reader opens it. It knows
only some filters; `limit_memory` covers everything else, in a separate process (`isolated.py`).
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator

from longsum.config import MAX_READER_BYTES
from longsum.errors import DocumentTooLong

MAX_STREAM_BYTES = 1 << 28
"""Largest unpacked stream of text, fonts or structure; a thick book's longest page takes 1 MiB."""
MAX_UNPACKED_BYTES = 1 << 32
"""Largest total of a file's unpacked streams."""

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_MAX_DICTIONARY_BYTES = 2048
"""Bytes before a stream that are searched for its dictionary."""
_FILTERS = re.compile(rb"/(ASCIIHexDecode|AHx|ASCII85Decode|A85|FlateDecode|Fl)\b")
_IN_BYTES, _OUT_BYTES = 1 << 14, 1 << 20
"""Bytes read, and unpacked, at a time."""


def limit_memory(more_bytes: int = MAX_READER_BYTES) -> None:
    """Limit how much more memory this process may take, so that it fails instead of the machine.

    Does nothing on systems without such a limit.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            held = int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):  # macOS, which ignores the limit
        held = 1 << 34
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = held + more_bytes
    bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))


def check_unpacked_size(data: bytes, shown: str) -> None:
    """Refuse a PDF whose streams unpack to more than any document of text.

    Pictures are left out, since reading text never unpacks them.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.

    Raises:
        DocumentTooLong: one stream, or all together, unpack to too much.
    """
    total = 0
    has_letters = any(name in data for name in (b"/ASCII", b"/A85", b"/AHx"))
    for match in _STREAM.finditer(data):
        if not has_letters and not _is_deflated(data, match.end()):
            continue
        size = 0
        for size in _unpacked_sizes(data, match.end(), _filters_of(data, match.start())):
            if size > MAX_STREAM_BYTES:
                raise _bomb(shown, f"a part of it unpacks to over {MAX_STREAM_BYTES >> 20:,} MiB")
        total += size
        if total > MAX_UNPACKED_BYTES:
            raise _bomb(shown, f"it unpacks to over {MAX_UNPACKED_BYTES >> 20:,} MiB")


def _is_deflated(data: bytes, start: int) -> bool:
    """Return whether a zlib header starts here (RFC 1950, section 2.2)."""
    head = data[start : start + 2]
    return len(head) == 2 and head[0] & 0x8F == 8 and int.from_bytes(head) % 31 == 0


def _bomb(shown: str, how: str) -> DocumentTooLong:
    return DocumentTooLong(
        f"{shown} is refused: {how}, as a decompression bomb does",
        hint="if you trust it, print it to a new PDF and read that",
    )


def _filters_of(data: bytes, end: int) -> list[bytes]:
    """Return the known filters of the stream whose dictionary ends at `end`; none for a picture.

    If the dictionary names none (it may refer to them, or escape their names), the stream is
    assumed to be deflated; its first bytes will show.
    """
    start = max(0, end - _MAX_DICTIONARY_BYTES)
    start = max(start, *(data.rfind(word, start, end) for word in (b"endobj", b"endstream")))
    head = data[start:end]
    if b"/Image" in head:
        return []
    return [match[1] for match in _FILTERS.finditer(head)] or [b"FlateDecode"]


def _unpacked_sizes(data: bytes, start: int, filters: list[bytes]) -> Iterator[int]:
    """Yield the largest size in bytes after any filter so far, as the stream is unpacked.

    Nothing unpacked is stored.
    """
    if not any(name.startswith(b"Fl") for name in filters):
        return
    body = memoryview(data)[start:]
    while not filters[0].startswith(b"Fl"):
        end = data.find(b"endstream", start)
        body = memoryview(_from_letters(body[: max(0, end - start)].tobytes(), filters.pop(0)))
    sizes = [0] * len(filters)
    pieces: Iterator[bytes | memoryview] = (
        body[at : at + _IN_BYTES] for at in range(0, len(body), _IN_BYTES)
    )
    for stage, name in enumerate(filters):
        if name.startswith(b"Fl"):
            pieces = _inflated(pieces, sizes, stage)
    for _ in pieces:
        yield max(sizes)
    yield max(sizes)


def _inflated(
    pieces: Iterator[bytes | memoryview], sizes: list[int], stage: int
) -> Iterator[bytes]:
    """Yield what deflated bytes unpack to, up to the first unreadable one, and count it."""
    inflater = zlib.decompressobj()
    for piece in pieces:
        try:
            out = inflater.decompress(piece, _OUT_BYTES)
            while out:
                sizes[stage] += len(out)
                yield out
                out = inflater.decompress(inflater.unconsumed_tail, _OUT_BYTES)
        except zlib.error:
            break
        if inflater.eof:
            break
    if stage:  # input counts, too, even if there is no output
        for _ in pieces:
            yield b""


def _from_letters(text: bytes, name: bytes) -> bytes:
    """Undo one of the two filters that write bytes as letters; empty if that fails."""
    text = b"".join(text.split())
    try:
        if name.startswith(b"ASCII85") or name == b"A85":
            return base64.a85decode(text.removeprefix(b"<~").partition(b"~")[0])
        digits = text.partition(b">")[0]
        return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except ValueError:
        return b""
