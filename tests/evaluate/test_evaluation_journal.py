from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.errors import OutputError, UsageError
from longsum.evaluate.evaluation_journal import EvaluationJournal, evaluation_journal_path
from longsum.hashing import settings_hash
from longsum.settings import Setting

SETTINGS = {"windows": (512, 1024), "stride": 256, "seed": None}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "found.json.journal"


def unfinished(path: Path, **units: float) -> None:
    journal = EvaluationJournal(path, SETTINGS)
    for unit, value in units.items():
        journal.add(unit, {"value": value})
    journal.close(finished=False)


def recorded(path: Path, unit: str) -> dict[str, object] | None:
    journal = EvaluationJournal(path, SETTINGS)
    journal.close(finished=False)
    return journal.get(unit)


def test_journal_lies_beside_the_output(tmp_path):
    assert evaluation_journal_path(tmp_path / "found.json") == tmp_path / "found.json.journal"


def test_finished_units_are_taken_over_exactly(path):
    unfinished(path, first=0.1 + 0.2, second=1e-300)
    journal = EvaluationJournal(path, dict(reversed(SETTINGS.items())))
    assert journal.finished == 2
    assert journal.get("first") == {"value": 0.1 + 0.2}
    assert journal.get("second") == {"value": 1e-300}
    assert journal.get("third") is None
    journal.add("third", {"value": 3})
    journal.close(finished=False)
    assert recorded(path, "third") == {"value": 3}


def test_finished_journal_is_removed(path):
    unfinished(path, first=1)
    EvaluationJournal(path, SETTINGS).close(finished=True)
    assert not path.exists()


def test_journal_of_nothing_is_removed(path):
    unfinished(path)
    assert not path.exists()


def test_other_settings_are_refused_by_name(path):
    unfinished(path, first=1)
    before = path.read_bytes()
    with pytest.raises(UsageError) as raised:
        EvaluationJournal(path, {**SETTINGS, "stride": 128, "seed": 1})
    assert "stride was 256, is now 128; seed was unset, is now 1" in raised.value.message
    assert "windows" not in raised.value.message
    assert raised.value.remedies == (Setting("output"), Setting("redo"))
    assert path.read_bytes() == before


def test_setting_that_appeared_is_named(path):
    unfinished(path, first=1)
    with pytest.raises(UsageError, match="depths was unset, is now 32"):
        EvaluationJournal(path, {**SETTINGS, "depths": 32})


@pytest.mark.parametrize("cut", [1, 2, 11, 25, 39])
def test_torn_last_line_is_dropped_and_measured_again(path, cut):
    unfinished(path, first=1, second=2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = EvaluationJournal(path, SETTINGS)
    assert journal.get("first") == {"value": 1}
    assert journal.get("second") is None
    journal.add("second", {"value": 2})
    journal.close(finished=False)
    assert path.read_bytes() == whole


def test_torn_first_line_starts_again(path):
    unfinished(path, first=1)
    path.write_bytes(path.read_bytes()[:20])
    journal = EvaluationJournal(path, SETTINGS)
    assert journal.finished == 0
    journal.add("first", {"value": 1})
    journal.close(finished=False)
    assert recorded(path, "first") == {"value": 1}


@pytest.mark.parametrize("content", ["my notes\n", '{"unit": "a", "result": {}}\n', "[1]\n{}\n"])
def test_file_of_another_kind_is_left_alone(path, content):
    path.write_text(content)
    with pytest.raises(UsageError, match="is not a journal"):
        EvaluationJournal(path, SETTINGS)
    assert path.read_text() == content


def test_without_a_file_nothing_is_kept(tmp_path):
    journal = EvaluationJournal(None, SETTINGS)
    journal.add("first", {"value": 1})
    assert journal.get("first") is None
    journal.close(finished=True)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_not_there_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        EvaluationJournal(tmp_path / "absent" / "x.journal", SETTINGS)


def test_each_unit_is_on_disk_at_once(path):
    journal = EvaluationJournal(path, SETTINGS)
    journal.add("first", {"value": 1})
    assert json.loads(path.read_text().splitlines()[-1]) == {
        "unit": "first",
        "result": {"value": 1},
    }
    journal.close(finished=True)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.none() | st.text(max_size=5)))
def test_hash_knows_no_order(settings):
    assert settings_hash(settings) == settings_hash(dict(reversed(settings.items())))
    assert settings_hash(settings) != settings_hash({**settings, "another": 1, "key": 2})
