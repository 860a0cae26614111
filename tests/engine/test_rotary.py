"""Frequencies of every static RoPE type are those of `transformers`; rotations round alike."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from longsum.checkpoint.rope import read_rope
from longsum.engine.rotary import Rotary, is_static

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
    assert is_static(rope)
    theirs = LlamaRotaryEmbedding(LlamaConfig(**config | {"rope_parameters": rope.parameters}))
    positions = torch.tensor([0, 1, 777, 4096, 32768, 65535])
    expected = theirs(torch.zeros(1), positions[None])
    found = Rotary(rope, head_dim).angles(positions, torch.float32)
    for ours, whole in zip(found, expected, strict=True):
        torch.testing.assert_close(ours[:, 0], whole[0, :, : head_dim // 2], rtol=0, atol=4e-3)
        close = (ours[:5, 0] - whole[0, :5, : head_dim // 2]).abs()
        assert close.mean() < 1e-4


@pytest.mark.parametrize(
    "block",
    [
        {"rope_type": "dynamic", "factor": 4.0},
        {**YARN, "beta_fast": "32"},
        {**YARN, "partial_rotary_factor": 0.5},
    ],
)
def test_what_changes_with_length_or_is_odd_is_not_static(block: dict[str, Any]) -> None:
    assert not is_static(read_rope({"rope_parameters": block, "max_position_embeddings": 65536}))
