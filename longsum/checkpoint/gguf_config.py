"""Convert a GGUF file's fields to the equivalent config.json. Works on numbers only.

This includes position scaling: `rope.scaling.*` and `rope_freqs.weight` state how a window was
extended, and ignoring them would rotate by wrong angles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from longsum.checkpoint.families import ARCHITECTURES, LLAMA, QWEN2, biased_llama
from longsum.errors import UnsupportedModel

LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
LLAMA3_FACTORS = (8.0, 32.0)
"""Scaling factors of Llama 3.1 and of Llama 3.2."""
MAX_NUMBER = 2.0**50
BIASED = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
"""Matrices that have a bias in a Qwen2."""
AGAIN = "download the file again"
ELSEWHERE = "take the model's safetensors checkpoint, or one of `longsum models list`"


def config_of(
    fields: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    frequencies: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Return the config.json of the same model.

    Args:
        fields: fields of the file.
        shapes: shapes of all tensors, by Hugging Face's names.
        frequencies: (head_dim / 2,) divisors of the rotation frequencies, or None.

    Raises:
        UnsupportedModel: a field is missing, it is neither a plain Llama nor a Qwen2, or its
            position scaling is unknown.
    """
    _check_plain(fields)
    fields = _named_as_llama(fields)
    if "model.embed_tokens.weight" not in shapes:
        raise UnsupportedModel(
            "it has no token embeddings, so it is only a part of a model", hint=AGAIN
        )
    heads, hidden = _count(fields, "attention.head_count"), _count(fields, "embedding_length")
    head_dim = _count(fields, "attention.key_length", hidden // heads)
    _check_heads(fields, head_dim)
    config: dict[str, Any] = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_act": "silu",
        "num_hidden_layers": _count(fields, "block_count"),
        "hidden_size": hidden,
        "intermediate_size": _count(fields, "feed_forward_length"),
        "num_attention_heads": heads,
        "num_key_value_heads": _count(fields, "attention.head_count_kv", heads),
        "head_dim": head_dim,
        "vocab_size": shapes["model.embed_tokens.weight"][0],
        "max_position_embeddings": _count(fields, "context_length"),
        "rms_norm_eps": _number(fields, "attention.layer_norm_rms_epsilon", 1e-5),
        "tie_word_embeddings": "lm_head.weight" not in shapes,
        "rope_parameters": rope_of(fields, head_dim, frequencies),
    }
    if is_qwen2(fields):
        config |= biased_llama()
    for key in ("bos", "eos"):
        number = fields.get(f"tokenizer.ggml.{key}_token_id")
        if isinstance(number, int) and 0 <= number < config["vocab_size"]:
            config[f"{key}_token_id"] = number
    _check_shapes(config, shapes)
    return config


def rope_of(
    fields: Mapping[str, Any], head_dim: int, frequencies: Sequence[float] | None
) -> dict[str, Any]:
    """Return `rope_parameters`: the base, and the scaling that the fields state.

    Args:
        fields: fields of the file.
        head_dim: number of values per head.
        frequencies: (head_dim / 2,) divisors of the rotation frequencies, or None.

    Raises:
        UnsupportedModel: the scaling is not one that `transformers` computes.
    """
    theta = _number(fields, "rope.freq_base", 10_000.0)
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": theta}
    # before there were types of scaling there was only a factor, for linear scaling
    kind = fields.get("llama.rope.scaling.type", "linear")
    if kind not in ("none", "linear", "yarn"):
        raise UnsupportedModel(
            f"its position scaling {str(kind)[:40]!r} is not supported", hint=ELSEWHERE
        )
    name = "rope.scaling.factor" if "llama.rope.scaling.factor" in fields else "rope.scale_linear"
    # llama.cpp treats a factor of 0 as none
    factor = _number(fields, name, 1.0) if fields.get(f"llama.{name}") else 1.0
    if kind != "none" and factor != 1:
        rope |= {"rope_type": kind, "factor": factor}
        if fields.get("llama.rope.scaling.original_context_length"):
            original = _count(fields, "rope.scaling.original_context_length")
            rope["original_max_position_embeddings"] = original
        if kind == "yarn":
            rope |= _yarn(fields, factor)
    if frequencies is not None and any(abs(each - 1) > 1e-5 for each in frequencies):
        if rope["rope_type"] != "default":
            raise UnsupportedModel(
                f"rope_freqs.weight with {kind} scaling is not supported", hint=ELSEWHERE
            )
        rope |= {"rope_type": "llama3", "factor": _llama3_factor(theta, head_dim, frequencies)}
        rope |= LLAMA3
    return rope


def llama3_divisors(theta: float, head_dim: int, factor: float) -> list[float]:
    """Return the divisors of the rotation frequencies in Llama 3's scaling.

    Args:
        theta: base of the rotation frequencies.
        head_dim: number of values per head.
        factor: scaling factor: 8 for Llama 3.1, 32 for Llama 3.2.

    Returns:
        head_dim / 2 divisors.
    """
    original = float(LLAMA3["original_max_position_embeddings"])
    low, high = LLAMA3["low_freq_factor"], LLAMA3["high_freq_factor"]
    found = []
    for index in range(0, head_dim, 2):
        turns = original * theta ** (-index / head_dim) / (2 * math.pi)
        smooth = (turns - low) / (high - low)
        between = 1 / ((1 - smooth) / factor + smooth) if low <= turns <= high else 1.0
        found.append(factor if turns < low else between)
    return found


