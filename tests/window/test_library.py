from __future__ import annotations

import stat
from pathlib import Path

import pytest
import torch

from longsum.paths import library_folder, prefix_folder
from longsum.store.key import PrefixKey
from longsum.store.prefixes import PrefixStore
from longsum.window.library import ANSWERS, Library

ONE, TWO = "1" * 64, "2" * 64
ABOUT = {"name": "report.pdf", "title": "A report", "path": None, "pages": 3}
ANSWER = {"job": "a", "kind": "summary", "sentences": [], "text": "é"}


@pytest.fixture
def library():
    return Library(1000)


def test_a_document_is_kept_with_its_answers(library):
    library.opened(ONE, ABOUT, b"the file")
    library.add_answer(ONE, ANSWER)
    library.add_answer(ONE, ANSWER | {"job": "b"})
    (row,) = library.documents()
    assert (row["id"], row["name"], row["answers"], row["here"]) == (ONE, "report.pdf", 2, True)
    assert row["bytes"] > len(b"the file")
    assert [each["job"] for each in library.answers(ONE)] == ["a", "b"]
    library.remove_answer(ONE, "a")
    assert [each["job"] for each in library.answers(ONE)] == ["b"]


def test_a_document_opened_by_its_path_is_not_copied(library, tmp_path):
    file = tmp_path / "report.pdf"
    file.write_bytes(b"x")
    library.opened(ONE, ABOUT | {"path": str(file)}, None)
    assert library.find(ONE).path == file
    file.unlink()
    assert library.find(ONE).path is None
    assert library.documents()[0]["here"] is False


def test_only_the_owner_may_look(library):
    library.opened(ONE, ABOUT, b"secret")
    for path in (library.root, *library.root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_line_that_a_crash_cut_off_is_skipped(library):
    library.opened(ONE, ABOUT, None)
    library.add_answer(ONE, ANSWER)
    with (library.root / ONE / ANSWERS).open("ab") as file:
        file.write(b'{"job": "b", "sent')
    assert [each["job"] for each in library.answers(ONE)] == ["a"]


def test_what_is_not_ours_in_the_folder_is_ignored(library):
    library.opened(ONE, ABOUT, None)
    (library.root / "notes").mkdir()
    (library.root / TWO).mkdir()
    (library.root / TWO / "document.json").write_text("[1]")
    assert [row["id"] for row in library.documents()] == [ONE]
    assert library.find(TWO) is None


@pytest.mark.parametrize("name", ["", "..", "../" + ONE, ONE[:-1], ONE + "/x", "A" * 64])
def test_a_name_that_is_no_digest_finds_nothing(library, name):
    library.opened(ONE, ABOUT, None)
    assert library.find(name) is None


def test_forgetting_removes_answers_copy_and_cached_reading(library):
    store = PrefixStore(prefix_folder(), 1 << 20)
    for digest in (ONE, TWO):
        library.opened(digest, ABOUT, b"file")
        store.write(_key(digest), {"k": torch.zeros(4)}, {"sha256": digest, "tokens": 1})
    before = library.documents()[0]["bytes"]
    assert before > 16
    assert library.forget(ONE)
    assert [row["id"] for row in library.documents()] == [TWO]
    assert [each.record["sha256"] for each in store.entries()] == [TWO]
    assert not library.forget(ONE)


def test_the_oldest_copies_make_room_for_new_ones(library):
    for digest in (ONE, TWO):
        library.opened(digest, ABOUT, bytes(600))
    assert library.find(ONE).path is None
    assert library.find(TWO).path is not None
    library.opened("3" * 64, ABOUT, bytes(2000))
    assert library.find("3" * 64).path is None
    assert library.find(TWO).path is not None


def test_a_disk_that_refuses_does_not_end_the_run(tmp_path):
    (tmp_path / "file").write_text("")
    library = Library(1000, tmp_path / "file" / "library")
    library.opened(ONE, ABOUT, b"x")
    library.add_answer(ONE, ANSWER)
    library.remove_answer(ONE, "a")
    assert library.documents() == []
    assert library.answers(ONE) == []


def test_the_folder_is_the_users_or_the_named_one(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGSUM_DATA_HOME", str(tmp_path))
    assert library_folder() == tmp_path / "library"
    monkeypatch.delenv("LONGSUM_DATA_HOME")
    assert Path.home() in library_folder().parents


def _key(digest):
    return PrefixKey(
        weights=digest,
        rope="",
        quantize="none",
        dtype="float32",
        kv_dtype="fp32",
        attention="auto",
        tokens=1,
        token_ids=digest,
        version="0",
    )
