"""The contract of a checkpoint, whatever its format; and that a new format is one entry."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from ggufs import write_gguf
from safetensors.torch import load_file, save_file
from tiny import plan_for, save_checkpoint, tiny_config, tiny_model

from longsum.batch.job import Job, with_model
from longsum.checkpoint import formats
from longsum.checkpoint.checkpoint import Checkpoint, FilelessCheckpoint
from longsum.checkpoint.context import rope_for_context
from longsum.checkpoint.files import read_shape
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_checkpoint import GGUFCheckpoint
from longsum.checkpoint.gguf_folder import unpacked
from longsum.checkpoint.lazy import LazyTensor
from longsum.checkpoint.packed import pack
from longsum.checkpoint.rope import read_rope
from longsum.checkpoint.safetensors_checkpoint import SafetensorsCheckpoint
from longsum.config import LoadConfig
from longsum.engine.llama import Llama
from longsum.errors import ModelNotFound, UnsupportedModel
from longsum.events import Listener
from longsum.loading.loader import load_model, load_pretrained
from longsum.model.find import find_model
from longsum.model.find import plan_for as plan_for_model

IDS = torch.tensor([[0, 5, 90, 17, 250, 33, 8, 120, 61, 299, 2, 44]])


def safetensors(folder: Path) -> Path:
    return save_checkpoint(folder / "tiny")


def packed(folder: Path) -> Path:
    path = save_checkpoint(folder / "tiny") / "model.safetensors"
    save_file(pack(load_file(path)), path, {"format": "pt"})
    return path.parent


def gguf(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return unpacked(write_gguf(folder / "tiny.gguf", tiny_model()), folder / "cache")


CLASSES = {safetensors: SafetensorsCheckpoint, packed: SafetensorsCheckpoint, gguf: GGUFCheckpoint}
every_format = pytest.mark.parametrize("write", CLASSES)


@every_format
def test_its_class_is_found(tmp_path: Path, write) -> None:
    assert type(open_checkpoint(write(tmp_path))) is CLASSES[write]


@every_format
def test_numbers_are_those_of_the_model(tmp_path: Path, write) -> None:
    checkpoint = open_checkpoint(write(tmp_path))
    original = tiny_config().to_dict()
    assert checkpoint.shape == read_shape(original)
    assert checkpoint.rope.window == checkpoint.tuned_window == read_rope(original).window == 256
    assert checkpoint.config["model_type"] == "llama"
    assert checkpoint.quantized is None
    assert checkpoint.adapter is None


@every_format
def test_tokenizer_is_loaded_once_whatever_the_window(tmp_path: Path, write) -> None:
    checkpoint = open_checkpoint(write(tmp_path))
    tokenizer = checkpoint.tokenizer()
    assert tokenizer.decode(tokenizer.encode_document("a b")) == "a b"
    assert checkpoint.tokenizer() is tokenizer
    assert checkpoint.with_rope(checkpoint.rope).tokenizer() is tokenizer


@every_format
def test_another_window_leaves_the_checkpoint_as_it_was(tmp_path: Path, write) -> None:
    checkpoint = open_checkpoint(write(tmp_path))
    narrow = checkpoint.with_rope(rope_for_context(checkpoint.rope, 128, force=False))
    assert (narrow.rope.window, narrow.tuned_window) == (128, 256)
    assert checkpoint.rope.window == 256
    assert type(narrow) is type(checkpoint)
    assert narrow.weight_files() == checkpoint.weight_files()


@every_format
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_tensors_are_the_weights_under_their_names(tmp_path: Path, write, dtype) -> None:
    tensors = open_checkpoint(write(tmp_path)).tensors(dtype)
    expected = tiny_model().state_dict()
    assert tensors.keys() == expected.keys()
    for name, lazy in tensors.items():
        found = lazy[...]
        assert (found.dtype, found.shape) == (dtype, expected[name].shape)
        close = {"rtol": 0, "atol": 0.01} if write is packed else {}
        torch.testing.assert_close(found, expected[name].to(dtype), **close)


@every_format
def test_tensor_is_read_when_it_is_indexed(tmp_path: Path, write, monkeypatch) -> None:
    """All of them at once would be the whole model in memory beside its quantized weights."""
    asked = []
    read = "gguf_weights.read_tensor" if write is gguf else "safetensors_checkpoint.dequantize_rows"
    monkeypatch.setattr(f"longsum.checkpoint.{read}", lambda *each: asked.append(each))
    tensors = open_checkpoint(write(tmp_path)).tensors(torch.float32)
    assert not asked
    tensors["model.norm.weight"][...]
    assert len(asked) == 1


@every_format
@pytest.mark.parametrize("load", [load_model, load_pretrained])
def test_it_loads_into_both_forward_passes(tmp_path: Path, write, load) -> None:
    checkpoint = open_checkpoint(write(tmp_path))
    model = load(checkpoint, plan_for(checkpoint.config), listener=Listener())
    assert (type(model) is Llama) == (load is load_model)
    with torch.inference_mode():
        found, expected = model(IDS).logits, tiny_model()(IDS).logits
    if write is packed:
        assert torch.nn.functional.cosine_similarity(found, expected, dim=-1).min() > 0.95
    else:
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@every_format
def test_identity_changes_with_the_bytes_and_the_age_of_its_files(tmp_path: Path, write) -> None:
    folder = write(tmp_path)
    checkpoint = open_checkpoint(folder)
    first = checkpoint.identity()
    assert (len(first), open_checkpoint(folder).identity()) == (64, first)
    (file,) = checkpoint.weight_files()
    data, found = bytearray(file.read_bytes()), file.stat()
    data[-1] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    second = checkpoint.identity()
    os.utime(file, ns=(1, 1))
    assert len({first, second, checkpoint.identity()}) == 3


@every_format
def test_content_identity_is_the_same_elsewhere(tmp_path: Path, write) -> None:
    """A batch on several machines merges what the same weights answered."""
    one, other = tmp_path / "one", tmp_path / "other"
    first = open_checkpoint(write(one))
    shutil.copytree(one, other, copy_function=shutil.copyfile)  # with another date
    folder = unpacked(other / "tiny.gguf", other / "new") if write is gguf else other / "tiny"
    second = open_checkpoint(folder)
    assert first.content_identity() == second.content_identity()
    assert first.identity() != second.identity()
    wide = second.with_rope(rope_for_context(second.rope, 1024, force=True))
    assert wide.content_identity() != first.content_identity()
    file = second.hashed_files()[0]
    file.write_bytes(file.read_bytes() + b"1")
    assert second.content_identity() != first.content_identity()


@every_format
def test_weights_that_are_gone_are_refused(tmp_path: Path, write) -> None:
    checkpoint = open_checkpoint(write(tmp_path))
    (file,) = checkpoint.weight_files()
    assert checkpoint.weights_bytes() == file.stat().st_size
    file.unlink()
    for asked in (checkpoint.weight_files, lambda: checkpoint.tensors(torch.float32)):
        with pytest.raises(UnsupportedModel) as caught:
            asked()
        assert caught.value.hint


def test_what_transformers_reads_itself_is_plain_safetensors(tmp_path: Path) -> None:
    found = {write: open_checkpoint(write(tmp_path / write.__name__)) for write in CLASSES}
    assert [each.read_by_transformers for each in found.values()] == [True, False, False]
    assert [each.can_be_quantized for each in found.values()] == [True, False, True]
    assert found[gguf].packing() == {"F32": 21}
    assert not found[safetensors].packing()


def test_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no model folder"):
        open_checkpoint(tmp_path / "none")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("models--meta--Llama-2-7b/snapshots/abc", "meta/Llama-2-7b"),
        ("models--only/other/abc", "abc"),
        ("mine", "mine"),
    ],
)
def test_checkpoints_are_called_by_their_names(tmp_path: Path, folder: str, name: str) -> None:
    assert open_checkpoint(save_checkpoint(tmp_path / folder)).name == name


def test_gguf_checkpoint_is_called_by_its_file(tmp_path: Path) -> None:
    assert open_checkpoint(gguf(tmp_path)).name == "tiny.gguf"


def test_numbers_alone_have_no_weights(tmp_path: Path) -> None:
    config = tiny_config().to_dict()
    rope = read_rope(config)
    fileless = FilelessCheckpoint(Path("owner/name"), config, read_shape(config), rope, rope.window)
    assert not fileless.packing()
    for asked in (fileless.weight_files, lambda: fileless.tensors(torch.float32)):
        with pytest.raises(ModelNotFound, match="owner/name is not on this disk"):
            asked()


# ---- a third format


class NumpyCheckpoint(Checkpoint):
    """Weights in NumPy's archive."""

    @classmethod
    def is_at(cls, folder: Path) -> bool:
        return (folder / "weights.npz").is_file()

    def weight_files(self) -> tuple[Path, ...]:
        return (self.folder / "weights.npz",)

    def stored_tensors(self, dtype: torch.dtype) -> Mapping[str, LazyTensor]:
        archive = np.load(self.folder / "weights.npz")
        return {
            name: LazyTensor(lambda name=name: torch.from_numpy(archive[name]).to(dtype))
            for name in archive.files
        }


