from __future__ import annotations

import base64

import pdfs
import pytest

from longsum.documents.mistaken import refuse_mistaken
from longsum.documents.read import parse_document, read_document
from longsum.errors import DocumentNotFound, UnsupportedDocument

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def failure(data: bytes) -> UnsupportedDocument:
    with pytest.raises(UnsupportedDocument) as caught:
        parse_document(data, "a.pdf")
    return caught.value


def test_a_git_lfs_pointer_names_its_file() -> None:
    error = failure(POINTER)
    assert error.message == "a.pdf is a Git LFS pointer to a file of 12,345 bytes, not the file"
    assert error.hint == "download the file: git lfs pull"


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        (pdfs.text_pages(["Words."]), "a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a PNG image"),
        (b"Plain words of a text. " * 20, "a file"),
    ],
)
@pytest.mark.parametrize("encode", [base64.encodebytes, base64.b64encode, base64.urlsafe_b64encode])
def test_base64_says_what_is_inside(inside: bytes, name: str, encode) -> None:
    error = failure(encode(inside))
    assert error.message == f"a.pdf is {name} encoded as base64"
    assert "base64 -d" in (error.hint or "")
    assert name in failure(b"data:application/pdf;base64," + encode(inside)).message


def test_an_encrypted_message_is_named() -> None:
    assert "a PGP message" in failure(b"-----BEGIN PGP MESSAGE-----\n\nhQEMA9\n").message


@pytest.mark.parametrize(
    "text",
    [
        b"The harbour board met on Monday.",
        b"ACGT" * 100,
        b"word" * 100,
        b"0123456789" * 30,
        b"A\nlist\nof\nWords\n" * 40,
        b"An essay about https://git-lfs.github.com/spec/v1 and its size 12",
        b"",
    ],
)
def test_other_texts_are_not_mistaken(text: bytes) -> None:
    refuse_mistaken(text, "a.txt")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"Harbour notes".ljust(60, b"\0") + b"BOOKMOBI" + bytes(200), "a Kindle book (MOBI)"),
        (b"notes.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(300), "a tar archive"),
        (b"ITSF\x03\0\0\0" + bytes(100), "a Windows help file (CHM)"),
        (b"fLaC\0\0\0\x22" + bytes(100), "a FLAC recording"),
        (b"\0\1\0\0\0\x10\1\0" + bytes(100), "a font"),
    ],
)
def test_binary_files_are_named(data: bytes, kind: str) -> None:
    assert kind in failure(data).message


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("https://example.org/a.pdf", "download it first: curl -LO https://example.org/a.pdf"),
        ("HTTP://example.org/a?b=c&d", "download it first: curl -LO 'HTTP://example.org/a?b=c&d'"),
        ("file:///tmp/a.pdf", "name the path after file://"),
    ],
)
def test_a_web_address_is_to_be_downloaded_first(address: str, hint: str) -> None:
    with pytest.raises(DocumentNotFound, match="is a web address, not a file") as caught:
        read_document(address)
    assert caught.value.hint == hint
