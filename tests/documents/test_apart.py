from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pdfs
import pytest

from longsum.documents import apart
from longsum.documents.apart import read_document_apart
from longsum.documents.read import read_document
from longsum.errors import (
    CorruptDocument,
    DocumentNotFound,
    DocumentTooLong,
    LongsumError,
    NoSuchPage,
    PasswordError,
)


def test_document_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "pages.pdf"
    path.write_bytes(pdfs.with_running_heads())
    assert read_document_apart(path, pages="2-3") == read_document(path, pages="2-3")


def test_standard_input_and_password_are_passed_on() -> None:
    data = pdfs.encrypted(user="secret")
    document = read_document_apart("-", stdin=io.BytesIO(data), password="secret")
    assert document == read_document("-", stdin=io.BytesIO(data), password="secret")


@pytest.mark.parametrize(
    ("data", "kind", "options"),
    [
        (pdfs.encrypted(user="secret"), PasswordError, {}),
        (pdfs.truncated(), CorruptDocument, {}),
        (pdfs.mixed("tt"), NoSuchPage, {"pages": "9"}),
    ],
)
def test_errors_are_the_same(
    data: bytes, kind: type[LongsumError], options: dict[str, str]
) -> None:
    errors = []
    for read in (read_document, read_document_apart):
        with pytest.raises(kind) as caught:
            read("-", stdin=io.BytesIO(data), **options)
        errors.append((type(caught.value), caught.value.message, caught.value.hint))
    assert errors[0] == errors[1]


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentNotFound, match=r"none\.pdf"):
        read_document_apart(tmp_path / "none.pdf")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_what_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "slow.txt"
    os.mkfifo(path)  # nobody writes to it
    with pytest.raises(DocumentTooLong, match=r"slow\.txt was given up: .* over 1 s"):
        read_document_apart(path, seconds=1)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is no such limit")
def test_what_takes_too_much_memory_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"A line of text.\n" * 2_000_000)
    with pytest.raises(CorruptDocument, match="took over 64 MiB of memory"):
        read_document_apart(path, memory_bytes=64 << 20)


def test_modules_beside_a_document_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hashlib.py").write_text("open('ran', 'w'); raise SystemExit")
    (tmp_path / "story.txt").write_text("Once there was a river.")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", ".")])
    assert read_document_apart("story.txt").text == "Once there was a river."
    assert not Path("ran").exists()


def test_bug_comes_through_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(apart, "read_document", broken)
    answer = apart._answer({"source": "x.txt", "pages": None, "password": None}, b"")
    with pytest.raises(RuntimeError, match="a bug") as caught:
        apart._unpacked_reply(json.dumps(answer).encode(), "x.txt", 1 << 20)
    assert "ValueError: a bug" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    "reply", [b"", b"\x80\x04.", b"{}", b'{"error": "Path"}', b'{"error": "LongsumError2"}']
)
def test_a_reply_that_is_none_is_a_damaged_document(reply: bytes) -> None:
    with pytest.raises(CorruptDocument, match="crashed its reader"):
        apart._unpacked_reply(reply, "x.pdf", 1 << 20)


def test_where_no_python_can_be_started_it_reads_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    assert read_document_apart("-", stdin=io.BytesIO(b"A river.")).text == "A river."
