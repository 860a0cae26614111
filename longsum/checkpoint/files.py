"""Read config.json: the model's shape, and how its weights are stored.

No code is executed: `auto_map` (code shipped with a model) is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longsum.checkpoint.families import ARCHITECTURES, LLAMA, as_llama
from longsum.errors import ModelNotFound, UnsupportedModel
from longsum.settings import Setting

CONFIG_NAME = "config.json"


@dataclass(frozen=True)
class ModelShape:
    """The dimensions of a Llama, which decide its size."""

    num_hidden_layers: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    vocab_size: int
    tie_word_embeddings: bool = False
    attention_bias: bool = False
    mlp_bias: bool = False
    exact_kv_layers: int = 0
    """Number of first decoder layers whose attention needs float32, so that a quantized cache holds
    their keys and values unquantized. Our own key in the bundled model's config.json."""

    @property
    def attention_size(self) -> int:
        """Number of values in one token's queries, over all heads."""
        return self.num_attention_heads * self.head_dim

    @property
    def key_value_size(self) -> int:
        """Number of values in one token's keys in one layer; its values have as many."""
        return self.num_key_value_heads * self.head_dim

    @property
    def linear_rows(self) -> int:
        """Output features of all linear layers inside the decoder layers."""
        attention = self.attention_size + 2 * self.key_value_size + self.hidden_size
        return self.num_hidden_layers * (attention + 2 * self.intermediate_size + self.hidden_size)

    @property
    def linear_parameters(self) -> int:
        """Weights of the linear layers inside the decoder layers, which bitsandbytes quantizes."""
        attention = 2 * self.hidden_size * (self.attention_size + self.key_value_size)
        mlp = 3 * self.hidden_size * self.intermediate_size
        return self.num_hidden_layers * (attention + mlp)

    @property
    def other_parameters(self) -> int:
        """Parameters of embeddings, norms, biases and `lm_head`, which are never quantized."""
        embeddings = self.vocab_size * self.hidden_size * (1 if self.tie_word_embeddings else 2)
        norms = (2 * self.num_hidden_layers + 1) * self.hidden_size
        attention = self.attention_size + 2 * self.key_value_size + self.hidden_size
        biases = attention if self.attention_bias else 0
        biases += 2 * self.intermediate_size + self.hidden_size if self.mlp_bias else 0
        return embeddings + norms + self.num_hidden_layers * biases

    @property
    def parameters(self) -> int:
        """Number of parameters; tied embeddings count once."""
        return self.linear_parameters + self.other_parameters


def read_config(folder: Path) -> dict[str, Any]:
    """Return the content of a checkpoint's `config.json`, as that of a Llama.

    Raises:
        ModelNotFound: there is no such folder.
        UnsupportedModel: the folder has no `config.json`, or it is not a JSON object; or its layers
            attend to a part of the text only.
    """
    if not folder.is_dir():
        raise ModelNotFound(f"no model folder at {folder}")
    path = folder / CONFIG_NAME
    if not path.is_file():
        raise UnsupportedModel(f"{folder} has no {CONFIG_NAME}", hint=what_else(folder))
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnsupportedModel(
            f"{path} is not JSON: {error}", hint="download the model again"
        ) from error
    except OSError as error:
        raise ModelNotFound(f"cannot read {path}: {error.strerror}") from error
    if not isinstance(config, dict):
        raise UnsupportedModel(f"{path} is not a JSON object", hint="download the model again")
    return as_llama(config)


