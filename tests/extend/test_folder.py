from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple

import pytest

from longsum.errors import OutputError, UsageError
from longsum.extend import folder
from longsum.extend.folder import (
    complete_folder,
    free_disk,
    last_step,
    open_output,
    prepare_output,
    require_disk,
    write_json,
)

SETTINGS = {"steps": 4, "learning_rate": 1e-3, "data": [{"name": "a.txt", "sha256": "ab" * 32}]}


def begin(output, step=None):
    """Leave what a run leaves that was killed."""
    prepare_output(output, SETTINGS)
    if step:
        (output / "checkpoint" / f"step-{step:06}").mkdir()


def test_new_and_empty_folders_are_to_be_filled(tmp_path):
    assert open_output(tmp_path / "new", SETTINGS) is None
    assert open_output(tmp_path, SETTINGS) is None


def test_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        open_output(tmp_path, SETTINGS)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        open_output(tmp_path / "file", SETTINGS)


def test_models_training_account_of_another_program_is_not_ours(tmp_path):
    write_json(tmp_path / "training.json", {"lr": 1})
    with pytest.raises(OutputError, match="not empty"):
        open_output(tmp_path, SETTINGS)


def test_begun_run_goes_on(tmp_path):
    begin(tmp_path, step=2)
    assert open_output(tmp_path, SETTINGS) is None
    assert last_step(tmp_path) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 5}, "with steps 4, not 5"),
        ({"learning_rate": 2e-3}, "with learning_rate 0.001, not 0.002"),
        ({"data": [{"name": "b.txt", "sha256": "cd" * 32}]}, r"with data a.txt \(abab"),
        ({"keep_checkpoints_at": [3]}, "with keep_at None, not 3"),
    ],
)
def test_run_of_other_settings_is_refused_by_the_one_that_differs(tmp_path, change, said):
    begin(tmp_path, step=2)
    with pytest.raises(UsageError, match=said):
        open_output(tmp_path, SETTINGS | change)


def test_run_without_a_checkpoint_has_nothing_to_lose(tmp_path):
    begin(tmp_path)
    assert open_output(tmp_path, SETTINGS | {"steps": 5}) is None


def test_finished_run_is_told_by_its_account(tmp_path):
    write_json(tmp_path / "training.json", {"settings": SETTINGS, "losses": [1.0]})
    assert open_output(tmp_path, SETTINGS)["losses"] == [1.0]
    with pytest.raises(UsageError, match="with steps"):
        open_output(tmp_path, SETTINGS | {"steps": 5})


def test_account_beside_a_checkpoint_is_not_finished(tmp_path):
    begin(tmp_path, step=4)
    write_json(tmp_path / "training.json", {"settings": SETTINGS})
    assert open_output(tmp_path, SETTINGS) is None


def fail_midway(target):
    """Break off while a folder is being filled."""

    def fill():
        with complete_folder(target) as partial:
            (partial / "a").write_text("second")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fill()


def test_folder_is_there_when_it_is_complete(tmp_path):
    target = tmp_path / "step-1"
    with complete_folder(target) as partial:
        (partial / "a").write_text("first")
        assert not target.exists()
    fail_midway(target)
    assert (target / "a").read_text() == "first"
    assert os.listdir(tmp_path) == ["step-1"]
    with complete_folder(target) as partial:
        (partial / "a").write_text("third")
    assert (target / "a").read_text() == "third"


def test_full_disk_is_our_error(tmp_path):
    with pytest.raises(OutputError, match="No space left"), complete_folder(tmp_path / "x"):
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_leftovers_of_a_killed_writer_are_swept(tmp_path):
    begin(tmp_path, step=2)
    (tmp_path / "checkpoint" / ".step-000004.abc").mkdir()
    (tmp_path / "checkpoint" / ".settings.json.tmp").write_text("{")
    prepare_output(tmp_path, SETTINGS)
    assert sorted(os.listdir(tmp_path / "checkpoint")) == ["settings.json", "step-000002"]
    assert json.loads((tmp_path / "checkpoint" / "settings.json").read_text()) == SETTINGS


def test_too_little_disk_is_refused(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil's
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 50, 50))
    output = tmp_path / "not" / "yet"
    require_disk(output, 50)
    with pytest.raises(OutputError, match="take 60 B, 50 B are free"):
        require_disk(output, 60)
    begin(tmp_path / "run")
    held = (tmp_path / "run" / "checkpoint" / "settings.json").stat().st_size
    require_disk(tmp_path / "run", 50 + held)  # what is there already need not be free


def test_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folder.os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match="cannot be written"):
        free_disk(tmp_path / "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        free_disk(tmp_path / "file" / "below")


def test_files_of_a_folder_have_the_usual_permissions(tmp_path):
    before = os.umask(0o022)
    try:
        with complete_folder(tmp_path / "made") as partial:
            (partial / "model.safetensors").touch(mode=0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "made" / "model.safetensors").stat().st_mode & 0o777 == 0o644
