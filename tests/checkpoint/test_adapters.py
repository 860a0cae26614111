"""An adapter is found by the weights it was made for, and added when they are read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from adapters import write_adapter
from ggufs import write_gguf
from tiny import plan_for, save_checkpoint, tiny_model
from transformers import LlamaForCausalLM

from longsum.checkpoint import adapters as shipped_adapters
from longsum.checkpoint.adapters import Adapter
from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_folder import unpacked
from longsum.errors import UnsupportedModel
from longsum.events import Listener
from longsum.loading.loader import build_config, load_model, load_pretrained

IDS = torch.arange(2, 290)[None]


@pytest.fixture
def base(tmp_path: Path) -> Checkpoint:
    file = write_gguf(tmp_path / "tiny.gguf", tiny_model())
    return open_checkpoint(unpacked(file, tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shipped_adapters, "SHIPPED", (tmp_path / "adapter",))
    return tmp_path / "adapter"


def test_checkpoint_is_widened_by_position_interpolation(base: Checkpoint, folder: Path) -> None:
    write_adapter(folder, base, 1024)
    wide = base.widened()
    assert wide is not None
    assert (wide.rope.rope_type, wide.rope.factor) == ("linear", 4.0)
    assert wide.rope.parameters["factor"] == 4.0
    assert (wide.rope.window, wide.tuned_window, wide.rope.native_window) == (1024, 1024, 256)
    assert base.adapter is None
    assert base.rope.window == 256
    assert wide.widened() is None


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_products_are_added_to_the_weights_they_adapt(
    base: Checkpoint, folder: Path, packed: bool, dtype: torch.dtype
) -> None:
    products = write_adapter(folder, base, 1024, packed=packed)
    wide = base.widened()
    assert wide is not None
    stored, found = base.tensors(torch.float32), wide.tensors(dtype)
    assert found.keys() == stored.keys()
    assert products
    tolerance = {"rtol": 0, "atol": 0.02} if packed else {"rtol": 0, "atol": 0}
    for name, lazy in found.items():
        expected = (stored[name][...] + products.get(name, torch.zeros(()))).to(dtype)
        limits = tolerance if name in products else {"rtol": 0, "atol": 0}
        torch.testing.assert_close(lazy[...], expected, **limits)


@pytest.mark.parametrize("load", [load_model, load_pretrained])
def test_widened_model_is_the_merged_one_beyond_the_native_window(
    base: Checkpoint, folder: Path, load
) -> None:
    products = write_adapter(folder, base, 1024)
    wide = base.widened()
    assert wide is not None
    model = load(wide, plan_for(base.config), listener=Listener())
    reference = LlamaForCausalLM(build_config(base.config, wide.rope)).eval()
    weights = {name: each[...] for name, each in base.tensors(torch.float32).items()}
    merged = {name: each + products.get(name, 0) for name, each in weights.items()}
    reference.load_state_dict(merged, strict=False)
    with torch.no_grad():
        expected = reference(IDS).logits
        found = model(IDS).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_file_is_known_by_its_weights_not_by_its_name(
    base: Checkpoint, folder: Path, tmp_path: Path
) -> None:
    write_adapter(folder, base, 1024)
    (tmp_path / "elsewhere").mkdir()
    copy = shutil.copy(base.hashed_files()[0], tmp_path / "elsewhere" / "renamed.gguf")
    assert open_checkpoint(unpacked(Path(copy), tmp_path / "cache")).widened() is not None
    other = write_gguf(tmp_path / "other.gguf", tiny_model(seed=1))
    assert open_checkpoint(unpacked(other, tmp_path / "cache")).widened() is None


def test_window_that_is_no_wider_and_scaled_checkpoints_are_left_alone(
    base: Checkpoint, folder: Path, tmp_path: Path
) -> None:
    write_adapter(folder, base, 256)
    assert base.widened() is None
    scaling = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0}
    scaled = open_checkpoint(
        save_checkpoint(tmp_path / "scaled", config={"rope_parameters": scaling})
    )
    write_adapter(folder, scaled, 4096)
    assert scaled.widened() is None


def test_identities_depend_on_the_adapter(base: Checkpoint, folder: Path) -> None:
    write_adapter(folder, base, 1024)
    wide = base.widened()
    assert wide is not None
    same_rope = base.with_rope(wide.rope)
    assert wide.identity() != same_rope.identity()
    assert wide.content_identity() != same_rope.content_identity()
    assert wide.fingerprint() == base.fingerprint()


def test_weight_that_the_base_lacks_is_reported(base: Checkpoint, folder: Path) -> None:
    write_adapter(folder, base, 1024)
    wide = base.widened()
    assert wide is not None
    assert wide.adapter is not None
    with pytest.raises(UnsupportedModel, match="down_proj.weight, which the model lacks"):
        wide.adapter.applied({}, torch.float32)


@pytest.mark.parametrize(
    "config",
    [{"longsum": None}, {"longsum": {"base": "x"}}, {"r": 0}, {"peft_type": "IA3"},
     {"use_rslora": True}, {"lora_alpha": "much"}],
)  # fmt: skip
def test_configuration_that_is_not_a_window_adapters_is_refused(
    base: Checkpoint, folder: Path, config: dict[str, object]
) -> None:
    write_adapter(folder, base, 1024, **config)
    with pytest.raises(UnsupportedModel, match="adapter"):
        Adapter.open(folder)


def test_damaged_matrices_are_reported(base: Checkpoint, folder: Path) -> None:
    write_adapter(folder, base, 1024)
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    wide = base.widened()
    assert wide is not None
    with pytest.raises(UnsupportedModel):
        wide.tensors(torch.float32)


def test_answer_adapter_changes_the_weights_and_not_the_window(
    base: Checkpoint, folder: Path
) -> None:
    products = write_adapter(folder, base, None)
    assert base.widened() is None
    assert base.answer_adapter
    tuned = base.answering()
    assert tuned is not None
    assert (tuned.rope, tuned.tuned_window) == (base.rope, base.tuned_window)
    stored, found = base.tensors(torch.float32), tuned.tensors(torch.float32)
    for name, product in products.items():
        torch.testing.assert_close(found[name][...], stored[name][...] + product)
    assert tuned.answering() is None
    assert tuned.identity() != base.identity()


def test_each_use_has_its_own_adapter(
    base: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = (tmp_path / "answer", tmp_path / "window")
    monkeypatch.setattr(shipped_adapters, "SHIPPED", folders)
    write_adapter(folders[0], base, None)
    write_adapter(folders[1], base, 1024)
    wide, tuned = base.widened(), base.answering()
    assert wide is not None
    assert tuned is not None
    assert wide.adapter is not None
    assert tuned.adapter is not None
    assert (wide.adapter.folder, tuned.adapter.folder) == (folders[1], folders[0])
    assert wide.answer_adapter
    assert wide.answering() is None
    assert wide.base is base
