"""What a file is, judged by its bytes: text or not, and how to convert what cannot be read."""

from __future__ import annotations

import codecs
import io
import zipfile

from longsum.documents.formats import format_names
from longsum.errors import DocumentError, ProtectedDocument, UnsupportedDocument

_EXPORT = "open it in its program and export it as PDF"
_EXPORT_OLD = "open it in its program and export it as DOCX, PPTX or PDF"
_OCR = "make a PDF with a text layer of it, for example with ocrmypdf"
_EXPORTED = "export the text you need"
_UNPACK = "unpack it and name a file inside"
_ONLY = f"only {format_names('and')} can be read"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream in which Office keeps an encrypted document ([MS-OFFCRYPTO], 2.1.1)."""
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _OCR),
    (b"\xff\xd8\xff", "a JPEG image", _OCR),
    (b"GIF8", "a GIF image", _OCR),
    (b"II*\0", "a TIFF image", _OCR),
    (b"MM\0*", "a TIFF image", _OCR),
    (b"BM", "a BMP image", _OCR),
    (b"RIFF", "a RIFF file (WebP, WAV or AVI)", "only text can be read"),
    (b"AT&TFORM", "a DjVu document", "convert it: ddjvu -format=pdf in.djvu out.pdf"),
    (_OLE, "an old Office document (doc, xls or ppt)", _EXPORT_OLD),
    (b"{\\rtf", "an RTF document", _EXPORT_OLD),
    (b"%!PS", "a PostScript file", "convert it: ps2pdf in.ps out.pdf"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x7fELF", "an ELF program", _ONLY),
    (b"MZ", "a Windows program", _ONLY),
    (b"SQLite format 3\0", "an SQLite database", "export the text you need"),
    (b"ID3", "an MP3 recording", "transcribe it to text first"),
    (b"OggS", "an Ogg recording", "transcribe it to text first"),
    (b"fLaC", "a FLAC recording", "transcribe it to text first"),
    (b"\xff\xfb", "an MP3 recording", "transcribe it to text first"),
    (b"0&\xb2u\x8ef\xcf\x11", "a Windows media file", "transcribe it to text first"),
    (b"ITSF\x03", "a Windows help file (CHM)", "convert it: ebook-convert in.chm out.txt"),
    (b"\xeaDRMION", "a Kindle book (KFX)", "convert it: ebook-convert in.kfx out.txt"),
    (b"TPZ0", "a Kindle book (Topaz)", "convert it: ebook-convert in.azw out.txt"),
    (b"\xffWPC", "a WordPerfect document", _EXPORT),
    (b"8BPS", "a Photoshop image", _OCR),
    (b"\x1f\x9d", "a compressed file", _UNPACK),
    (b"LZIP", "an lzip archive", _UNPACK),
    (b"MSCF", "a cabinet archive", _UNPACK),
    (b"wOFF", "a font", _ONLY),
    (b"wOF2", "a font", _ONLY),
    (b"OTTO", "a font", _ONLY),
    (b"\0\1\0\0\0", "a font", _ONLY),
    (b"\xca\xfe\xba\xbe", "a program", _ONLY),
    (b"\xcf\xfa\xed\xfe", "a program", _ONLY),
    (b"\0asm", "a WebAssembly program", _ONLY),
    (b"\x89HDF\r\n", "an HDF5 file", _EXPORTED),
    (b"PAR1", "a Parquet file", _EXPORTED),
    (b"bplist00", "a property list", _EXPORTED),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video", "transcribe it to text first"),
)
_LATER_MAGIC = (
    (60, b"BOOKMOBI", "a Kindle book (MOBI)", "convert it: ebook-convert in.mobi out.txt"),
    (60, b"TEXtREAd", "a Palm book", "convert it: ebook-convert in.pdb out.txt"),
    (257, b"ustar", "a tar archive", _UNPACK),
)
"""Bytes further on that tell what a file is."""
_ZIPPED = (
    ("word/", "a Word document (docx)", _EXPORT),
    ("xl/", "an Excel workbook (xlsx)", _EXPORT),
    ("ppt/", "a PowerPoint presentation (pptx)", _EXPORT),
    ("content.xml", "an OpenDocument spreadsheet, presentation or drawing", _EXPORT),
    ("Index/Document.iwa", "an Apple iWork document (pages, numbers or key)", _EXPORT),
)
BINARY_MAGIC = (
    b"PK\x03\x04",
    b"{\\rtf",
    b"%!PS",
    *(magic for magic, _, _ in _MAGIC if not magic.isascii() or min(magic) < 9),
)
"""First bytes that no text file has."""

BOMS = (  # UTF-32 first: its mark begins with the mark of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL_BYTES = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b\x08"))


def looks_binary(data: bytes) -> bool:
    """Return whether bytes hold what text does not: NUL, or more than a few control codes."""
    if data.startswith(tuple(bom for bom, _ in BOMS)):
        return False
    sample = data[: 1 << 16]
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return b"\0" in data or controls > max(8, len(sample) // 50)


def unreadable_file(data: bytes, shown: str) -> DocumentError:
    """Return the error for a file that no reader accepts, saying what it looks like.

    Args:
        data: its bytes.
        shown: its name, safe to print.
    """
    if data.startswith(_OLE) and _ENCRYPTED in data:
        return ProtectedDocument(
            f"{shown} is an Office document encrypted with a password",
            hint="open it in its program, save it without a password, and read that",
        )
    kind = kind_of(data)
    if kind:
        return UnsupportedDocument(f"{shown} is {kind[0]}, not {format_names()}", hint=kind[1])
    return UnsupportedDocument(
        f"{shown} is a binary file of an unknown kind, not {format_names()}",
        hint="export it as PDF or plain text",
    )


def kind_of(data: bytes) -> tuple[str, str] | None:
    """Return what the first bytes say a file is and what to do with it; None if unknown."""
    if data.startswith(b"PK\x03\x04"):
        return _zip_kind(data)
    for at, magic, kind, hint in _LATER_MAGIC:
        if data[at : at + len(magic)] == magic:
            return kind, hint
    if data[4:8] == b"ftyp":
        return "an MP4 or HEIF media file", "transcribe it, or recognize its text, first"
    for magic, kind, hint in _MAGIC:
        if data.startswith(magic):
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
