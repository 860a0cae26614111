"""Write an answer token by token. Works on token ids; knows nothing about text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import torch

from longsum.engine.prefill import Reader
from longsum.engine.sampling import Sampler

FinishReason = Literal["stop", "length", "loop", "words", "exhausted", "interrupted"]
"""Why an answer ended: its end token, the token limit, a loop, enough words, or no sentence
left."""

LOOP_PERIOD = 64
"""Longest repeated passage (tokens) that is recognized as a loop."""
LOOP_REPEATS = 4
"""Times it must stand in a row; three can be rhetoric, four is a loop."""


def is_looping(token_ids: Sequence[int]) -> bool:
    """Tell whether the sequence ends in one passage repeated over and over.

    A short passage must repeat until it fills at least 24 tokens, so that `. . . .` is no loop yet.
    """
    for period in range(1, LOOP_PERIOD + 1):
        repeats = max(LOOP_REPEATS, 24 // period)
        if len(token_ids) < period * repeats:
            continue
        tail = token_ids[-period * repeats :]
        if all(tail[i] == tail[i + period] for i in range(len(tail) - period)):
            return True
    return False


def write(
    reader: Reader,
    logits: torch.Tensor,
    sampler: Sampler,
    *,
    max_new_tokens: int,
    stop_ids: Collection[int],
) -> Iterator[int | FinishReason]:
    """Yield token ids, then the reason for the end.

    Args:
        reader: the model with the prompt already read.
        logits: (vocab,), the model's for the first token.
        sampler: picks the tokens.
        max_new_tokens: most tokens to yield.
        stop_ids: tokens that end the answer; not yielded.
    """
    written: list[int] = []
    while True:
        token_id = sampler.pick(logits)
        if token_id in stop_ids:
            yield "stop"
            return
        written.append(token_id)
        yield token_id
        if len(written) == max_new_tokens:
            yield "length"
            return
        if is_looping(written):
            yield "loop"
            return
        logits = reader.read([token_id])
