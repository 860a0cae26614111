from __future__ import annotations

import tomllib
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.errors import UsageError
from longsum.paths import config_file, configured_model, save_configured_model


def test_nothing_is_configured_at_first():
    assert not config_file().exists()
    assert configured_model() is None


def test_config_home_is_taken_from_the_environment(home, tmp_path, monkeypatch):
    assert config_file() == home / "config" / "config.toml"
    monkeypatch.setenv("LONGSUM_CONFIG_HOME", str(tmp_path))
    assert config_file() == tmp_path / "config.toml"
    monkeypatch.delenv("LONGSUM_CONFIG_HOME")
    assert config_file().parent == Path(platformdirs.user_config_dir("longsum", appauthor=False))


def test_saved_model_is_the_default():
    path = save_configured_model("someone/Llama-x")
    assert path == config_file()
    assert configured_model() == "someone/Llama-x"
    save_configured_model("other")
    assert configured_model() == "other"
    assert list(path.parent.iterdir()) == [path]  # no temporary file is left


@given(st.text(min_size=1))
def test_any_name_comes_back(name):
    save_configured_model(name)
    assert configured_model() == name


def test_environment_goes_before_the_file(monkeypatch):
    save_configured_model("from-file")
    monkeypatch.setenv("LONGSUM_MODEL", "from-environment")
    assert configured_model() == "from-environment"
    monkeypatch.setenv("LONGSUM_MODEL", "")
    assert configured_model() == "from-file"


def test_other_settings_in_the_file_do_no_harm():
    path = save_configured_model("mini")
    path.write_text("[future]\nkey = 1\n")
    assert configured_model() is None


@pytest.mark.parametrize("content", [b"model = ", b"\xff\xfe", b"model = mini", b"model = 3"])
def test_damaged_file_is_named(content):
    path = save_configured_model("mini")
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"config\.toml") as caught:
        configured_model()
    assert caught.value.exit_code == 2
    assert caught.value.hint
    save_configured_model("mini")
    assert tomllib.loads(path.read_text()) == {"model": "mini"}


def test_folder_that_cannot_be_written_is_reported(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LONGSUM_CONFIG_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(UsageError, match="cannot be written") as caught:
        save_configured_model("mini")
    assert "LONGSUM_CONFIG_HOME" in str(caught.value.hint)
