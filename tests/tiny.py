"""Tiny LLaMAs for tests: real shapes of configuration, random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from longsum.checkpoint.context import rope_for_context
from longsum.checkpoint.files import quantized_on_disk, read_shape
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.rope import Rope, read_rope
from longsum.config import Attention
from longsum.engine.adopt import adopted
from longsum.engine.llama import Llama
from longsum.events import Listener
from longsum.loading.loader import load_model
from longsum.model.memory import MemoryPlan, plan_memory

SPECIALS = ["<s>", "</s>"]


SIZES: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "tie_word_embeddings": False,
}
"""Configuration of a tiny model of any family."""


def tiny_config(**overrides: Any) -> LlamaConfig:
    """Two layers, four heads of 16 in groups of two, 300 tokens."""
    return LlamaConfig(**SIZES | {"head_dim": 16} | overrides)


def tiny_model(seed: int = 0, **overrides: Any) -> LlamaForCausalLM:
    """A random model in evaluation mode; large weights, so that its choices are clear-cut."""
    torch.manual_seed(seed)
    config = tiny_config(initializer_range=0.3, **overrides)
    return LlamaForCausalLM(config).eval()


def own(model: LlamaForCausalLM, attention: Attention = "auto") -> Llama:
    """The same weights in our own forward pass."""
    config = model.config.to_dict()
    return adopted(model, config, read_rope(config), attention=attention)


def tiny_llama(seed: int = 0, attention: Attention = "auto", **overrides: Any) -> Llama:
    """The same model in our own forward pass."""
    return own(tiny_model(seed, **overrides), attention)


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte, behind `<s>` and `</s>`."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: i for i, token in enumerate(SPECIALS + alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )


def save_checkpoint(
    folder: Path, *, config: dict[str, Any] | None = None, **overrides: Any
) -> Path:
    """Write a checkpoint in Hugging Face format; `config` entries replace those of config.json.

    An entry of None is removed.
    """
    tiny_model(**overrides).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    if config:
        path = folder / "config.json"
        merged = json.loads(path.read_text()) | config
        path.write_text(json.dumps({k: v for k, v in merged.items() if v is not None}))
    return folder


def restate(folder: Path, to: Path, config: dict[str, Any]) -> Path:
    """Copy a checkpoint and replace entries of its config.json; an entry of None is removed."""
    shutil.copytree(folder, to)
    path = to / "config.json"
    merged = json.loads(path.read_text()) | config
    path.write_text(json.dumps({k: v for k, v in merged.items() if v is not None}))
    return to


def plan_for(config: dict[str, Any], quantize: str = "auto", dtype: str = "float32") -> MemoryPlan:
    """Plan for a few tokens on a CPU with room."""
    return plan_memory(
        read_shape(config),
        tokens=200,
        device="cpu",
        dtype=dtype,
        free_bytes=1 << 34,
        quantize=quantize,
        on_disk_quantization=quantized_on_disk(config),
    )


def load_checkpoint(
    folder: Path,
    context: int | None = None,
    *,
    force: bool = False,
    quantize: str = "auto",
    dtype: str = "float32",
    attention: Attention = "auto",
) -> tuple[Llama, Rope]:
    """Load a checkpoint the way the program does, once it knows that everything fits."""
    checkpoint = open_checkpoint(folder)
    plan = plan_for(checkpoint.config, quantize, dtype)
    rope = rope_for_context(checkpoint.rope, context, force=force)
    whole = checkpoint.with_rope(rope)
    return load_model(whole, plan, listener=Listener(), attention=attention), rope
