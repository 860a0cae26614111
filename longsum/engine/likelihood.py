"""How likely a text is after another, by the model. Token ids only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from longsum.config import KVCache
from longsum.engine.llama import Llama
from longsum.engine.prefill import Reader


def log_likelihoods(
    model: Llama,
    prompts: Sequence[Sequence[int]],
    continuation: Sequence[int],
    *,
    chunk_tokens: int,
    check: Callable[[], None],
    kv_cache: KVCache = "native",
) -> list[float]:
    """Return the log-likelihood of a continuation after each prompt.

    Args:
        model: a model in evaluation mode.
        prompts: token ids, at least one each.
        continuation: token ids, at least one.
        chunk_tokens: maximum number of tokens per forward pass.
        check: called before each prompt; may raise to stop.
        kv_cache: format of the key-value cache.

    Returns:
        Sums of natural logarithms, one per prompt.
    """
    longest = max(map(len, prompts), default=0)
    reader = Reader(model, longest + len(continuation), chunk_tokens, kv_cache)
    targets = torch.tensor(list(continuation), device=model.device)[:, None]
    found = []
    for prompt in prompts:
        check()
        reader.rewind(0)
        logits = reader.read(prompt)[None]
        if len(continuation) > 1:
            logits = torch.cat([logits, reader.read_all(continuation[:-1])])
        chosen = logits.float().log_softmax(-1).gather(1, targets)
        found.append(float(chosen.sum()))
    return found
