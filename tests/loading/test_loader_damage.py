"""Damaged checkpoints are refused in one line; nothing that comes with one is executed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import byte_tokenizer, load_checkpoint, plan_for, restate, save_checkpoint, tiny_model
from transformers import LlamaForCausalLM

from longsum.checkpoint.formats import open_checkpoint
from longsum.config import LoadConfig
from longsum.engine.llama import Llama
from longsum.errors import InsufficientMemory, UnsupportedModel
from longsum.events import Listener
from longsum.loading.loader import load_model, load_pretrained
from longsum.model.find import find_model
from longsum.settings import Setting


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("plain"))


def edit_config(**entries: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))

    return edit


def write(name: str, content: bytes) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return edit


def cut_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def drop_tensor(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def drop_shard(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    tiny_model().save_pretrained(folder, max_shard_size="100KB")
    sorted(folder.glob("model-*.safetensors"))[1].unlink()


def leave_only_pickle(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "no config": (remove("config.json"), "has no config.json"),
    "config is not JSON": (write("config.json", b'{"model_type":'), "is not JSON"),
    "config is not an object": (write("config.json", b"[]"), "not a JSON object"),
    "other architecture": (edit_config(model_type="mistral"), "'mistral'"),
    "no weights": (remove("model.safetensors"), "no model.safetensors"),
    "only pickled weights": (leave_only_pickle, "only pytorch_model.bin"),
    "missing shard": (drop_shard, r"lacks 1 of \d+ weight files"),
    "cut short": (cut_short, "incomplete"),
    "empty weights": (write("model.safetensors", b""), "not a safetensors file"),
    "other width": (edit_config(intermediate_size=100), r"mlp\.\w+\.weight has another shape"),
    "other vocabulary": (edit_config(vocab_size=301), "weight has another shape"),
    "missing tensor": (drop_tensor, r"layers\.1\.mlp\.up_proj\.weight is missing"),
    "layers too few": (edit_config(num_hidden_layers=3), r"layers\.2\.\S+ is missing"),
    "layers too many": (edit_config(num_hidden_layers=1), r"layers\.1\.\S+ has no place"),
    "not a number": (edit_config(rms_norm_eps="small"), "rms_norm_eps"),
    "unknown activation": (edit_config(hidden_act="swish9"), "swish9"),
    "odd head": (edit_config(head_dim=15), "head_dim"),
    "adapter beside": (write("adapter_config.json", b"{}"), "LoRA adapter"),
}


@pytest.mark.parametrize(("damage", "says"), DAMAGE.values(), ids=list(DAMAGE))
def test_damage_is_one_line_with_a_hint(
    checkpoint: Path, tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    folder = restate(checkpoint, tmp_path / "damaged", {})
    damage(folder)
    with pytest.raises(UnsupportedModel, match=says) as caught:
        load_checkpoint(folder)
    assert caught.value.exit_code == 5
    assert caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint
    assert len(caught.value.message) < 600


def test_full_device_is_reported(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(LlamaForCausalLM, "from_pretrained", full)
    with pytest.raises(InsufficientMemory) as caught:
        load_checkpoint(checkpoint, quantize="nf4", dtype="bfloat16")
    assert "while loading the weights" in caught.value.message
    assert Setting("quantize", "nf4") in caught.value.remedies


@pytest.mark.parametrize("bug", [AttributeError, KeyError, TypeError, AssertionError])
@pytest.mark.parametrize(
    "place",
    [
        *("checkpoint.safetensors_checkpoint.dequantize_rows",),
        *("checkpoint.safetensors_checkpoint.check_weights",),
        *("loading.loader._check_report", "loading.loader.cached_weights"),
    ],
)
def test_bugs_of_ours_keep_their_traceback(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, bug: type[Exception], place: str
) -> None:
    """They were turned into "the folder needs a Llama's config.json and *.safetensors"."""

    def broken(*_: Any, **__: Any) -> None:
        raise bug("ours")

    monkeypatch.setattr(f"longsum.{place}", broken)
    opened = open_checkpoint(checkpoint)
    quantize = "nf4" if place.startswith("loading") else "none"
    plan = plan_for(opened.config, quantize, dtype="bfloat16" if quantize == "nf4" else "float32")
    with pytest.raises(bug, match="ours"):
        load_model(opened, plan, listener=Listener())


# nothing that comes with a checkpoint is executed


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (self.marker, "opened"))


def test_pickled_weights_are_never_loaded(checkpoint: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    folder = restate(checkpoint, tmp_path / "model", {})
    bomb = pickle.dumps(Bomb(marker))
    for name in ("pytorch_model.bin", "adapter_model.bin", "tokenizer.pkl"):
        (folder / name).write_bytes(bomb)
    load_checkpoint(folder)
    assert not marker.exists()
    (folder / "model.safetensors").unlink()
    with pytest.raises(UnsupportedModel):
        load_checkpoint(folder)
    assert not marker.exists()
    pickle.loads(bomb)
    assert marker.exists()  # it would have run


def test_code_of_a_checkpoint_is_never_imported(checkpoint: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    names = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    folder = restate(checkpoint, tmp_path / "model", {"auto_map": names})
    byte_tokenizer().save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["auto_map"] = {"AutoTokenizer": ["evil.Slow", "evil.Fast"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w')\nConfig = Model = Fast = None\n")
    model = find_model(LoadConfig(model=str(folder), device="cpu"))
    loaded = load_model(model.checkpoint, plan_for(model.config), listener=Listener())
    assert type(loaded) is Llama
    loaded = load_pretrained(model.checkpoint, plan_for(model.config), listener=Listener())
    assert type(loaded) is LlamaForCausalLM
    assert model.tokenizer.encode_document("ab")
    assert not marker.exists()
