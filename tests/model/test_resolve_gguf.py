"""GGUF checkpoints by path, folder and id: which file is meant, and that only it is downloaded."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from ggufs import write_gguf
from huggingface_hub import constants
from tiny import save_checkpoint, tiny_model

from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_checkpoint import GGUFCheckpoint
from longsum.errors import ModelNotFound, UnsupportedModel
from longsum.model.hub import cached_folder, download_size, pull
from longsum.model.hub_files import checkpoint_files, choose
from longsum.model.resolve import resolve_model

REPO, SHA = "someone/Llama-x-GGUF", "0123456789abcdef0123456789abcdef01234567"
FILES = {
    **{"README.md": 5, "config.json": 7, "Llama-x-Q4_K_M.gguf": 400, "Llama-x-Q8_0.gguf": 800},
    **{"Llama-x-Q4_0.gguf": 390, "BF16/Llama-x-BF16-00001-of-00002.gguf": 1000},
    "BF16/Llama-x-BF16-00002-of-00002.gguf": 600,
}


class Hub:
    """A hub with one repository, which records what was downloaded."""

    def __init__(self, folder: Path, files: dict[str, int]) -> None:
        self.folder, self.files = folder, files
        self.downloaded: list[str] = []

    def snapshot_download(self, repo: str, **asked: Any) -> str:
        assert repo == REPO
        if not asked.get("local_files_only"):
            for name in self.files:
                if any(fnmatch(name, pattern) for pattern in asked["allow_patterns"]):
                    self.downloaded.append(name)
                    (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                    write_gguf(self.folder / name, tiny_model())
        elif not self.folder.is_dir():
            raise huggingface_hub.errors.LocalEntryNotFoundError("not here")
        return str(self.folder)

    def model_info(self, *_: Any, **__: Any) -> Any:
        files = [SimpleNamespace(rfilename=name, size=size) for name, size in self.files.items()]
        return SimpleNamespace(siblings=files)


def put_in_place(monkeypatch: pytest.MonkeyPatch, folder: Path, files: dict[str, int]) -> Hub:
    hub = Hub(folder / SHA, files)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.snapshot_download)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", hub.model_info)
    return hub


ONE = {"README.md": 5, "Llama-x.Q4_1.gguf": 400}


def test_only_the_file_that_is_meant_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = put_in_place(monkeypatch, tmp_path, ONE | {"Llama-x.Q8_0.gguf": 800})
    name = f"{REPO}:q4_1"
    with pytest.raises(ModelNotFound, match="not on this disk") as caught:
        resolve_model(name)
    assert f"longsum models pull {name}" in str(caught.value.hint)
    assert download_size(name) == 400
    assert pull(name) == tmp_path / SHA
    assert hub.downloaded == ["Llama-x.Q4_1.gguf"]
    source = resolve_model(name)
    assert (source.name, source.revision) == (name, SHA)
    assert source.file == tmp_path / SHA / "Llama-x.Q4_1.gguf"
    assert isinstance(open_checkpoint(source.folder), GGUFCheckpoint)
    assert resolve_model(REPO).file == source.file  # the only one that is here
    assert cached_folder(f"{REPO}:Q8_0", None) is None
    assert resolve_model(f"{REPO}:Q8_0", download=True).file == tmp_path / SHA / "Llama-x.Q8_0.gguf"
    with pytest.raises(UnsupportedModel, match="2 GGUF files"):
        resolve_model(REPO)


def test_id_alone_is_enough_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = put_in_place(monkeypatch, tmp_path, ONE)
    assert download_size(REPO) == 400
    assert resolve_model(REPO, download=True).file == tmp_path / SHA / "Llama-x.Q4_1.gguf"
    assert hub.downloaded == ["Llama-x.Q4_1.gguf"]


def test_several_are_never_all_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = put_in_place(monkeypatch, tmp_path, {k: v for k, v in FILES.items() if "json" not in k})
    for ask in (pull, download_size):
        with pytest.raises(UnsupportedModel, match="has 4 GGUF files") as caught:
            ask(REPO)
        assert f"{REPO}:Q4_K_M" in str(caught.value.hint)
    with pytest.raises(ModelNotFound, match="'Q2_K'"):
        pull(f"{REPO}:Q2_K")
    assert hub.downloaded == []


def test_all_parts_of_one_are_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = put_in_place(monkeypatch, tmp_path, FILES)
    assert download_size(f"{REPO}:BF16") == 1600
    pull(f"{REPO}:bf16")
    assert hub.downloaded == [name for name in FILES if name.startswith("BF16/")]


def test_safetensors_go_before_gguf_unless_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = put_in_place(monkeypatch, tmp_path, FILES | {"model.safetensors": 3000})
    assert download_size(REPO) == 3007
    assert download_size(f"{REPO}:Q8_0") == 800
    save_checkpoint(tmp_path / SHA)
    assert resolve_model(REPO).file is None
    assert pull(f"{REPO}:Q8_0") == tmp_path / SHA
    assert hub.downloaded == ["Llama-x-Q8_0.gguf"]
    assert resolve_model(REPO).file is None
    assert resolve_model(f"{REPO}:Q8_0").file is not None


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Q4_K_M", "Llama-x-Q4_K_M.gguf"),
        ("q4_k_m", "Llama-x-Q4_K_M.gguf"),
        ("Llama-x-Q8_0.gguf", "Llama-x-Q8_0.gguf"),
        ("llama-x-q8_0", "Llama-x-Q8_0.gguf"),
        ("Q8_0.gguf", "Llama-x-Q8_0.gguf"),
        ("BF16", "BF16/Llama-x-BF16-00001-of-00002.gguf"),
        ("Llama-x-BF16-00001-of-00002.gguf", "BF16/Llama-x-BF16-00001-of-00002.gguf"),
    ],
)
def test_file_is_named_by_its_packing_or_by_its_name(wanted: str, name: str) -> None:
    names = [name for name in FILES if name.endswith("gguf")]
    assert choose(names, REPO, wanted) == name


def test_name_that_means_several_or_none_is_refused() -> None:
    names = [name for name in FILES if name.endswith("gguf")]
    with pytest.raises(UnsupportedModel, match="2 GGUF files that '0' could mean"):
        choose(names, REPO, "0")
    with pytest.raises(ModelNotFound, match="no GGUF file 'K_M_Q4'"):
        choose(names, REPO, "K_M_Q4")
    with pytest.raises(ModelNotFound) as caught:
        checkpoint_files(["a.bin"], REPO, "Q8_0")
    assert "no GGUF file 'Q8_0'" in caught.value.message
    assert checkpoint_files(["a.bin"], REPO, None) == []


def test_real_cache_with_links_keeps_the_file_s_name(tmp_path: Path) -> None:
    """The cache holds the bytes under their hash; a snapshot links to them by name."""
    cache = Path(constants.HF_HUB_CACHE) / f"models--{REPO.replace('/', '--')}"
    snapshot = cache / "snapshots" / SHA
    for folder in (snapshot, cache / "blobs", cache / "refs"):
        folder.mkdir(parents=True)
    (cache / "refs" / "main").write_text(SHA)
    write_gguf(cache / "blobs" / "abc", tiny_model())
    (snapshot / "Llama-x.Q4_1.gguf").symlink_to(cache / "blobs" / "abc")
    for name in (REPO, f"{REPO}:Q4_1", f"{REPO}:Llama-x.Q4_1.gguf"):
        source = resolve_model(name)
        assert source.revision == SHA
        assert source.file is not None
        assert source.file.name == "Llama-x.Q4_1.gguf"
        assert source.folder.name.startswith("Llama-x.Q4_1-")


def test_path_to_a_file_and_to_its_folder_mean_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", tiny_model())
    source = resolve_model(str(path))
    assert (source.name, source.file, source.path) == ("tiny.gguf", path, path)
    assert resolve_model(str(tmp_path)) == source
    monkeypatch.chdir(tmp_path)
    assert resolve_model("tiny.gguf").folder == source.folder
    named = path.rename(tmp_path / "weights.bin")  # as ollama has them, without an ending
    assert resolve_model(str(named)).file == named


def test_config_beside_a_gguf_file_does_not_hide_it(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", tiny_model())
    (tmp_path / "config.json").write_text("{}")
    assert resolve_model(str(tmp_path)).file == path
    save_checkpoint(tmp_path)
    assert resolve_model(str(tmp_path)).file is None


def test_what_is_not_there_is_said_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="does not exist") as caught:
        resolve_model("someone/Llama-x/x.Q4_1.gguf")
    assert caught.value.hint == "a file on the hub is named someone/Llama-x:x.Q4_1.gguf"
    with pytest.raises(ModelNotFound, match="does not exist"):
        resolve_model(str(tmp_path / "none.gguf"))
    (tmp_path / "x.txt").write_text("text")
    with pytest.raises(UnsupportedModel, match="is not a GGUF file"):
        resolve_model(str(tmp_path / "x.txt"))