def read_shape(config: Mapping[str, Any]) -> ModelShape:
    """Return the shape described by a config.

    Raises:
        UnsupportedModel: the model is not a generating Llama, or a number is missing or malformed.
    """
    _check_llama(config)
    hidden = _size(config, "hidden_size")
    heads = _size(config, "num_attention_heads")
    key_value_heads = _size(config, "num_key_value_heads", heads)  # absent: one per head (MHA)
    if heads % key_value_heads:
        raise UnsupportedModel(
            f"num_attention_heads {heads} is not a multiple of num_key_value_heads "
            f"{key_value_heads}"
        )
    if config.get("head_dim") is None and hidden % heads:
        raise UnsupportedModel(f"hidden_size {hidden} is not a multiple of {heads} attention heads")
    head_dim = _size(config, "head_dim", hidden // heads)
    if head_dim % 2:
        raise UnsupportedModel(
            f"head_dim {head_dim} is odd, but RoPE rotates pairs", hint="download the model again"
        )
    return ModelShape(
        num_hidden_layers=_size(config, "num_hidden_layers"),
        hidden_size=hidden,
        intermediate_size=_size(config, "intermediate_size"),
        num_attention_heads=heads,
        num_key_value_heads=key_value_heads,
        head_dim=head_dim,
        vocab_size=_size(config, "vocab_size"),
        tie_word_embeddings=config.get("tie_word_embeddings") is True,
        attention_bias=config.get("attention_bias") is True,
        mlp_bias=config.get("mlp_bias") is True,
        exact_kv_layers=min(
            _size(config, "exact_kv_layers") if "exact_kv_layers" in config else 0,
            _size(config, "num_hidden_layers"),
        ),
    )


def quantized_on_disk(config: Mapping[str, Any]) -> str | None:
    """Return how the stored weights are quantized: `nf4`, `fp4`, `int8`, or None.

    Raises:
        UnsupportedModel: they are quantized by a method other than bitsandbytes.
    """
    block = config.get("quantization_config")
    if block is None:
        return None
    if not isinstance(block, Mapping):
        raise UnsupportedModel(f"quantization_config must be an object, not {block!r}")
    four = bool(block.get("load_in_4bit") or block.get("_load_in_4bit"))
    eight = bool(block.get("load_in_8bit") or block.get("_load_in_8bit"))
    method = block.get("quant_method") or ("bitsandbytes" if four or eight else "an unnamed method")
    if not str(method).startswith("bitsandbytes"):
        raise UnsupportedModel(
            f"the weights are quantized by {method}; longsum runs bitsandbytes or none",
            hint=f"take the unquantized checkpoint and add {Setting('quantize', 'nf4')}",
        )
    if four:
        kind = block.get("bnb_4bit_quant_type") or "fp4"  # the default of BitsAndBytesConfig
        if kind not in ("nf4", "fp4"):
            raise UnsupportedModel(f"unknown 4-bit type {kind!r} in quantization_config")
        return str(kind)
    return "int8" if eight else None


def _check_llama(config: Mapping[str, Any]) -> None:
    """Refuse other architectures, and Llamas without a language-model head."""
    model_type = config.get("model_type")
    if model_type != LLAMA:
        found = f"model_type {model_type!r}" if model_type else "no model_type"
        runs = " and ".join(map(repr, ARCHITECTURES))
        raise UnsupportedModel(
            f"config.json says {found}; longsum runs model_type {runs}",
            hint="`longsum models list` shows checkpoints that are known to work",
        )
    architectures = config.get("architectures")
    if isinstance(architectures, list) and architectures:
        names = [str(name) for name in architectures]
        if not any("CausalLM" in name for name in names):
            raise UnsupportedModel(f"{', '.join(names)} cannot generate text; LlamaForCausalLM can")


def _size(config: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """Return a positive integer from a config."""
    value = config.get(key)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        found = "is missing" if value is None else f"must be a positive whole number, not {value!r}"
        raise UnsupportedModel(f"{key} in config.json {found}")
    return value


def what_else(folder: Path) -> str:
    """Return the next step for a folder that is not a safetensors checkpoint."""
    if (folder / "adapter_config.json").is_file():
        return "this is a LoRA adapter: merge it into its base model with peft's merge_and_unload()"
    gguf = sorted(folder.glob("*.gguf"))
    if gguf:
        return f"name the GGUF file: {Setting('model', str(gguf[0]))}"
    if any(folder.glob("*.bin")) or any(folder.glob("*.pth")):
        return (
            "if you trust its source, convert it once: LlamaForCausalLM.from_pretrained(folder)"
            ".save_pretrained(new_folder) writes safetensors"
        )
    return "name a folder with config.json, model.safetensors and the tokenizer"
