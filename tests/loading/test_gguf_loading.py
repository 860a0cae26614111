"""From a GGUF file to a model that reads: the same weights, positions and logits."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from ggufs import write_gguf, write_shards
from helpers import REPOSITORY
from safetensors.torch import load_file, save_file
from tiny import load_checkpoint, plan_for, save_checkpoint, tiny_model

from longsum.checkpoint import gguf_weights
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf import GgufTensor, read_gguf
from longsum.checkpoint.gguf_folder import INDEX, unpacked
from longsum.checkpoint.gguf_weights import read_tensor
from longsum.errors import UnsupportedModel
from longsum.events import Listener
from longsum.loading.loader import load_model

IDS = torch.tensor([[0, 5, 90, 17, 250, 33, 8, 120, 61, 299, 2, 44]])
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def load(path: Path, cache: Path, *, quantize: str = "none", attention: str = "auto") -> Any:
    """Load a file as the program does."""
    checkpoint = open_checkpoint(unpacked(path, cache))
    plan = plan_for(checkpoint.config, quantize)
    return load_model(checkpoint, plan, listener=Listener(), attention=attention)


def logits_of(model: Any) -> torch.Tensor:
    """Logits of `IDS`."""
    with torch.inference_mode():
        logits: torch.Tensor = model(IDS).logits
    return logits


@pytest.mark.parametrize("kind", list(DTYPES))
def test_what_the_peers_benchmark_writes_is_read_back_bit_for_bit(
    tmp_path: Path, kind: str
) -> None:
    dtype = DTYPES[kind]
    folder = save_checkpoint(tmp_path / "tiny", tie_word_embeddings=kind == "f16")
    path = tmp_path / "tiny.gguf"
    script = REPOSITORY / "benchmarks" / "peers" / "write_gguf.py"
    subprocess.run([sys.executable, script, folder, path, kind], check=True, capture_output=True)
    # its tokenizer is left out, so the file is read without one
    found = {tensor.name: read_tensor(tensor, dtype) for tensor in read_gguf(path).tensors}
    stored = load_file(folder / "model.safetensors")
    assert found.keys() == stored.keys()
    for name, tensor in stored.items():
        assert torch.equal(found[name], tensor.to(dtype)), name


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("attention", ["auto", "eager"])
def test_logits_are_those_of_transformers(tmp_path: Path, tied: bool, attention: str) -> None:
    """Queries and keys whose rows were left in llama.cpp's order would give others."""
    model = tiny_model(tie_word_embeddings=tied)
    path = write_gguf(tmp_path / "tiny.gguf", model)
    loaded = load(path, tmp_path / "cache", attention=attention)
    with torch.inference_mode():
        expected, found = model(IDS).logits, loaded(IDS).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
        {
            **{"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0},
            "original_max_position_embeddings": 64,
        },
    ],
    ids=["linear", "yarn"],
)
def test_scaled_positions_give_the_logits_of_the_model_they_came_from(
    tmp_path: Path, rope: dict[str, Any]
) -> None:
    """transformers' own GGUF loader ignores the scaling: a PI-extended model is read wrong."""
    model = tiny_model(rope_parameters=rope)
    path = write_gguf(tmp_path / "tiny.gguf", model)
    with torch.inference_mode():
        expected, found = model(IDS).logits, load(path, tmp_path / "cache")(IDS).logits
        plain = tiny_model()(IDS).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(found, plain, atol=1e-2)


def test_shards_are_one_model(tmp_path: Path) -> None:
    model = tiny_model()
    paths = write_shards(tmp_path, model)
    with torch.inference_mode():
        expected = model(IDS).logits
        for path in (paths[0], paths[-1]):
            found = load(path, tmp_path / "cache")(IDS).logits
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_quantizing_while_loading_reads_each_tensor_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dequantizing all of them at once would need memory for the whole model beside its 4 bits."""
    path = write_gguf(tmp_path / "tiny.gguf", tiny_model(intermediate_size=128), kind="Q8_0")
    asked: list[str] = []
    read = gguf_weights.read_tensor

    def counted(tensor: GgufTensor, dtype: torch.dtype) -> torch.Tensor:
        asked.append(tensor.name)
        return read(tensor, dtype)

    monkeypatch.setattr(gguf_weights, "read_tensor", counted)
    model = load(path, tmp_path / "cache", quantize="nf4")
    names = [tensor.name for tensor in read_gguf(path).tensors]
    assert sorted(asked) == sorted(names)
    assert torch.isfinite(logits_of(model)).all()


def test_quantized_weights_are_those_of_a_safetensors_checkpoint(tmp_path: Path) -> None:
    """Exact on every CPU: how far NF4 is from float weights depends on bitsandbytes' kernels."""
    path = write_gguf(tmp_path / "tiny.gguf", tiny_model(intermediate_size=128), kind="Q8_0")
    unpacked_folder = unpacked(path, tmp_path / "cache")
    weights = open_checkpoint(unpacked_folder).tensors(torch.float32)
    folder = tmp_path / "safetensors"
    shutil.copytree(unpacked_folder, folder, ignore=shutil.ignore_patterns(INDEX))
    tensors = {name: weight[...] for name, weight in weights.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    model, _ = load_checkpoint(folder, quantize="nf4")
    expected = logits_of(model)
    assert torch.equal(logits_of(load(path, tmp_path / "cache", quantize="nf4")), expected)
    assert not torch.equal(logits_of(load(path, tmp_path / "cache")), expected)


def test_no_more_than_a_few_tensors_are_alive_while_quantizing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gc
    import weakref

    path = write_gguf(tmp_path / "tiny.gguf", tiny_model(num_hidden_layers=6), kind="Q8_0")
    alive: list[weakref.ref[torch.Tensor]] = []
    most = 0
    read = gguf_weights.read_tensor

    def watched(tensor: GgufTensor, dtype: torch.dtype) -> torch.Tensor:
        nonlocal most
        found = read(tensor, dtype)
        if tensor.name.endswith("_proj.weight"):  # the others stay as they are
            alive.append(weakref.ref(found))
            gc.collect()
            most = max(most, sum(each() is not None for each in alive))
        return found

    monkeypatch.setattr(gguf_weights, "read_tensor", watched)
    load(path, tmp_path / "cache", quantize="nf4")
    assert len(alive) == 42
    assert most <= 8


def test_a_file_that_changed_after_it_was_found_is_not_read(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", tiny_model())
    checkpoint = open_checkpoint(unpacked(path, tmp_path / "cache"))
    path.write_bytes(path.read_bytes()[:-64])
    for quantize in ("none", "nf4"):
        with pytest.raises(UnsupportedModel, match="has changed"):
            load_model(checkpoint, plan_for(checkpoint.config, quantize), listener=Listener())
