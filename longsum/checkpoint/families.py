"""Models of other families that compute what a Llama with biases computes.

Qwen2 and Qwen2.5 (arXiv 2407.10671, 2412.15115) add biases to queries, keys and values and are a
Llama otherwise. They are read as a Llama with `attention_bias`, which has a fourth bias, of
`o_proj`: zeros stand in for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from longsum.errors import UnsupportedModel

LLAMA, QWEN2 = "llama", "qwen2"
ARCHITECTURES = (LLAMA, QWEN2)
"""Values of `model_type` in config.json, and of `general.architecture` in GGUF, that are read."""
ZERO_OUTPUT_BIAS = "zero_output_bias"
"""Our own key: `o_proj` has no bias, although queries, keys and values have one."""
_WINDOWS = ("sliding_window", "max_window_layers", "use_sliding_window", "layer_types")
"""Qwen2's keys for attention to a part of the text, which must not be in use."""


def as_llama(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config.json of the Llama that computes the same.

    Args:
        config: content of config.json, of any family.

    Raises:
        UnsupportedModel: its layers attend to a part of the text only.
    """
    if config.get("model_type") != QWEN2:
        return dict(config)
    types = config.get("layer_types")
    slides = isinstance(types, list) and any(each != "full_attention" for each in types)
    if config.get("use_sliding_window") or slides:
        raise UnsupportedModel(
            "its layers attend to the last tokens only (use_sliding_window); longsum reads all",
            hint="`longsum models list` shows checkpoints that are known to work",
        )
    kept = {key: value for key, value in config.items() if key not in _WINDOWS}
    return kept | biased_llama(config.get("architectures"))


def biased_llama(architectures: object = None) -> dict[str, Any]:
    """Return the keys that describe a Qwen2 as a Llama.

    Args:
        architectures: those of its config.json; one that does not generate stays as it is.
    """
    generates = not isinstance(architectures, list) or "Qwen2ForCausalLM" in architectures
    named = {"architectures": ["LlamaForCausalLM"]} if generates else {}
    return {"model_type": LLAMA, "attention_bias": True, ZERO_OUTPUT_BIAS: True} | named


def zero_biases(config: Mapping[str, Any], layers: int) -> tuple[str, ...]:
    """Return the names of the biases that are zeros and not stored.

    Args:
        config: a config that `as_llama` returned.
        layers: number of decoder layers.
    """
    if config.get(ZERO_OUTPUT_BIAS) is not True:
        return ()
    return tuple(f"model.layers.{number}.self_attn.o_proj.bias" for number in range(layers))
