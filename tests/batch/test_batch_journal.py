from __future__ import annotations

import json

import pytest

from longsum.batch.batch_journal import BatchJournal, journal_path, journal_rows, row_at


def row(name: str, outcome: str = "done") -> dict:
    return {"document": name, "outcome": outcome}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def kept(path) -> list[str]:
    return [row["document"] for _, row in journal_rows(path)]


def test_rows_come_back_with_their_places(path):
    journal = BatchJournal(path)
    places = []
    for name in ("a", "b", "ü\udcff"):
        places.append(journal.tell())
        journal.append(row(name))
    journal.close()
    assert [offset for offset, _ in journal_rows(path)] == places
    assert kept(path) == ["a", "b", "ü\udcff"]
    with path.open("rb") as file:
        assert row_at(file, places[1]) == row("b")


def test_other_lines_are_skipped(path):
    lines = ['{"settings": {}}', "[1]", "nonsense", "", '{"document": 3, "outcome": 1}']
    path.write_text("\n".join(lines) + "\n" + json.dumps(row("a")) + "\n")
    assert kept(path) == ["a"]


def test_parts_have_their_own_journals(tmp_path):
    assert journal_path(tmp_path).name == "journal.jsonl"
    assert journal_path(tmp_path, (2, 8)).name == "shard-2-of-8.jsonl"
