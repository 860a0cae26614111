"""Documents that are zip archives (EPUB, DOCX, PPTX, ODT): their parts, within limits.

Only the parts that are asked for are unpacked, one at a time; pictures, fonts and embedded files
never are, so that an archive in an archive costs nothing. A decompression bomb is refused by the
sizes it claims, and what it really unpacks to is never more than that.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import zipfile
import zlib
from urllib.parse import unquote

from longsum.errors import CorruptDocument, DocumentTooLong, ProtectedDocument

MAGIC = b"PK\x03\x04"
MAX_PARTS = 20_000
"""Largest number of parts; a book of a thousand chapters has a few thousand."""
MAX_PART_BYTES = 1 << 27
"""Largest unpacked part that is read; the text of 20,000 pages takes about as much in DOCX."""
MAX_READ_BYTES = 1 << 29
"""Largest total of unpacked parts that are read."""
MAX_RATIO, MIN_RATIO_BYTES = 250, 1 << 24
"""Largest ratio of unpacked to packed bytes, for a part larger than the second number."""

_ENTRY = b"PK\x01\x02"
"""Begins each entry of the archive's list of parts."""
_ENCRYPTED = 1
"""Bit of an entry's flags."""
_HEAD_BYTES = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)
"""What unpacking raises for a damaged part."""


class Package:
    """The parts of a document that is a zip archive.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.

    Raises:
        CorruptDocument: the archive is cut off or damaged.
        DocumentTooLong: it has too many parts.
    """

    def __init__(self, data: bytes, shown: str) -> None:
        self.shown = shown
        self._read_bytes = 0
        if data.count(_ENTRY) > MAX_PARTS:
            raise self._bomb(f"it has over {MAX_PARTS:,} parts")
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            entries = self._archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            raise self.damaged("its list of parts cannot be read") from None
        # names of parts are compared without case (ECMA-376 part 2, 6.2.2.3); some programs
        # write backslashes
        self._entries = {_key(entry.filename): entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._entries

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a part; None if there is no such part.

        Raises:
            CorruptDocument: it cannot be unpacked.
            DocumentTooLong: it, or all parts so far together, unpack to too much.
            ProtectedDocument: the archive is encrypted.
        """
        entry = self._entries.get(_key(name))
        if entry is None:
            return None
        self._check(entry)
        try:
            return self._archive.read(entry)
        except _UNREADABLE:
            raise self.damaged(f"its part {name!a} cannot be unpacked") from None

    def holds(self, name: str, *texts: bytes) -> bool:
        """Return whether the first bytes of a part contain one of some texts."""
        entry = self._entries.get(_key(name))
        if entry is None or entry.flag_bits & _ENCRYPTED:
            return False
        try:
            with self._archive.open(entry) as file:
                head = file.read(_HEAD_BYTES)
        except _UNREADABLE:
            return False
        return any(text in head for text in texts)

    def _check(self, entry: zipfile.ZipInfo) -> None:
        """Refuse a part by what its entry says; unpacking stops at the size claimed there."""
        if entry.flag_bits & _ENCRYPTED:
            raise ProtectedDocument(
                f"{self.shown} is an encrypted archive, which cannot be read",
                hint="unpack it, pack its files again without a password, and read that",
            )
        size = entry.file_size
        if size > MAX_PART_BYTES:
            raise self._bomb(f"a part of it unpacks to over {MAX_PART_BYTES >> 20:,} MiB")
        if size > MIN_RATIO_BYTES and size > MAX_RATIO * entry.compress_size:
            raise self._bomb(f"a part of it unpacks to over {MAX_RATIO} times its size")
        self._read_bytes += size
        if self._read_bytes > MAX_READ_BYTES:
            raise self._bomb(f"its text unpacks to over {MAX_READ_BYTES >> 20:,} MiB")

    def damaged(self, why: str) -> CorruptDocument:
        """Return the error for an archive that lacks a part, or whose part cannot be read."""
        return CorruptDocument(
            f"{self.shown} is damaged or incomplete: {why}",
            hint="download or export it again",
        )

    def _bomb(self, how: str) -> DocumentTooLong:
        return DocumentTooLong(
            f"{self.shown} is refused: {how}, as a decompression bomb does",
            hint="if you trust it, export it as PDF from its program and read that",
        )


def open_package(data: bytes, shown: str) -> Package | None:
    """Return a file's parts; None for anything but a zip archive that can be opened."""
    if not data.startswith(MAGIC):
        return None
    try:
        return Package(data, shown)
    except CorruptDocument:
        return None


def resolved(base: str, reference: str) -> str:
    """Return the name of the part that another part refers to.

    Args:
        base: name of the part that holds the reference.
        reference: a relative or absolute path, perhaps with escapes; its fragment is dropped.
    """
    path = unquote(reference.partition("#")[0]).replace("\\", "/")
    joined = posixpath.join("/", posixpath.dirname(base), path)
    return posixpath.normpath(joined).lstrip("/")


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
