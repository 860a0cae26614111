"""Write an answer token by token. Works on token ids; knows nothing about text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal

import torch

from longsum.engine.lookup import Drafter, DraftLength, NgramIndex
from longsum.engine.prefill import Reader
from longsum.engine.sampling import Sampler

FinishReason = Literal["stop", "length", "loop", "words", "exhausted", "interrupted"]
"""Why an answer ended: end token, token limit, loop, enough words, no sentence left, or stopped by
the caller."""

ReadOne = Callable[[int], torch.Tensor]
"""Reads one more token and returns (vocab,) logits of the next."""
ReadSeveral = Callable[[Sequence[int]], torch.Tensor]
"""Reads a few tokens in one pass and returns (tokens, vocab) logits of the token after each."""

LOOP_PERIOD = 64
"""Maximum length (tokens) of a repeated passage that is recognized as a loop."""
LOOP_REPEATS = 4
"""Consecutive repetitions that make a loop; three can be rhetoric."""


def is_looping(token_ids: Sequence[int]) -> bool:
    """Return whether the sequence ends in one passage repeated over and over.

    A short passage must fill at least 24 tokens, so that `. . . .` is not a loop yet.
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
    drafts: Drafts | None = None,
    read_one: ReadOne | None = None,
    read_several: ReadSeveral | None = None,
) -> Iterator[int | FinishReason]:
    """Yield token ids, then the reason for the end.

    Args:
        reader: model that has already read the prompt.
        logits: (vocab,) logits of the first token.
        sampler: picks the tokens.
        max_new_tokens: maximum number of tokens to yield.
        stop_ids: tokens that end the answer; not yielded.
        drafts: draft tokens from the document, checked several at a time.
        read_one: faster `reader.read` of a single token.
        read_several: faster `reader.read_all`.
    """
    read_one = read_one or (lambda token_id: reader.read([token_id]))
    written: list[int] = []
    read_several = read_several or reader.read_all
    for token_id in _picks(reader, logits, sampler, drafts, read_one, read_several):
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


class Drafts:
    """Draft tokens of one answer, with an adaptive length.

    Args:
        index: n-gram index of the document.
    """

    def __init__(self, index: NgramIndex) -> None:
        self.drafter = Drafter(index)
        self.length = DraftLength()

    def take(self, token_id: int, budget: int) -> list[int]:
        """Take the newest token and return draft tokens that may follow, at most `budget`."""
        self.drafter.push(token_id)
        return self.drafter.draft(min(self.length.limit(), budget))


def _picks(
    reader: Reader,
    logits: torch.Tensor,
    sampler: Sampler,
    drafts: Drafts | None,
    read_one: ReadOne,
    read_several: ReadSeveral,
) -> Iterator[int]:
    """Yield the sampler's picks without end, each read by the model before the next.

    Draft tokens are read before they are picked, which saves a pass for each one accepted: the same
    picks from the same logits, in the same order, at any temperature.
    """
    token_id = sampler.pick(logits)
    while True:
        yield token_id
        held = reader.length
        draft = drafts.take(token_id, reader.cache.capacity - held - 1) if drafts else []
        if not (drafts and draft):
            token_id = sampler.pick(read_one(token_id))
            if drafts:
                drafts.length.wrote_plainly()
            continue
        rows = read_several([token_id, *draft])  # (1 + drafted, vocab)
        picks = [sampler.pick(rows[0])]
        for guess in draft:
            if picks[-1] != guess:
                break
            picks.append(sampler.pick(rows[len(picks)]))
        accepted = len(picks) - 1
        reader.rewind(held + 1 + accepted)
        drafts.length.checked(len(draft), accepted)
        for guess in picks[:-1]:
            yield guess
            drafts.drafter.push(guess)
        token_id = picks[-1]
