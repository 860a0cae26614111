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
        found.append(float(chances_of(reader, prompt, continuation[:-1]).gather(1, targets).sum()))
    return found


def chances_of(reader: Reader, prompt: Sequence[int], continuation: Sequence[int]) -> torch.Tensor:
    """Return how likely each token is next, after a prompt and after each token that continues it.

    Args:
        reader: the model, which reads both.
        prompt: token ids, at least one.
        continuation: token ids; few, as they are read at once.

    Returns:
        (1 + continuation, vocab) natural logarithms.
    """
    logits = reader.read(prompt)[None]
    if continuation:
        logits = torch.cat([logits, reader.read_all(continuation)])
    return logits.float().log_softmax(-1)
