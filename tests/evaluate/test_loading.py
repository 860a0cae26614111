from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from adapters import write_adapter
from helpers import Recorder
from tiny import restate, save_checkpoint, tiny_model

from longsum.checkpoint import adapters as shipped_adapters
from longsum.checkpoint.formats import open_checkpoint
from longsum.config import LoadConfig, WeightsConfig
from longsum.errors import InsufficientMemory, UsageError, WindowNotTuned
from longsum.evaluate.loading import (
    evaluating,
    find_for_evaluation,
    identity_of,
    labels_for,
    open_model,
)
from longsum.events import Listener
from longsum.loading import quantized_cache


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


def load(folder: Path, **more) -> LoadConfig:
    return LoadConfig(model=str(folder), device="cpu", dtype="float32", **more)


def test_model_is_opened_with_its_own_positions(folder):
    opened = open_model(load(folder), tokens=64, listener=Listener())
    assert (opened.label, opened.rope.window, opened.rope.factor) == ("tiny", 256, 1)
    assert opened.unit.startswith("tiny ")
    assert opened.load_s > 0
    assert opened.machine["dtype"] == "float32"
    assert 1 in opened.stop_ids


@pytest.mark.parametrize("position", ["pi", "yarn"])
def test_untuned_positions_equal_transformers_own(folder, position):
    """Zero-step interpolation: the same weights, positions as transformers would scale them."""
    opened = open_model(
        load(folder), tokens=64, listener=Listener(), position=position, context=1024
    )
    assert (opened.rope.factor, opened.rope.window) == (4.0, 1024)
    parameters = {
        "pi": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0},
        "yarn": {
            "rope_type": "yarn",
            "factor": 4.0,
            "rope_theta": 10000.0,
            "original_max_position_embeddings": 256,
        },
    }[position]
    reference = tiny_model(rope_parameters=parameters, max_position_embeddings=1024)
    ids = torch.randint(2, 300, (1, 400), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(opened.model(ids).logits, reference(ids).logits)


def test_extrapolation_leaves_the_rotation_alone(folder):
    opened = open_model(load(folder), tokens=64, listener=Listener(), position="none", context=1024)
    assert (opened.rope.factor, opened.rope.window) == (1.0, 1024)
    ids = torch.randint(2, 300, (1, 400), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(opened.model(ids).logits, tiny_model()(ids).logits)


def test_position_needs_the_window_it_is_for(folder):
    with pytest.raises(UsageError, match="^position needs context"):
        find_for_evaluation(load(folder), position="pi")


def test_window_alone_is_what_the_weights_were_tuned_for(folder):
    found = find_for_evaluation(load(folder), context=128)
    assert (found.rope.factor, found.rope.window) == (1.0, 128)
    with pytest.raises(WindowNotTuned, match="tuned for 256") as raised:
        find_for_evaluation(load(folder), context=1024)
    assert raised.value.hint.startswith('position="pi" measures')


def test_window_alone_is_reached_by_the_adapter_made_for_the_weights(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(shipped_adapters, "SHIPPED", (tmp_path / "adapter",))
    write_adapter(tmp_path / "adapter", open_checkpoint(folder), 1024)
    opened = open_model(load(folder), tokens=64, listener=Listener(), context=1024)
    scheme = {"position": "pi", "context": 1024}
    untuned = open_model(load(folder), tokens=64, listener=Listener(), **scheme)
    assert opened.rope.factor == untuned.rope.factor == 4.0
    assert opened.identity != untuned.identity
    ids = torch.randint(2, 300, (1, 40), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert not torch.allclose(opened.model(ids).logits, untuned.model(ids).logits)


def test_what_does_not_fit_is_refused_before_it_loads(folder, monkeypatch):
    monkeypatch.setattr("longsum.loading.loader.load_model", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(InsufficientMemory) as raised:
        open_model(load(folder, memory_bytes=1 << 20), tokens=64, listener=Listener())
    assert "tiny needs" in raised.value.message
    assert "context" not in {each.name for each in raised.value.remedies}
    assert raised.value.facts["free_bytes"] == 1 << 20


def test_changed_weights_and_positions_are_another_model(folder, tmp_path):
    def identity(path: Path, **more) -> str:
        return identity_of(find_for_evaluation(load(path), **more), "float32", "none")

    same = identity(folder)
    assert same == identity(folder)
    assert same != identity(folder, position="pi", context=1024)
    copy = restate(folder, tmp_path / "copy", {})
    first = identity(copy)
    os.utime(copy / "model.safetensors", ns=(1, 1))
    assert identity(copy) != first


def test_labels_are_short_but_tell_models_apart(tmp_path):
    folders = [tmp_path / "a" / "final", tmp_path / "b" / "final", tmp_path / "c" / "other"]
    for each in folders:
        each.mkdir(parents=True)
    names = [str(each) for each in folders]
    assert labels_for([*names, "mini"]) == [names[0], names[1], "other", "mini"]


@pytest.mark.parametrize("training", [True, False])
def test_measuring_leaves_a_model_as_it_was(training):
    model = tiny_model().train(training)
    with evaluating(model):
        assert not model.training
    assert model.training is training


def test_cached_weights_are_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(quantized_cache, "weights_config", lambda _: WeightsConfig(min_load_s=0.0))
    folder = save_checkpoint(tmp_path / "wide", intermediate_size=128)
    open_model(load(folder, quantize="nf4"), tokens=64, listener=(heard := Recorder()))
    assert any("cached the nf4 weights" in line for line in heard.notices)
