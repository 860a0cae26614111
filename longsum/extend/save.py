"""Save an extended model so that plain `transformers` loads it, and longsum knows its window."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from huggingface_hub import save_torch_state_dict
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from transformers import LlamaConfig

from longsum.checkpoint.rope import Rope
from longsum.extend.adapters import dequantized, merged
from longsum.extend.config import ExtendConfig
from longsum.extend.training_state import is_tied
from longsum.loading.loader import build_config
from longsum.model.find import Model

TOKENIZER_FILES = (
    *("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json"),
    *("added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja"),
    "generation_config.json",
)
"""Files copied from the base where it has them."""

_LIMITS = ("model_max_length", "max_length")
"""Keys in these files that may give the old window."""


def plain_weights(
    accelerator: Accelerator, model: torch.nn.Module, config: ExtendConfig, dtype: torch.dtype
) -> dict[str, torch.Tensor]:
    """Gather the weights on the main process, LoRA's merged; all processes take part.

    Args:
        accelerator: under FSDP each process holds a part of every weight.
        model: as `accelerate` wrapped it.
        config: method, and LoRA's rank and alpha.
        dtype: dtype of the result.

    Returns:
        The weights by their names in a checkpoint; nothing on other processes.
    """
    if config.method == "qlora":
        weights: dict[str, Any] = dequantized(accelerator.unwrap_model(model))
    else:
        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        weights = get_model_state_dict(model, options=options)
    if not accelerator.is_main_process:
        return {}
    if is_tied(model):
        weights = {key: w for key, w in weights.items() if not key.endswith("lm_head.weight")}
    named = {name.removeprefix("model."): weight for name, weight in weights.items()}
    return merged(named, config, dtype)


def stored_dtype(config: dict[str, Any]) -> torch.dtype:
    """Return the dtype a checkpoint is stored in; float32 where its config does not say."""
    name = str(config.get("dtype") or config.get("torch_dtype") or "").removeprefix("torch.")
    known = {"bfloat16": torch.bfloat16, "float16": torch.float16}
    return known.get(name, torch.float32)


def save_model(
    folder: Path, base: Model, rope: Rope, weights: dict[str, torch.Tensor], dtype: torch.dtype
) -> None:
    """Write configuration, weights (sharded as `transformers` does) and tokenizer.

    Args:
        folder: an existing, empty folder.
        base: the model that was extended.
        rope: its new rotary embedding.
        weights: from `plain_weights`.
        dtype: dtype of the weights.
    """
    extended_config(base, rope, dtype).save_pretrained(folder)
    save_torch_state_dict(weights, folder, max_shard_size="5GB")
    for name in TOKENIZER_FILES:
        if (base.source.folder / name).is_file():
            shutil.copyfile(base.source.folder / name, folder / name)
            if name.endswith("config.json"):
                _widen(folder / name, rope.window)


def extended_config(base: Model, rope: Rope, dtype: torch.dtype) -> LlamaConfig:
    """Return the configuration, from which `read_rope` reads both windows.

    Args:
        base: the model that was extended.
        rope: its new rotary embedding.
        dtype: dtype of the saved weights.
    """
    config = build_config(base.config, rope)
    config.max_position_embeddings = rope.window
    if rope.rope_type in ("default", "linear"):
        # transformers does not use it for these types; read_rope takes it for L
        config.original_max_position_embeddings = rope.native_window
    config.architectures = ["LlamaForCausalLM"]
    config.dtype = dtype
    pad = base.config.get("pad_token_id")
    if isinstance(pad, int) and 0 <= pad < base.shape.vocab_size:
        config.pad_token_id = pad
    return config


def _widen(path: Path, window: int) -> None:
    """Raise the limits in a JSON file to the new window."""
    content = json.loads(path.read_text(encoding="utf-8"))
    stated = [key for key in _LIMITS if isinstance(content.get(key), int)]
    for key in stated:
        content[key] = max(content[key], window)
    if stated:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
