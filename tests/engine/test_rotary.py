"""Frequencies of every RoPE type are those of `transformers`, at every length."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from longsum.checkpoint.rope import read_rope
from longsum.engine.rotary import Rotary

NATIVE = {"original_max_position_embeddings": 4096}
LLAMA3 = {"rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0, **NATIVE}
YARN = {"rope_type": "yarn", "factor": 16.0, **NATIVE}
BLOCKS: dict[str, dict[str, Any]] = {
    "default": {"rope_type": "default"},
    "linear": {"rope_type": "linear", "factor": 8.0},
    "llama3": {**LLAMA3, "factor": 8.0},
    "llama3, factor 32": {**LLAMA3, "factor": 32.0},
    "yarn": YARN,
    "yarn, bounds": {**YARN, "beta_fast": 40, "beta_slow": 2, "truncate": False},
    "yarn, scales": {**YARN, "mscale": 0.7, "mscale_all_dim": 1.0},
    "yarn, factor on attention": {**YARN, "attention_factor": 1.1},
}


@pytest.mark.parametrize("theta", [10000.0, 500000.0])
@pytest.mark.parametrize("head_dim", [64, 128])
@pytest.mark.parametrize("block", BLOCKS.values(), ids=list(BLOCKS))
def test_angles_are_those_of_transformers(
    block: dict[str, Any], head_dim: int, theta: float
) -> None:
    config = {
        "rope_parameters": block | {"rope_theta": theta},
        "max_position_embeddings": 65536,
        "head_dim": head_dim,
    }
    rope = read_rope(config)
    assert Rotary(rope, head_dim).is_steady(1 << 20)
    theirs = LlamaRotaryEmbedding(LlamaConfig(**config | {"rope_parameters": rope.parameters}))
    positions = torch.tensor([0, 1, 777, 4096, 32768, 65535])
    expected = theirs(torch.zeros(1), positions[None])
    found = Rotary(rope, head_dim).angles(positions, torch.float32, 65536)
    for ours, whole in zip(found, expected, strict=True):
        torch.testing.assert_close(ours[:, 0], whole[0, :, : head_dim // 2], rtol=0, atol=4e-3)
        close = (ours[:5, 0] - whole[0, :5, : head_dim // 2]).abs()
        assert close.mean() < 1e-4


LONGROPE = {
    "rope_type": "longrope",
    "short_factor": [1.0 + i / 32 for i in range(32)],
    "long_factor": [2.0 + i for i in range(32)],
    **NATIVE,
}
DYNAMIC = {"rope_type": "dynamic", "factor": 4.0}


@pytest.mark.parametrize("length", [100, 4096, 4097, 9000])
@pytest.mark.parametrize(
    "block",
    [DYNAMIC, LONGROPE, {**LONGROPE, "factor": 8.0}, {**LONGROPE, "attention_factor": 1.2}],
    ids=["dynamic", "longrope", "longrope, factor", "longrope, factor on attention"],
)
def test_angles_that_change_with_the_length_are_those_of_transformers(
    block: dict[str, Any], length: int
) -> None:
    positions = 4096 if block is DYNAMIC else 32768
    config = {
        "rope_parameters": block | {"rope_theta": 10000.0},
        "max_position_embeddings": positions,
        "head_dim": 64,
    }
    rope = read_rope(config)
    theirs = LlamaRotaryEmbedding(LlamaConfig(**config | {"rope_parameters": rope.parameters}))
    ours = Rotary(rope, 64, positions)
    assert ours.is_steady(length) is (length <= 4096)
    places = torch.arange(length)
    # asked for several lengths in turn, as a text is read in chunks and forgotten again
    ours.angles(places[:50], torch.float32, 50)
    for found, whole in zip(
        ours.angles(places, torch.float32, length),
        theirs(torch.zeros(1), places[None]),
        strict=True,
    ):
        torch.testing.assert_close(found[:, 0], whole[0, :, :32], rtol=0, atol=2e-3)
    again = ours.angles(places[:50], torch.float32, 50)
    fresh = Rotary(rope, 64, positions).angles(places[:50], torch.float32, 50)
    assert all(torch.equal(a, b) for a, b in zip(again, fresh, strict=True))
