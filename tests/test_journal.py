from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from longsum.errors import OutputError
from longsum.journal import JournalFile, read_entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def row(name: str) -> dict[str, Any]:
    return {"document": name}


def kept(path: Path) -> list[str | None]:
    return [entry and entry["document"] for _, entry in read_entries(path)]


def test_row_is_in_the_file_before_the_journal_is_closed(path):
    journal = JournalFile(path)
    journal.append(row("a"))
    assert kept(path) == ["a"]
    journal.close()


@pytest.mark.parametrize("cut", range(1, 12))
def test_torn_last_line_is_skipped_and_removed(path, cut):
    journal = JournalFile(path)
    journal.append(row("a"))
    journal.append(row("b" * 100_000))
    journal.close()
    os.truncate(path, path.stat().st_size - cut)
    assert kept(path) == ["a"]
    again = JournalFile(path)
    again.append(row("c"))
    again.close()
    assert kept(path) == ["a", "c"]


def test_full_disk_is_an_error_and_leaves_no_torn_line(path, monkeypatch):
    journal = JournalFile(path)
    journal.append(row("a"))

    class Full:
        def fileno(self):
            return journal_file.fileno()

        def write(self, data):
            journal_file.write(data[: len(data) // 2])
            return len(data) // 2

    journal_file = journal._file
    monkeypatch.setattr(journal, "_file", Full())
    with pytest.raises(OutputError, match="No space left"):
        journal.append(row("b"))
    assert path.read_bytes().endswith(b"\n")
    assert kept(path) == ["a"]
    journal_file.close()


def test_folder_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        JournalFile(tmp_path / "nowhere" / "journal.jsonl")


def test_hint_is_the_one_given(path, monkeypatch):
    journal = JournalFile(path, hint="buy a disk")
    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr("longsum.journal.SYNC_INTERVAL_S", 0.0)
    with pytest.raises(OutputError, match="No space left") as raised:
        journal.append(row("a"))
    monkeypatch.undo()
    journal.close()
    assert raised.value.hint == "buy a disk"
    assert kept(path) == []


def fail(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_whole_lines_that_are_not_objects_are_none(path):
    path.write_text('{"document": "a"}\n[1]\nnonsense\n{"document": "b"}\n{"document')
    assert kept(path) == ["a", None, None, "b"]
