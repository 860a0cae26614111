"""A model's name becomes a folder on this disk, or one clear error; it never downloads unasked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from longsum.checkpoint.catalog import KNOWN_MODELS, find_known
from longsum.checkpoint.pinned_file import PinnedFile
from longsum.errors import LongsumError, ModelNotFound
from longsum.model import resolve
from longsum.model.hub import cached_folder
from longsum.model.resolve import default_source, resolve_model
from longsum.paths import save_configured_model

SHA = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hub's function look at the disk only; tests that download replace it."""
    real = huggingface_hub.snapshot_download

    def local_only(*args: Any, **kwargs: Any) -> str:
        assert kwargs.get("local_files_only"), "downloaded without being asked to"
        return real(*args, **kwargs)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", local_only)


def cached(home: Path, repo: str, *names: str, sha: str = SHA, ref: str = "main") -> Path:
    """Lay a repository out as the hub's library does in its cache."""
    storage = home / "hf" / "hub" / f"models--{repo.replace('/', '--')}"
    (storage / "refs").mkdir(parents=True, exist_ok=True)
    (storage / "refs" / ref).write_text(sha)
    folder = storage / "snapshots" / sha
    folder.mkdir(parents=True)
    for name in names or ("config.json", "model.safetensors"):
        (folder / name).write_text("{}")
    return folder


# what is here


def test_mini_comes_with_the_program() -> None:
    for name in ("mini", "Mini", "MINI"):
        source = resolve_model(name)
        assert source.is_bundled
        assert (source.name, source.notice) == ("mini", None)
        assert (source.folder / "config.json").is_file()


def test_alias_is_its_repository(home: Path) -> None:
    known = find_known("vicuna-7b-16k")
    assert known is not None
    folder = cached(home, known.repo)
    for name in ("vicuna-7b-16k", known.repo):
        source = resolve_model(name)
        assert (source.folder, source.name, source.revision) == (folder, name, SHA)
        assert source.known is known
        assert not source.is_bundled


def test_id_outside_the_catalogue(home: Path) -> None:
    folder = cached(home, "someone/Llama-x")
    source = resolve_model("someone/Llama-x")
    assert (source.folder, source.known, source.revision) == (folder, None, SHA)


def test_revision_is_a_branch_or_a_commit(home: Path) -> None:
    main = cached(home, "someone/Llama-x")
    old = cached(home, "someone/Llama-x", sha=OTHER, ref="old")
    assert resolve_model("someone/Llama-x").folder == main
    assert resolve_model("someone/Llama-x", revision="old").folder == old
    assert resolve_model("someone/Llama-x", revision=OTHER).folder == old
    with pytest.raises(ModelNotFound):
        resolve_model("someone/Llama-x", revision="absent")


def test_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name in (
        str(folder),
        "./models/mine",
        "models/mine",
        "../" + tmp_path.name + "/models/mine",
    ):
        source = resolve_model(name)
        assert source.folder.resolve() == folder
        assert (source.name, source.known, source.revision) == ("mine", None, None)
    (home / "at-home").mkdir()
    assert resolve_model("~/at-home").folder == home / "at-home"


def test_folder_goes_before_a_cached_id_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    cached(home, "someone/Llama-x")
    (tmp_path / "someone" / "Llama-x").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert resolve_model("someone/Llama-x").folder == Path("someone/Llama-x")


# what is not


@pytest.mark.parametrize("name", ["./absent", "/absent/model", "~/absent", "a/b/c"])
def test_missing_folder(name: str) -> None:
    with pytest.raises(ModelNotFound, match="does not exist") as caught:
        resolve_model(name)
    assert caught.value.exit_code == 5
    assert "config.json" in str(caught.value.hint)


def test_what_is_not_here_names_the_way_and_the_size() -> None:
    with pytest.raises(ModelNotFound, match="not on this disk") as caught:
        resolve_model("vicuna-7b-16k")
    assert caught.value.exit_code == 5
    assert "longsum models pull vicuna-7b-16k" in str(caught.value.hint)
    assert "12.6 GiB" in str(caught.value.hint)  # 6.7 G weights of 2 bytes
    with pytest.raises(ModelNotFound) as caught:
        resolve_model("someone/Llama-x")
    assert "longsum models pull someone/Llama-x" in str(caught.value.hint)


def test_cache_without_a_config_is_not_a_model(home: Path) -> None:
    cached(home, "someone/Llama-x", "README.md")
    assert cached_folder("someone/Llama-x", None) is None


def test_mistyped_alias_is_suggested() -> None:
    with pytest.raises(ModelNotFound, match="'vicuna-7b-16'") as caught:
        resolve_model("vicuna-7b-16")
    assert "did you mean vicuna-7b-16k" in str(caught.value.hint)
    with pytest.raises(ModelNotFound) as caught:
        resolve_model("zzzz")
    assert "did you mean" not in str(caught.value.hint)
    assert "longsum models list" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["bad name/x y", "-a/b-", "a/b--c", "a/" + "x" * 200])
def test_impossible_id(name: str) -> None:
    with pytest.raises(ModelNotFound) as caught:
        resolve_model(name)
    assert caught.value.exit_code == 5


# the default


def test_default_is_the_configured_model(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    save_configured_model(str(tmp_path / "second"))
    assert resolve_model(None, cuda=True).name == "second"
    monkeypatch.setenv("LONGSUM_MODEL", str(tmp_path / "first"))
    assert resolve_model(None, cuda=True).name == "first"
    assert resolve_model(str(tmp_path / "third"), cuda=True).name == "third"


def test_default_with_cuda_is_a_cached_model_and_says_so(home: Path) -> None:
    preferred = [find_known(alias) for alias in resolve.DEFAULT_PREFERENCE]
    assert all(known is not None and known.recommended for known in preferred)
    for known in reversed(preferred):  # the better, the later: each one takes over
        assert known is not None
        folder = cached(home, known.repo)
        source = resolve_model(None, cuda=True)
        assert (source.folder, source.known, source.revision) == (folder, known, SHA)
        assert known.alias in str(source.notice)
        assert resolve_model(None, cuda=False).is_bundled


def test_default_elsewhere_is_mini_and_says_how_to_get_a_better_one(monkeypatch) -> None:
    for source in (resolve_model(None), default_source(True)):
        assert source.is_bundled
        assert "`longsum models pull smol` gets a better one" in str(source.notice)
        assert "\n" not in str(source.notice)
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: True))
    assert "pull" not in str(default_source(False).notice)
    assert "`longsum models list` shows larger ones" in str(default_source(False).notice)


def test_every_model_of_the_catalogue_gets_a_clear_error_when_absent() -> None:
    for known in KNOWN_MODELS:
        if not known.is_bundled:
            with pytest.raises(LongsumError, match=known.alias if known.file else known.repo):
                resolve_model(known.alias)


# offline


def test_offline_is_set_before_the_hub_is_imported(tmp_path: Path) -> None:
    """The hub's library reads the variable once, at its import."""
    (tmp_path / "a.txt").write_text("A text.")
    arguments = ["summarize", str(tmp_path / "a.txt"), "--model", "someone/x", "--offline"]
    code = f"""
import json, sys
from longsum.cli import main
sys.argv = ["longsum", *{arguments!r}]
try:
    main()
except SystemExit as end:
    code = end.code
from huggingface_hub import constants
print(json.dumps([code, constants.HF_HUB_OFFLINE]))
"""
    unset = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [5, True]
    assert "someone/x is not on this disk" in done.stderr
