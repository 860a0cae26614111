from __future__ import annotations

import json
import os

import pytest

from longsum.batch.batch_journal import Journal, journal_path, read_rows, row_at
from longsum.errors import OutputError


def row(name: str, outcome: str = "done") -> dict:
    return {"document": name, "outcome": outcome}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def kept(path) -> list[str]:
    return [row["document"] for _, row in read_rows(path)]


def test_rows_come_back_with_their_places(path):
    journal = Journal(path)
    places = []
    for name in ("a", "b", "ü\udcff"):
        places.append(journal.tell())
        journal.add(row(name))
    journal.close()
    assert [offset for offset, _ in read_rows(path)] == places
    assert kept(path) == ["a", "b", "ü\udcff"]
    with path.open("rb") as file:
        assert row_at(file, places[1]) == row("b")


def test_row_is_in_the_file_before_the_journal_is_closed(path):
    journal = Journal(path)
    journal.add(row("a"))
    assert kept(path) == ["a"]
    journal.close()


@pytest.mark.parametrize("cut", range(1, 12))
def test_torn_last_line_is_passed_over_and_mended(path, cut):
    journal = Journal(path)
    journal.add(row("a"))
    journal.add(row("b" * 100_000))
    journal.close()
    os.truncate(path, path.stat().st_size - cut)
    assert kept(path) == ["a"]
    again = Journal(path)
    again.add(row("c"))
    again.close()
    assert kept(path) == ["a", "c"]


def test_lines_of_others_are_passed_over(path):
    lines = ['{"settings": {}}', "[1]", "nonsense", "", '{"document": 3, "outcome": 1}']
    path.write_text("\n".join(lines) + "\n" + json.dumps(row("a")) + "\n")
    assert kept(path) == ["a"]


def test_full_disk_is_an_error_and_leaves_no_torn_line(path, monkeypatch):
    journal = Journal(path)
    journal.add(row("a"))

    class Full:
        def fileno(self):
            return journal_file.fileno()

        def write(self, data):
            journal_file.write(data[: len(data) // 2])
            return len(data) // 2

    journal_file = journal._file
    monkeypatch.setattr(journal, "_file", Full())
    with pytest.raises(OutputError, match="No space left"):
        journal.add(row("b"))
    assert path.read_bytes().endswith(b"\n")
    assert kept(path) == ["a"]
    journal_file.close()


def test_folder_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        Journal(tmp_path / "nowhere" / "journal.jsonl")


def test_parts_have_journals_of_their_own(tmp_path):
    assert journal_path(tmp_path).name == "journal.jsonl"
    assert journal_path(tmp_path, (2, 8)).name == "shard-2-of-8.jsonl"
