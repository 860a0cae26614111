"""Weight files in safetensors are whole and in their folder, or refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from longsum.checkpoint.safetensors_checkpoint import check_weights
from longsum.errors import UnsupportedModel


def tensors(path: Path, *, data_bytes: int = 8, short_by: int = 0) -> Path:
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, data_bytes]},
        }
    ).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * (data_bytes - short_by))
    return path


def index(folder: Path, *names: object) -> None:
    weight_map = {f"layer.{i}": name for i, name in enumerate(names)}
    text = json.dumps({"weight_map": weight_map})
    (folder / "model.safetensors.index.json").write_text(text)


def test_one_file(tmp_path):
    file = tensors(tmp_path / "model.safetensors")
    assert check_weights(tmp_path) == (file,)


def test_shards(tmp_path):
    first, second = (tensors(tmp_path / f"model-{i}.safetensors") for i in (1, 2))
    index(tmp_path, second.name, first.name, first.name)
    assert check_weights(tmp_path) == (first, second)


def test_missing_shard_is_named(tmp_path):
    tensors(tmp_path / "model-1.safetensors")
    index(tmp_path, "model-1.safetensors", "model-2.safetensors")
    with pytest.raises(UnsupportedModel, match=r"lacks 1 of 2 .*model-2\.safetensors"):
        check_weights(tmp_path)


@pytest.mark.parametrize("name", ["../x.safetensors", "/x", "a/b", "..", "", "C:x", "a\\b", 3])
def test_index_stays_in_its_folder(tmp_path, name):
    index(tmp_path, name)
    with pytest.raises(UnsupportedModel):
        check_weights(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": []}', '{"weight_map": {}}'])
def test_damaged_index(tmp_path, text):
    (tmp_path / "model.safetensors.index.json").write_text(text)
    with pytest.raises(UnsupportedModel):
        check_weights(tmp_path)


def test_download_cut_short(tmp_path):
    tensors(tmp_path / "model.safetensors", short_by=1)
    with pytest.raises(UnsupportedModel, match="incomplete"):
        check_weights(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"version https://git-lfs.github.com/spec/v1\noid", b"\x02" + b"\0" * 7 + b"[]"],
)
def test_what_is_no_safetensors_file(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UnsupportedModel, match="not a safetensors file"):
        check_weights(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin"])
def test_pickled_weights_are_refused_with_the_way_to_convert(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(UnsupportedModel, match=r"only pytorch_model\.bin; .*only") as caught:
        check_weights(tmp_path)
    assert "save_pretrained" in str(caught.value.hint)


def test_no_weights(tmp_path):
    with pytest.raises(UnsupportedModel, match=r"no model\.safetensors"):
        check_weights(tmp_path)
