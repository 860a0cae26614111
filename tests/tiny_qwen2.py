"""A tiny Qwen2 for tests: random weights, with biases of queries, keys and values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf.quants import quantize
from ggufs import fields_of, write_file
from tiny import SIZES, byte_tokenizer
from transformers import Qwen2Config, Qwen2ForCausalLM

from benchmarks.peers.gguf_layout import gguf_name


def tiny_qwen2(seed: int = 0, **overrides: Any) -> Qwen2ForCausalLM:
    """Two layers, four heads of 16 in groups of two, 300 tokens; biases are drawn, too."""
    torch.manual_seed(seed)
    config = Qwen2Config(**SIZES | {"initializer_range": 0.3} | overrides)
    model = Qwen2ForCausalLM(config).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.data.normal_(std=0.5)
    return model


def save_qwen2(folder: Path, **overrides: Any) -> Path:
    """Write a checkpoint in Hugging Face's format."""
    tiny_qwen2(**overrides).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


def write_qwen2(path: Path, model: Qwen2ForCausalLM, kind: str = "F32") -> Path:
    """Write a model as llama.cpp's converter does: rows in Hugging Face's order."""
    model.config.head_dim = model.config.hidden_size // model.config.num_attention_heads
    fields = {
        name.replace("llama.", "qwen2.", 1) if name.startswith("llama.") else name: value
        for name, value in fields_of(model).items()  # type: ignore[arg-type]
    }
    fields["tokenizer.ggml.pre"] = "qwen2"
    tensors: dict[str, tuple[np.ndarray, Type]] = {}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        stem, _, last = name.rpartition(".")
        named = gguf_name(f"{stem}.weight").removesuffix("weight") + last
        wanted = Type[kind] if tensor.ndim > 1 else Type.F32
        tensors[named] = (quantize(tensor.float().numpy(), wanted), wanted)
    return write_file(path, fields, tensors, "qwen2")
