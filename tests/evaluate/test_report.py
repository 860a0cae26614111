from __future__ import annotations

import json
import math
import os
from datetime import datetime

import pytest

from longsum import __version__
from longsum.errors import OutputError
from longsum.evaluate.report import Column, Report, write_report
from longsum.files import replacing


def report(**more: object) -> Report:
    rows = [{"model": "tiny", "value": 1.5, "hidden": [1, 2]}]
    columns = [Column("model", "model"), Column("value", "value", 2)]
    given: dict[str, object] = {"notes": ["a note"], "machine": {"device": "cpu"}, "seconds": 1.25}
    return Report("perplexity", "tiny", {"stride": 256}, columns, rows, **given | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.5678, 2, "1,234.57"),
        (1e9, 2, "1.00e+09"),
        (32768, None, "32,768"),
        (None, 2, ""),
        (math.inf, 2, "not finite"),
        (math.nan, 2, "not finite"),
        ("mini", 2, "mini"),
        (True, None, "True"),
    ],
)
def test_numbers_are_shown_for_people(value, digits, text):
    assert Column("x", "x", digits).text({"x": value}) == text
    assert Column("y", "y", digits).text({"x": value}) == ""


def test_json_holds_all_that_is_needed_to_repeat_it():
    found = report().as_dict()
    assert found["rows"] == [{"model": "tiny", "value": 1.5, "hidden": [1, 2]}]
    assert found["settings"] == {"stride": 256}
    assert found["machine"] == {"device": "cpu"}
    assert found["notes"] == ["a note"]
    assert found["versions"]["longsum"] == __version__
    assert {"torch", "transformers"} <= set(found["versions"])
    assert (found["kind"], found["model"], found["seconds"]) == ("perplexity", "tiny", 1.25)
    assert datetime.fromisoformat(found["date"]).tzinfo is not None


def test_written_file_is_strict_json(tmp_path):
    path = tmp_path / "found.json"
    rows = [{"model": "ü", "value": math.inf, "nested": [{"x": math.nan}]}]
    written = report()
    write_report(Report("k", "ü", {}, written.columns, rows), path)
    found = json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)
    assert found["rows"] == [{"model": "ü", "value": None, "nested": [{"x": None}]}]
    assert [p.name for p in tmp_path.iterdir()] == ["found.json"]


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "found.json"
    path.write_text("old")

    def write_and_fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        write_and_fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["found.json"]


def test_written_file_has_the_usual_permissions(tmp_path):
    path = tmp_path / "found.json"
    write_report(report(), path)
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_absent_folder_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(report(), tmp_path / "absent" / "found.json")
