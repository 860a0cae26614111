"""Configurations of families that are read as a Llama's."""

from __future__ import annotations

from typing import Any

import pytest

from longsum.checkpoint.families import as_llama, zero_biases
from longsum.checkpoint.files import read_shape
from longsum.errors import UnsupportedModel

QWEN2: dict[str, Any] = {
    "model_type": "qwen2",
    "architectures": ["Qwen2ForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
    "use_sliding_window": False,
    "sliding_window": 131072,
    "max_window_layers": 21,
    "layer_types": ["full_attention", "full_attention"],
}


def test_a_llama_stays_as_it_is() -> None:
    config = {"model_type": "llama", "sliding_window": None}
    assert as_llama(config) == config
    assert zero_biases(config, 2) == ()
    assert zero_biases({"attention_bias": True}, 2) == ()


def test_a_qwen2_is_a_llama_with_biases_of_which_one_is_zero() -> None:
    config = as_llama(QWEN2)
    shape = read_shape(config)
    assert shape.attention_bias
    assert not shape.mlp_bias
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert "sliding_window" not in config
    assert "layer_types" not in config
    names = zero_biases(config, shape.num_hidden_layers)
    assert names == tuple(f"model.layers.{n}.self_attn.o_proj.bias" for n in (0, 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"use_sliding_window": True},
        {"layer_types": ["full_attention", "sliding_attention"]},
    ],
)
def test_layers_that_do_not_see_all_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedModel, match="last tokens only"):
        as_llama(QWEN2 | changes)


def test_one_that_does_not_generate_is_refused_by_its_name() -> None:
    config = as_llama(QWEN2 | {"architectures": ["Qwen2ForSequenceClassification"]})
    with pytest.raises(UnsupportedModel, match="Qwen2ForSequenceClassification cannot generate"):
        read_shape(config)