def _yarn(fields: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """Return the YaRN parameters that a file may state besides factor and window."""
    if fields.get("llama.rope.scaling.yarn_ext_factor", 1.0) != 1.0:
        raise UnsupportedModel(
            "rope.scaling.yarn_ext_factor other than 1 is not supported", hint=ELSEWHERE
        )
    found = {
        name: _number(fields, f"rope.scaling.yarn_{name}", 1.0)
        for name in ("beta_fast", "beta_slow")
        if f"llama.rope.scaling.yarn_{name}" in fields
    }
    stated = next(
        (n for n in ("yarn_attn_factor", "attn_factor") if f"llama.rope.scaling.{n}" in fields),
        None,
    )
    if stated is not None:  # multiplies the factor's own value, arXiv 2309.00071, eq. 22
        scale = _number(fields, f"rope.scaling.{stated}", 1.0)
        found["attention_factor"] = scale * (0.1 * math.log(factor) + 1)
    return found


def _llama3_factor(theta: float, head_dim: int, frequencies: Sequence[float]) -> float:
    """Return the factor of the Llama 3 scaling with these divisors.

    Raises:
        UnsupportedModel: they belong to another scaling.
    """
    for factor in LLAMA3_FACTORS:
        expected = llama3_divisors(theta, head_dim, factor)
        if len(expected) == len(frequencies) and all(
            abs(found - wanted) <= 1e-3 * wanted
            for found, wanted in zip(frequencies, expected, strict=True)
        ):
            return factor
    raise UnsupportedModel("rope_freqs.weight is not Llama 3's scaling by 8 or 32", hint=ELSEWHERE)


def is_qwen2(fields: Mapping[str, Any]) -> bool:
    """Return whether a file holds a Qwen2: a Llama with biases of queries, keys and values."""
    return fields.get("general.architecture") == QWEN2


def _named_as_llama(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a Qwen2 under the names that they have in a Llama."""
    prefix = f"{QWEN2}." if is_qwen2(fields) else f"{LLAMA}."
    return {
        f"{LLAMA}.{name.removeprefix(prefix)}" if name.startswith(prefix) else name: value
        for name, value in fields.items()
    }


def _check_plain(fields: Mapping[str, Any]) -> None:
    """Refuse other architectures, and mixtures of experts."""
    architecture = fields.get("general.architecture")
    if architecture not in ARCHITECTURES:
        raise UnsupportedModel(
            f"its architecture is {str(architecture)[:40]!r}; longsum runs "
            f"{' and '.join(map(repr, ARCHITECTURES))}",
            hint=ELSEWHERE,
        )
    if fields.get("llama.expert_count"):
        raise UnsupportedModel(
            "it is a mixture of experts, which longsum does not run",
            hint=ELSEWHERE,
        )


def _check_heads(fields: Mapping[str, Any], head_dim: int) -> None:
    """Refuse heads that are rotated only in part, or whose keys and values differ in size."""
    rotated = _count(fields, "rope.dimension_count", head_dim)
    if rotated != head_dim:
        raise UnsupportedModel(
            f"only {rotated} of {head_dim} values of a head are rotated", hint=ELSEWHERE
        )
    values = _count(fields, "attention.value_length", head_dim)
    if values != head_dim:
        raise UnsupportedModel(
            f"a head's keys have size {head_dim}, its values {values}", hint=ELSEWHERE
        )
    if head_dim % 2:
        raise UnsupportedModel(
            f"a head has {head_dim} values, which cannot be rotated in pairs", hint=ELSEWHERE
        )


def _check_shapes(config: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse a file whose tensors are not exactly those that its fields describe."""
    wanted = set()
    for name, shape in _expected(config):
        if name not in shapes:
            raise UnsupportedModel(f"it has no {name}, so it is only a part of a model", hint=AGAIN)
        if shapes[name] != shape:
            raise UnsupportedModel(f"{name} has the shape {shapes[name]}, not {shape}", hint=AGAIN)
        wanted.add(name)
    for name in shapes:
        if name not in wanted:
            layers = config["num_hidden_layers"]
            raise UnsupportedModel(f"it has {name}, but states {layers} layers", hint=AGAIN)


def _expected(config: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each tensor's name and shape, lazily: a damaged file may state any number of layers."""
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    queries = config["num_attention_heads"] * config["head_dim"]
    keys = config["num_key_value_heads"] * config["head_dim"]
    yield "model.embed_tokens.weight", (config["vocab_size"], hidden)
    yield "model.norm.weight", (hidden,)
    if not config["tie_word_embeddings"]:
        yield "lm_head.weight", (config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        for name, shape in (
            ("self_attn.q_proj", (queries, hidden)),
            ("self_attn.k_proj", (keys, hidden)),
            ("self_attn.v_proj", (keys, hidden)),
            ("self_attn.o_proj", (hidden, queries)),
            ("mlp.gate_proj", (wide, hidden)),
            ("mlp.up_proj", (wide, hidden)),
            ("mlp.down_proj", (hidden, wide)),
            ("input_layernorm", (hidden,)),
            ("post_attention_layernorm", (hidden,)),
        ):
            yield f"model.layers.{layer}.{name}.weight", shape
            if name in BIASED and config.get("attention_bias"):
                yield f"model.layers.{layer}.{name}.bias", shape[:1]


def _count(fields: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Return a field that is a positive integer."""
    value = fields.get(f"llama.{name}", default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < MAX_NUMBER:
        raise _malformed(name, value)
    return value


def _number(fields: Mapping[str, Any], name: str, default: float) -> float:
    """Return a field that is a positive finite number."""
    value = fields.get(f"llama.{name}", default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < MAX_NUMBER:
        raise _malformed(name, value)
    return float(value)


def _malformed(name: str, value: Any) -> UnsupportedModel:
    """Return the error for a field that is missing or not a positive number."""
    kind = "a list" if isinstance(value, list) else str(value)[:40]
    found = "is missing" if value is None else f"is {kind}"
    return UnsupportedModel(f"llama.{name} {found}", hint=AGAIN)
