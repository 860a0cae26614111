"""What a file that is neither PDF nor text looks like by its first bytes, and the way out."""

from __future__ import annotations

import io
import zipfile

from longsum.documents.text import has_bom

_EXPORT = "open it in its program and export it as PDF"
_OCR = "make a PDF with a text layer of it, for example with ocrmypdf"
_UNPACK = "unpack it and name a file inside"
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _OCR),
    (b"\xff\xd8\xff", "a JPEG image", _OCR),
    (b"GIF8", "a GIF image", _OCR),
    (b"II*\0", "a TIFF image", _OCR),
    (b"MM\0*", "a TIFF image", _OCR),
    (b"BM", "a BMP image", _OCR),
    (b"RIFF", "a RIFF file (WebP, WAV or AVI)", "only text can be read"),
    (b"AT&TFORM", "a DjVu document", "convert it: ddjvu -format=pdf in.djvu out.pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (doc, xls or ppt)", _EXPORT),
    (b"{\\rtf", "an RTF document", _EXPORT),
    (b"%!PS", "a PostScript file", "convert it: ps2pdf in.ps out.pdf"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x7fELF", "an ELF program", "only PDF and text can be read"),
    (b"MZ", "a Windows program", "only PDF and text can be read"),
    (b"SQLite format 3\0", "an SQLite database", "export the text you need"),
    (b"ID3", "an MP3 recording", "transcribe it to text first"),
    (b"OggS", "an Ogg recording", "transcribe it to text first"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video", "transcribe it to text first"),
)
_ZIPPED = (
    ("word/", "a Word document (docx)", _EXPORT),
    ("xl/", "an Excel workbook (xlsx)", _EXPORT),
    ("ppt/", "a PowerPoint presentation (pptx)", _EXPORT),
    ("META-INF/container.xml", "an EPUB book", "convert it: ebook-convert in.epub out.pdf"),
    ("content.xml", "an OpenDocument file", _EXPORT),
)
CERTAIN = (
    b"PK\x03\x04",
    b"{\\rtf",
    b"%!PS",
    *(magic for magic, _, _ in _MAGIC if not magic.isascii() or min(magic) < 9),
)
"""First bytes that no text has."""


def kind_of(data: bytes) -> tuple[str, str] | None:
    """Return what the first bytes say a file is, and what to do with it."""
    if data.startswith(b"PK\x03\x04"):
        return _zip_kind(data)
    if data[4:8] == b"ftyp":
        return "an MP4 or HEIF media file", "transcribe it, or recognize its text, first"
    for magic, kind, hint in _MAGIC:
        if data.startswith(magic) and not has_bom(data):
            return kind, hint
    return None


def _zip_kind(data: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        names = []
    for part, kind, hint in _ZIPPED:
        if any(name.startswith(part) for name in names):
            return kind, hint
    return "a zip archive", _UNPACK
