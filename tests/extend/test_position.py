from __future__ import annotations

import pytest
import torch
from tiny import tiny_config
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from longsum.checkpoint.rope import read_rope
from longsum.errors import UsageError
from longsum.extend.position import extended_rope, ntk_theta

BASE = {"max_position_embeddings": 2048, "rope_theta": 10_000.0}
PI = {
    "max_position_embeddings": 32768,
    "original_max_position_embeddings": 2048,
    "rope_parameters": {"rope_type": "linear", "factor": 16.0, "rope_theta": 10_000.0},
}


def angles(parameters: dict, position: int, window: int = 8192) -> torch.Tensor:
    """Return cos of a position's rotation, as transformers computes it."""
    config: LlamaConfig = tiny_config(rope_parameters=parameters, max_position_embeddings=window)
    states = torch.zeros(1, 1, 64)
    return LlamaRotaryEmbedding(config)(states, torch.tensor([[position]]))[0]


def test_pi_divides_positions_by_the_factor():
    rope = extended_rope(read_rope(BASE), 8192, "pi")
    assert (rope.rope_type, rope.factor, rope.native_window, rope.window) == (
        "linear",
        4.0,
        2048,
        8192,
    )
    plain = {"rope_type": "default", "rope_theta": 10_000.0}
    torch.testing.assert_close(angles(rope.parameters, 400), angles(plain, 100))


def test_pi_of_an_extended_checkpoint_takes_the_whole_factor():
    rope = extended_rope(read_rope(PI), 65536, "pi")
    assert rope.factor == 32.0
    assert rope.native_window == 2048
    assert extended_rope(read_rope(PI), 8192, "pi").factor == 4.0


def test_none_keeps_the_rotation():
    rope = extended_rope(read_rope(BASE), 8192, "none")
    assert rope.parameters == {"rope_type": "default", "rope_theta": 10_000.0}
    assert (rope.window, rope.native_window, rope.factor) == (8192, 2048, 1.0)


def test_none_allows_a_window_inside_the_native_one():
    assert extended_rope(read_rope(BASE), 512, "none").window == 512
    inside = extended_rope(read_rope(PI), 4096, "none")
    assert (inside.factor, inside.window, inside.native_window) == (16.0, 4096, 2048)


def test_none_of_an_extended_checkpoint_can_be_read_back():
    rope = extended_rope(read_rope(PI), 65536, "none")
    config = {
        "max_position_embeddings": 65536,
        "original_max_position_embeddings": rope.native_window,
        "rope_parameters": rope.parameters,
    }
    read = read_rope(config)
    assert (read.window, read.factor) == (65536, 16.0)


def test_ntk_raises_the_base_so_that_the_slowest_angle_is_interpolated():
    rope = extended_rope(read_rope(BASE), 8192, "ntk", head_dim=16)
    assert rope.rope_theta == pytest.approx(10_000 * 4 ** (16 / 14))
    # θ_{d/2-1} = b^{-(d-2)/d}: with b' it is divided by s, the fastest stays
    slow, slow_before = rope.rope_theta ** (-14 / 16), 10_000 ** (-14 / 16)
    assert slow == pytest.approx(slow_before / 4)
    assert ntk_theta(10_000, 1, 128) == 10_000


def test_yarn_is_computed_by_transformers():
    rope = extended_rope(read_rope(BASE), 8192, "yarn")
    assert rope.parameters == {
        "rope_type": "yarn",
        "factor": 4.0,
        "original_max_position_embeddings": 2048,
        "rope_theta": 10_000.0,
    }
    # position 0 is not rotated: its cos is the attention's temperature, 0.1 ln(s) + 1
    torch.testing.assert_close(
        angles(rope.parameters, 0), torch.full((1, 1, 16), 0.1 * torch.log(torch.tensor(4.0)) + 1)
    )


@pytest.mark.parametrize("position", ["pi", "yarn", "ntk"])
@pytest.mark.parametrize("context", [2048, 100])
def test_window_that_is_not_larger_is_refused(position, context):
    with pytest.raises(UsageError, match="not larger than the 2,048 tokens"):
        extended_rope(read_rope(BASE), context, position, head_dim=16)


def test_other_scalings_are_not_stacked():
    llama3 = {
        "max_position_embeddings": 131072,
        "rope_parameters": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
            "rope_theta": 500_000.0,
        },
    }
    with pytest.raises(UsageError, match="scaled by llama3"):
        extended_rope(read_rope(llama3), 262144, "pi")
    yarn = {
        "max_position_embeddings": 8192,
        "rope_parameters": {
            "rope_type": "yarn",
            "factor": 4.0,
            "original_max_position_embeddings": 2048,
            "beta_fast": 16.0,
        },
    }
    with pytest.raises(UsageError, match="scaled by yarn"):
        extended_rope(read_rope(yarn), 16384, "pi")
    with pytest.raises(UsageError, match="cannot widen yarn"):
        extended_rope(read_rope(yarn), 16384, "none")
    wider = extended_rope(read_rope(yarn), 16384, "yarn")
    assert wider.parameters["beta_fast"] == 16.0
    assert wider.factor == 8.0


def test_dynamic_scaling_is_taken_as_none():
    dynamic = {
        "max_position_embeddings": 2048,
        "rope_parameters": {"rope_type": "dynamic", "factor": 2.0},
    }
    assert extended_rope(read_rope(dynamic), 4096, "none").rope_type == "default"
    assert extended_rope(read_rope(dynamic), 4096, "pi").factor == 2.0
