"""What all contestants share: the same weights as a plain checkpoint, the same tokens."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from longsum.config import LoadConfig
from longsum.events import Listener
from longsum.loading.loader import load_pretrained
from longsum.model.find import find_model, plan_for
from longsum.model.resolve import MINI_FOLDER

QUESTION = "\n\nIn short, what does this document say?\n\n"
SHAPES = {
    "llama-2-7b": {"rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 8}},
    "llama-3.1-8b": {
        "vocab_size": 128_256,
        "intermediate_size": 14_336,
        "num_key_value_heads": 8,
        "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0},
    },
}
"""What differs from LLaMA-2-7B, whose numbers are `LlamaConfig`'s defaults."""


def random_checkpoint(shape: str, folder: Path) -> Path:
    """Write random bfloat16 weights of a known shape: good for speed, for nothing else."""
    if (folder / "config.json").exists():
        return folder
    config = LlamaConfig(**{"max_position_embeddings": 32_768} | SHAPES[shape])
    torch.manual_seed(0)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        model = LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(default)
    model.save_pretrained(folder)

    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((MINI_FOLDER / name).read_bytes())
    return folder


def plain_checkpoint(model: str, dtype: str, folder: Path) -> Path:
    """Write the weights as any program can load them; the bundled model's are packed."""
    if (folder / "config.json").exists():
        return folder
    load = LoadConfig(model=model, device="cpu", dtype=dtype)
    found = find_model(load)
    weights = load_pretrained(found.checkpoint, plan_for(found, load, 512), listener=Listener())
    weights.generation_config = GenerationConfig()  # the loader takes it off
    weights.save_pretrained(folder)
    return folder


def tokens_of(model: str, text: str, count: int) -> tuple[list[int], list[int]]:
    """Return the first `count` tokens of a text, and a question behind it.

    Raises:
        SystemExit: when the text is shorter.
    """
    tokenizer = find_model(LoadConfig(model=model)).tokenizer
    ids = tokenizer.with_beginning("", [])
    ids = [*ids, *tokenizer.encode_document(text)][:count]
    if len(ids) < count:
        raise SystemExit(f"the document has {len(ids):,} tokens, fewer than {count:,}")
    return list(ids), list(tokenizer.encode_prompt(QUESTION))
