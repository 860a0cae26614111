"""Prepare the input of all contestants: weights as a plain checkpoint, and tokens."""

from __future__ import annotations

from pathlib import Path

from transformers import GenerationConfig

from longsum.config import LoadConfig
from longsum.events import Listener
from longsum.loading.loader import load_pretrained
from longsum.model.find import find_model, plan_for

QUESTION = "\n\nIn short, what does this document say?\n\n"


def plain_checkpoint(model: str, dtype: str, folder: Path) -> Path:
    """Write the weights as a plain checkpoint, as the bundled model's are packed.

    Args:
        model: the model as for longsum.
        dtype: dtype of the weights.
        folder: folder to write.
    """
    if (folder / "config.json").exists():
        return folder
    load = LoadConfig(model=model, device="cpu", dtype=dtype)
    found = find_model(load)
    weights = load_pretrained(found.checkpoint, plan_for(found, load, 512), listener=Listener())
    weights.generation_config = GenerationConfig()  # the loader removes it
    weights.save_pretrained(folder)
    return folder


def tokens_of(model: str, text: str, count: int) -> tuple[list[int], list[int]]:
    """Return the first `count` tokens of a text, and those of a question after it.

    Args:
        model: the model whose tokenizer is used.
        text: the document.
        count: number of tokens.

    Raises:
        SystemExit: the text is shorter.
    """
    tokenizer = find_model(LoadConfig(model=model)).tokenizer
    ids = tokenizer.with_beginning("", [])
    ids = [*ids, *tokenizer.encode_document(text)][:count]
    if len(ids) < count:
        raise SystemExit(f"the document has {len(ids):,} tokens, fewer than {count:,}")
    return list(ids), list(tokenizer.encode_prompt(QUESTION))
