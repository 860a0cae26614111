from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn

from longsum.model.resolve import MINI_FOLDER
from longsum.selection.answer_features import answer_columns, question_features
from longsum.selection.head import CLIP, FILE, load_head, network_of

PARTS = ("sentences", "words", "pairs", "answers", "answered")


def tensors_of(part: str, inputs: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(inputs)
    sizes = (inputs, 6, 5, 1)
    found = {
        f"{part}.mean": rng.normal(size=inputs).astype(np.float32),
        f"{part}.deviation": rng.uniform(0.5, 2, inputs).astype(np.float32),
    }
    for number, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False)):
        found[f"{part}.{number}.weight"] = rng.normal(size=(after, before)).astype(np.float16)
        found[f"{part}.{number}.bias"] = rng.normal(size=after).astype(np.float16)
    return found


def test_a_network_is_what_torch_computes():
    tensors = tensors_of("words", 4)
    features = np.random.default_rng(1).normal(size=(7, 4)).astype(np.float32) * 9
    x = torch.from_numpy((features - tensors["words.mean"]) / tensors["words.deviation"])
    x = x.clamp(-CLIP, CLIP)
    for number in range(3):
        weight = torch.from_numpy(tensors[f"words.{number}.weight"]).float()
        bias = torch.from_numpy(tensors[f"words.{number}.bias"]).float()
        x = nn.functional.linear(nn.functional.silu(x) if number else x, weight, bias)
    np.testing.assert_allclose(network_of(tensors, "words")(features), x.numpy(), rtol=1e-5)


def test_a_head_is_read_from_beside_the_weights(tmp_path: Path):
    assert load_head(tmp_path) is None
    everything = {k: v for n, part in enumerate(PARTS) for k, v in tensors_of(part, n + 2).items()}
    save_file(everything | {"projection": np.eye(4, 2, dtype=np.float32)}, tmp_path / FILE)
    head = load_head(tmp_path)
    assert head is not None
    assert head.projection.shape == (4, 2)
    networks = (head.summary.sentences, head.summary.words, head.summary.pairs, head.answers)
    assert [len(network.mean) for network in networks] == [2, 3, 4, 5]
    assert len(head.answered.mean) == 6
    assert head.summary.words(np.zeros((2, 3), np.float32)).shape == (2, 1)


def test_states_are_named_by_what_they_were_projected_with(tmp_path: Path):
    everything = {k: v for n, part in enumerate(PARTS) for k, v in tensors_of(part, n + 2).items()}
    names = []
    for scale in (1.0, 2.0, 1.0):
        save_file(everything | {"projection": np.eye(4, 2) * scale}, tmp_path / FILE)
        head = load_head(tmp_path)
        assert head is not None
        names.append(head.states_name)
    assert names[0] == names[2] != names[1]


def test_very_large_inputs_do_not_overflow(tmp_path: Path):
    network = network_of(tensors_of("words", 3), "words")
    with np.errstate(over="raise"):
        assert np.isfinite(network(np.full((1, 3), 1e30, np.float32))).all()
        assert network(np.full((1, 3), -1e30, np.float32)) == pytest.approx(
            network(np.full((1, 3), -1e20, np.float32))
        )


def test_the_bundled_head_takes_the_features_there_are():
    """A feature more or less, and the weights are of another program."""
    head = load_head(MINI_FOLDER)
    assert head is not None
    columns = answer_columns(("The port was founded in 1921.",), "When was the port founded?")
    assert len(head.answers.mean) == len(columns)
    about = question_features(columns)
    assert len(head.answered.mean) == about.shape[1]
    scores, answered = head.rank_answers(["The port was founded in 1921."], "Who?")
    assert scores.shape == (1,)
    assert isinstance(answered, bool)
