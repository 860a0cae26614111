"""Tiny GGUF files for tests: a random Llama as llama.cpp's converter would write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from tokenizers import pre_tokenizers
from transformers import LlamaForCausalLM

from benchmarks.peers.gguf_layout import gguf_name, interleaved

TEMPLATE = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
MERGES = ("t h", "th e", "Ġ the", "i n", "Ġ a", "e r", "1 2", "12 3", "123 4")
PIECES = (
    *("▁", "t", "h", "e", "a", "i", "n", "r", "▁t", "th", "the", "▁the"),
    *("in", "▁a", "er", "her"),
)
"""Of the SentencePiece vocabulary, the best score last."""
IN_BLOCKS = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"}
"""Types that the library can write."""


def byte_level_fields(size: int, pre: str | None = "default") -> dict[str, Any]:
    """Return the fields of a byte-level BPE of some tokens."""
    tokens = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokens += [merge.replace(" ", "") for merge in MERGES]
    kinds = [3, 3] + [1] * (len(tokens) - 2)
    tokens += [f"<pad{number}>" for number in range(size - len(tokens))]
    kinds += [5] * (size - len(kinds))
    fields = {"model": "gpt2", "pre": pre, "tokens": tokens, "token_type": kinds}
    fields |= {"merges": list(MERGES), "bos_token_id": 0, "eos_token_id": 1}
    return {f"tokenizer.ggml.{name}": value for name, value in fields.items()}


def sentencepiece_fields() -> dict[str, Any]:
    """Return the fields of a small SentencePiece vocabulary with all bytes."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *PIECES]
    scores = [0.0] * 259 + [float(number - len(PIECES)) for number in range(len(PIECES))]
    kinds = [2, 3, 3] + [6] * 256 + [1] * len(PIECES)
    fields = {"model": "llama", "pre": "default", "tokens": tokens, "scores": scores}
    fields |= {"token_type": kinds, "bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0}
    return {f"tokenizer.ggml.{name}": value for name, value in fields.items()}


def fields_of(model: LlamaForCausalLM) -> dict[str, Any]:
    """Return the fields that llama.cpp's converter writes of a model; a byte-level tokenizer."""
    config = model.config
    rope = config.rope_parameters
    fields = {
        "llama.context_length": config.max_position_embeddings,
        "llama.embedding_length": config.hidden_size,
        "llama.block_count": config.num_hidden_layers,
        "llama.feed_forward_length": config.intermediate_size,
        "llama.attention.head_count": config.num_attention_heads,
        "llama.attention.head_count_kv": config.num_key_value_heads,
        "llama.attention.key_length": config.head_dim,
        "llama.attention.value_length": config.head_dim,
        "llama.attention.layer_norm_rms_epsilon": float(config.rms_norm_eps),
        "llama.rope.dimension_count": config.head_dim,
        "llama.rope.freq_base": float(rope["rope_theta"]),
        "llama.vocab_size": config.vocab_size,
        "tokenizer.chat_template": TEMPLATE,
    }
    if rope["rope_type"] in ("linear", "yarn"):
        fields["llama.rope.scaling.type"] = rope["rope_type"]
        fields["llama.rope.scaling.factor"] = float(rope["factor"])
    if rope.get("original_max_position_embeddings") and rope["rope_type"] == "yarn":
        original = rope["original_max_position_embeddings"]
        fields["llama.rope.scaling.original_context_length"] = original
    return fields | byte_level_fields(config.vocab_size)


def tensors_of(model: LlamaForCausalLM, kind: str = "F32") -> dict[str, tuple[np.ndarray, Type]]:
    """Return a model's tensors as llama.cpp has them: by name, packed, with their type."""
    config = model.config
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    found = {}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        weight = tensor.to(torch.float32).numpy()
        part = name.split(".")[-2]
        if part in heads:
            weight = interleaved(weight, heads[part])
        wanted = Type[kind] if weight.ndim > 1 else Type.F32
        found[gguf_name(name)] = (gguf.quants.quantize(weight, wanted), wanted)
    return found


def write_gguf(
    path: Path,
    model: LlamaForCausalLM,
    *,
    kind: str = "F32",
    fields: Mapping[str, Any] | None = None,
    architecture: str = "llama",
    change: Callable[[dict[str, tuple[np.ndarray, Type]]], object] | None = None,
) -> Path:
    """Write a model as GGUF.

    Args:
        path: of the file.
        model: a Llama of `transformers`.
        kind: of the matrices.
        fields: replace those of the converter; an entry of None is left out.
        architecture: what the file says it holds.
        change: does something to the tensors.
    """
    tensors = tensors_of(model, kind)
    if change:
        change(tensors)
    return write_file(path, fields_of(model) | dict(fields or {}), tensors, architecture)


def write_file(
    path: Path,
    fields: Mapping[str, Any],
    tensors: Mapping[str, tuple[np.ndarray, Type]],
    architecture: str | None = "llama",
) -> Path:
    """Write fields and tensors as they are."""
    writer = gguf.GGUFWriter(path, architecture or "")
    if architecture is None:
        writer.kv_data[0].clear()
    for name, value in fields.items():
        if value is not None:
            put(writer, name, value)
    for name, (data, wanted) in tensors.items():
        writer.add_tensor(name, data, raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def put(writer: gguf.GGUFWriter, name: str, value: Any) -> None:
    """Write a field in the kind that its value suggests."""
    if isinstance(value, bool):
        writer.add_bool(name, value)
    elif isinstance(value, int):
        writer.add_uint32(name, value)
    elif isinstance(value, float):
        writer.add_float32(name, value)
    elif isinstance(value, str):
        writer.add_string(name, value)
    else:
        writer.add_array(name, value)


def write_shards(folder: Path, model: LlamaForCausalLM, count: int = 3) -> list[Path]:
    """Write a model as several files; the first has all fields and no tensors."""
    tensors = list(tensors_of(model).items())
    paths = []
    for number in range(count):
        path = folder / f"tiny-{number + 1:05d}-of-{count:05d}.gguf"
        split = {"split.no": number, "split.count": count, "split.tensors.count": len(tensors)}
        share = dict(tensors[number - 1 :: count - 1]) if number else {}
        of_first = fields_of(model) | split
        fields, name = (split, None) if number else (of_first, "llama")
        paths.append(write_file(path, fields, share, name))
    return paths
