from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers import run
from tiny import save_checkpoint

from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf import read_gguf
from longsum.checkpoint.gguf_folder import unpacked


@pytest.fixture
def model(tmp_path: Path) -> Path:
    scaling = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0}
    config = {"rope_parameters": scaling, "max_position_embeddings": 256}
    return save_checkpoint(tmp_path / "wide", config=config)


def test_model_is_written_with_its_window(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "wide.gguf"
    result = run("export", model, "--gguf", file)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "wide in " in result.stderr
    assert "512-token window (linear), f16" in " ".join(result.stderr.split())
    found = open_checkpoint(unpacked(file, tmp_path / "cache"))
    assert (found.rope.window, found.rope.factor) == (512, 2.0)
    assert found.packing().keys() == {"F16", "F32"}


def test_quiet_says_nothing(model: Path, tmp_path: Path) -> None:
    result = run("export", model, "--gguf", tmp_path / "a.gguf", "--type", "q8_0", "-q")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_smaller_window_is_stated(model: Path, tmp_path: Path) -> None:
    assert run("export", model, "--gguf", tmp_path / "a.gguf", "--context", "300").exit_code == 0
    fields = read_gguf(tmp_path / "a.gguf").fields
    assert fields["llama.context_length"] == 300
    assert fields["llama.rope.scaling.factor"] == 2.0


def test_model_itself_is_not_overwritten(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.gguf"
    run("export", model, "--gguf", file)
    before = file.read_bytes()
    result = run("export", file, "--gguf", file)
    assert result.exit_code == 1
    assert "is the model itself" in " ".join(result.stderr.split())
    assert file.read_bytes() == before
    other = Path(shutil.copy(file, tmp_path / "b.gguf"))
    assert run("export", file, "--gguf", other).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--gguf", "none/a.gguf"], 1, "none is not a folder"),
        (["--gguf", "a.gguf", "--context", "8k"], 5, "tuned for 512"),
        (["--gguf", "a.gguf", "--type", "q4_k"], 2, "q4_k"),
        ([], 2, "--gguf"),
    ],
)
def test_mistakes_are_one_line(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments, code, message
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("export", model, *arguments)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