@pytest.mark.parametrize("quantize", ["none", "nf4"])
def test_third_format_is_one_entry(tmp_path: Path, monkeypatch, quantize: str) -> None:
    """Found, planned for, loaded and quantized, and known to a batch, without another change."""
    folder = save_checkpoint(tmp_path / "third", intermediate_size=128)
    weights = {n: t.numpy() for n, t in load_file(folder / "model.safetensors").items()}
    np.savez(folder / "weights.npz", **weights)
    (folder / "model.safetensors").unlink()
    load = LoadConfig(model=str(folder), device="cpu", dtype="float32", quantize=quantize)
    with pytest.raises(UnsupportedModel, match=r"no model\.safetensors"):
        find_model(load).checkpoint.weight_files()
    monkeypatch.setattr(formats, "CHECKPOINTS", (NumpyCheckpoint, *formats.CHECKPOINTS))
    model = find_model(load)
    plan = plan_for_model(model, load, 200)
    loaded = load_model(model.checkpoint, plan, listener=Listener())
    with torch.inference_mode():
        found, expected = loaded(IDS).logits, tiny_model(intermediate_size=128)(IDS).logits
    similar = torch.nn.functional.cosine_similarity(found, expected, dim=-1)
    assert similar.mean() > (0.7 if quantize == "nf4" else 0.9999)
    assert with_model(Job(tmp_path, load=load)).identity == model.checkpoint.content_identity()
