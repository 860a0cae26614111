from __future__ import annotations

import io
import struct
import zipfile

import pytest
from books import archive

from longsum.documents import packages
from longsum.documents.packages import MAX_PART_BYTES, Package, open_package, resolved
from longsum.errors import CorruptDocument, DocumentTooLong, ProtectedDocument


def test_parts_are_found_whatever_the_case_and_the_slashes() -> None:
    package = Package(archive({"OEBPS\\Text/Ch1.xhtml": "one", "b": "two"}), "book.epub")
    assert package.read("oebps/text/ch1.XHTML") == b"one"
    assert package.read("/b") == b"two"
    assert package.read("c") is None
    assert "B" in package


def test_first_bytes_of_a_part_are_searched() -> None:
    package = Package(archive({"mimetype": "application/epub+zip"}), "book.epub")
    assert package.holds("mimetype", b"other", b"epub")
    assert not package.holds("mimetype", b"odt")
    assert not package.holds("missing", b"")


@pytest.mark.parametrize(
    ("base", "reference", "name"),
    [
        ("OEBPS/book.opf", "a.xhtml", "OEBPS/a.xhtml"),
        ("OEBPS/book.opf", "../a%20b.xhtml#x", "a b.xhtml"),
        ("OEBPS/book.opf", "/a.xhtml", "a.xhtml"),
        ("book.opf", "../../../etc/passwd", "etc/passwd"),
        ("", "x", "x"),
    ],
)
def test_references_are_resolved_inside_the_archive(base: str, reference: str, name: str) -> None:
    assert resolved(base, reference) == name


def test_part_that_unpacks_to_too_much_is_refused() -> None:
    bomb = archive({"a": b" " * (MAX_PART_BYTES + 1)})
    with pytest.raises(DocumentTooLong, match="unpacks to over 128 MiB, as a decompression bomb"):
        Package(bomb, "x.docx").read("a")


def test_part_that_unpacks_to_many_times_its_size_is_refused() -> None:
    bomb = archive({"a": b" " * (packages.MIN_RATIO_BYTES + 1)})
    with pytest.raises(DocumentTooLong, match="unpacks to over 250 times its size"):
        Package(bomb, "x.docx").read("a")


def test_parts_that_together_unpack_to_too_much_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packages, "MAX_READ_BYTES", 2500)
    package = Package(archive({name: bytes(1000) for name in "abc"}), "x.docx")
    assert package.read("a") == package.read("b") == bytes(1000)
    with pytest.raises(DocumentTooLong, match="its text unpacks to over"):
        package.read("c")


def test_part_that_claims_less_than_it_unpacks_to_is_damaged() -> None:
    data = bytearray(archive({"a": b"x" * 5000}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)  # its unpacked size
    with pytest.raises(CorruptDocument, match="its part 'a' cannot be unpacked"):
        Package(bytes(data), "x.docx").read("a")


def test_too_many_parts_are_refused_before_they_are_listed() -> None:
    entry = b"PK\x01\x02"
    with pytest.raises(DocumentTooLong, match="it has over 20,000 parts"):
        Package(b"PK\x03\x04" + entry * 20_001, "x.docx")


@pytest.mark.parametrize("size", [30, 100, -30])
def test_archive_that_is_cut_off_is_damaged(size: int) -> None:
    data = archive({"a": "text", "b": "text"})[:size]
    assert open_package(data, "x.docx") is None
    with pytest.raises(CorruptDocument, match="^x.docx is damaged or incomplete"):
        Package(data, "x.docx")


def test_encrypted_archive_is_refused() -> None:
    buffer = io.BytesIO(archive({"a": "text"}))
    with zipfile.ZipFile(buffer) as file:
        at = file.start_dir
    data = bytearray(buffer.getvalue())
    data[at + 8] |= 1
    package = Package(bytes(data), "x.docx")
    assert not package.holds("a", b"text")
    with pytest.raises(ProtectedDocument, match="^x.docx is an encrypted archive"):
        package.read("a")


def test_other_files_are_no_packages() -> None:
    assert open_package(b"PK", "x") is None
    assert open_package(b"%PDF-1.4", "x") is None
