"""Quantized weights are cached: the next start reads them and gives the same output."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path

import pytest
import torch
from helpers import Recorder
from safetensors.torch import load_file
from tiny import load_checkpoint, plan_for, save_checkpoint

from longsum.checkpoint.formats import open_checkpoint
from longsum.config import WeightsConfig
from longsum.environment import WEIGHTS_SIZE
from longsum.errors import UnsupportedModel, UsageError
from longsum.loading import loader, quantized_cache
from longsum.loading.quantized_cache import weights_config, weights_folder
from longsum.store import entries

QUANTIZED = ("nf4", "int8")
PROMPT = torch.randint(2, 300, (1, 80), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose weight file has a middle, which its identity does not read."""
    folder = tmp_path_factory.mktemp("original") / "tiny-llama"
    return save_checkpoint(folder, hidden_size=256, intermediate_size=256)


@pytest.fixture
def checkpoint(original: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "tiny-llama"
    shutil.copytree(original, folder)
    return folder


KEEN = WeightsConfig(min_load_s=0.0)
"""Settings that cache all weights."""


def logits(
    folder: Path,
    quantize: str,
    ear: Recorder | None = None,
    *,
    dtype: str = "bfloat16",
    weights: WeightsConfig | None = KEEN,
) -> torch.Tensor:
    checkpoint = open_checkpoint(folder)
    plan = plan_for(checkpoint.config, quantize, dtype=dtype)
    model = loader.load_model(checkpoint, plan, listener=ear or Recorder(), weights=weights)
    with torch.inference_mode():
        found: torch.Tensor = model(PROMPT).logits
    return found


def spoil(path: Path) -> None:
    """Overwrite the middle of a file without changing its size, ends and modification time."""
    found = path.stat()
    with path.open("r+b") as file:
        file.seek(1 << 17)
        file.write(b"\x7f" * (found.st_size - (1 << 18)))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 16
    path.write_bytes(content)


def data() -> Path:
    (path,) = weights_folder().glob("*/model.safetensors")
    return path


@pytest.mark.parametrize("quantize", QUANTIZED)
def test_second_start_gives_the_same_bits_without_the_original_weights(
    checkpoint: Path, quantize: str
) -> None:
    ear = Recorder()
    first = logits(checkpoint, quantize, ear)
    assert ear.phases == [f"caching the {quantize} weights"]
    assert str(weights_folder()) in ear.notices[0]
    spoil(checkpoint / "model.safetensors")
    again = Recorder()
    assert torch.equal(logits(checkpoint, quantize, again), first)
    assert not again.notices + again.warnings + again.phases
    shutil.rmtree(weights_folder())
    assert not torch.equal(logits(checkpoint, quantize), first)  # the weights really were spoiled


@pytest.mark.parametrize("quantize", QUANTIZED)
@pytest.mark.parametrize("tied", [False, True])
def test_cached_weights_are_small_and_whole(tmp_path: Path, quantize: str, tied: bool) -> None:
    folder = save_checkpoint(
        tmp_path / "tied", hidden_size=256, intermediate_size=256, tie_word_embeddings=tied
    )
    first = logits(folder, quantize)
    names = set(load_file(data()))
    assert ("lm_head.weight" in names) != tied
    whole = (folder / "model.safetensors").stat().st_size  # float32
    assert data().stat().st_size < whole / (2 if quantize == "int8" else 3)
    assert torch.equal(logits(folder, quantize), first)
    assert stat.S_IMODE(data().stat().st_mode) == 0o600
    assert stat.S_IMODE(weights_folder().stat().st_mode) == 0o700


def test_each_way_of_quantizing_has_an_entry_of_its_own(checkpoint: Path) -> None:
    for quantize, dtype in (("nf4", "bfloat16"), ("nf4", "float32"), ("int8", "bfloat16")):
        logits(checkpoint, quantize, dtype=dtype)
    assert len(list(weights_folder().iterdir())) == 3


@pytest.mark.parametrize("name", ["bitsandbytes", "transformers"])
def test_another_version_quantizes_again(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    logits(checkpoint, "nf4")
    version = quantized_cache.version
    monkeypatch.setattr(quantized_cache, "version", lambda of: "9.9" if of == name else version(of))
    ear = Recorder()
    logits(checkpoint, "nf4", ear)
    assert ear.notices
    assert len(list(weights_folder().iterdir())) == 2


def test_changed_weights_are_quantized_again(checkpoint: Path) -> None:
    before = logits(checkpoint, "nf4")
    save_checkpoint(checkpoint, hidden_size=256, intermediate_size=256, seed=5)
    ear = Recorder()
    assert not torch.equal(logits(checkpoint, "nf4", ear), before)
    assert ear.notices


def test_unquantized_and_stored_weights_are_not_cached(checkpoint: Path) -> None:
    load_checkpoint(checkpoint, dtype="bfloat16")
    assert not weights_folder().exists()


def test_damaged_weights_are_reported_and_created_again(checkpoint: Path) -> None:
    first = logits(checkpoint, "nf4")
    damage(data())
    ear = Recorder()
    assert torch.equal(logits(checkpoint, "nf4", ear), first)
    assert ear.warnings[0].startswith("the cached nf4 weights are damaged and are created again")
    assert ear.notices
    again = Recorder()
    assert torch.equal(logits(checkpoint, "nf4", again), first)
    assert not again.warnings


def test_whole_files_that_the_library_refuses_are_created_again(checkpoint: Path) -> None:
    """A half of the tensors under right checksums, as another version might have written them."""
    first = logits(checkpoint, "nf4")
    opened = open_checkpoint(checkpoint)
    plan = plan_for(opened.config, "nf4", dtype="bfloat16")
    settings = loader.quantization_config("nf4", torch.bfloat16)
    assert settings is not None
    ear = Recorder()
    found = quantized_cache.cached_weights(opened, plan, settings, KEEN, ear)
    assert found is not None
    half = {name: each for name, each in load_file(data()).items() if "layers.1" not in name}
    shutil.rmtree(weights_folder())
    found.store.write(found.key, half, {})
    assert torch.equal(logits(checkpoint, "nf4", ear), first)
    assert ear.warnings[0].startswith("the cached nf4 weights are damaged and are created again: ")
    assert torch.equal(logits(checkpoint, "nf4"), first)


@pytest.mark.parametrize("reason", ["full", "forbidden"])
def test_failure_to_keep_is_a_warning(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    if reason == "full":
        usage = shutil._ntuple_diskusage(100, 100, 0)  # type: ignore[attr-defined]
        monkeypatch.setattr(entries.shutil, "disk_usage", lambda _: usage)
        said = os.strerror(errno.ENOSPC)
    else:
        weights_folder().parent.mkdir(parents=True)
        weights_folder().write_text("a file in the way")
        said = os.strerror(errno.EEXIST)
    ear = Recorder()
    logits(checkpoint, "nf4", ear)
    assert said in ear.warnings[0]
    assert not list(weights_folder().parent.glob("weights/*"))


def test_disk_without_room_evicts_nothing(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits(checkpoint, "nf4")
    usage = shutil._ntuple_diskusage(100, 100, 0)  # type: ignore[attr-defined]
    monkeypatch.setattr(entries.shutil, "disk_usage", lambda _: usage)
    ear = Recorder()
    small = WeightsConfig(size_bytes=900_000, min_load_s=0.0)  # enough for one of them
    logits(checkpoint, "int8", ear, weights=small)
    assert ear.warnings
    assert data().is_file()


def test_what_is_larger_than_the_budget_is_reported_and_not_cached(checkpoint: Path) -> None:
    ear = Recorder()
    logits(checkpoint, "nf4", ear, weights=WeightsConfig(size_bytes=100_000, min_load_s=0.0))
    assert "over LONGSUM_WEIGHTS_SIZE 97.7 KiB" in ear.notices[0]
    assert not weights_folder().exists()


@pytest.mark.parametrize("none", [WeightsConfig(size_bytes=0, min_load_s=0.0), None])
def test_zero_keeps_nothing_and_looks_for_nothing(
    checkpoint: Path, none: WeightsConfig | None
) -> None:
    logits(checkpoint, "nf4", weights=none)
    assert not weights_folder().exists()
    logits(checkpoint, "nf4")
    damage(data())
    ear = Recorder()
    logits(checkpoint, "nf4", ear, weights=none)
    assert not ear.warnings


def test_quick_loading_is_not_worth_keeping(checkpoint: Path) -> None:
    logits(checkpoint, "nf4", weights=WeightsConfig(min_load_s=999.0))
    assert not weights_folder().exists()


def test_size_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights_config("nf4") == WeightsConfig()
    for text, size in (("3GiB", 3 << 30), ("0", 0), (" 0 ", 0)):
        monkeypatch.setenv(WEIGHTS_SIZE, text)
        assert weights_config("nf4") == WeightsConfig(size_bytes=size)
    monkeypatch.setenv(WEIGHTS_SIZE, "lots")
    with pytest.raises(UsageError, match="LONGSUM_WEIGHTS_SIZE is not a size") as error:
        weights_config("int8")
    assert error.value.hint
    assert weights_config("none") is None  # weights that nobody quantizes are not cached
    with pytest.raises(UsageError, match="below 0"):
        WeightsConfig(size_bytes=-1)


def test_original_weights_that_are_gone_are_still_missed(checkpoint: Path) -> None:
    logits(checkpoint, "nf4")
    (checkpoint / "model.safetensors").unlink()
    with pytest.raises(UnsupportedModel):
        logits(checkpoint, "nf4")
