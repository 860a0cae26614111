"""A model that has read a document and can be asked again and again.

Works on token ids; knows nothing about text. The document is read once; each answer reads its own
suffix after it and is dropped afterwards, so that the next question starts from the same cache.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from longsum.config import DecodeConfig, KVCache
from longsum.engine.cache import Fill
from longsum.engine.choosing import TokenSequence, choose_sequences
from longsum.engine.code_steps import CodeStepper
from longsum.engine.decode import Drafts, FinishReason, write
from longsum.engine.llama import Llama
from longsum.engine.lookup import NgramIndex
from longsum.engine.prefill import Progress, Reader
from longsum.engine.sampling import Sampler
from longsum.settings import Setting
from longsum.system_memory import memory_errors, peak_resident_bytes

if TYPE_CHECKING:
    from longsum.engine.graphs import Stepper


@dataclass(frozen=True)
class Stats:
    """Tokens and seconds of reading and answering; immutable, so later answers do not change it."""

    prefill_tokens: int = 0
    """Tokens of the prefix and the document."""
    prefill_s: float = 0.0
    """Seconds to read or restore them."""
    is_restored: bool = False
    """Whether they were restored from disk instead of read."""
    decode_tokens: int = 0
    """Tokens of the last answer."""
    decode_s: float = 0.0
    """Seconds for the last answer, including reading its instruction."""
    finish_reason: FinishReason = "stop"
    drafted_tokens: int = 0
    """Draft tokens that were checked for the last answer."""
    accepted_tokens: int = 0
    """Draft tokens that the model accepted."""

    @property
    def prefill_tps(self) -> float:
        """Tokens read per second; 0 if they were restored."""
        if self.is_restored or not self.prefill_s:
            return 0.0
        return self.prefill_tokens / self.prefill_s

    @property
    def decode_tps(self) -> float:
        """Tokens answered per second."""
        return self.decode_tokens / self.decode_s if self.decode_s else 0.0


NOTHING_DECODED = {"decode_tokens": 0, "drafted_tokens": 0, "accepted_tokens": 0}
"""Initial counters of an answer."""


def peak_memory_bytes(device: torch.device) -> int:
    """Return the peak memory in bytes: reserved on GPUs, resident in the process on a CPU."""
    if device.type == "cuda":
        return sum(torch.cuda.max_memory_reserved(i) for i in range(torch.cuda.device_count()))
    return peak_resident_bytes()


MEMORY_HINT = (
    f"close other programs, or add {Setting('kv_cache', 'int8')}, {Setting('quantize', 'nf4')} "
    f"or {Setting('context')}"
)
"""Next step when reading or answering runs out of memory."""


def wait_for(device: torch.device) -> None:
    """Wait until a device has finished its queued work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def single_reader(reader: Reader) -> Stepper | CodeStepper | None:
    """Return a faster way to read one or a few tokens: a GPU's graphs, a CPU's codes, or None."""
    if reader.model.codes is not None:
        return CodeStepper(reader, reader.model.codes)
    if reader.model.device.type != "cuda":
        return None
    from longsum.engine.graphs import Stepper

    return Stepper(reader)


class Engine:
    """Reads once, answers often.

    Args:
        model: a model in evaluation mode.
        capacity: maximum number of tokens held: document, prompt and the longest answer.
        chunk_tokens: maximum number of tokens per forward pass of the prefill.
        kv_cache: format of the key-value cache.
    """

    def __init__(
        self,
        model: Llama,
        *,
        capacity: int,
        chunk_tokens: int,
        kv_cache: KVCache = "native",
    ) -> None:
        self.reader = Reader(model, capacity, chunk_tokens, kv_cache)
        self.read_one = single_reader(self.reader)
        self.device = model.model.norm.weight.device  # of several devices, the last to finish
        self._stats = Stats()
        self.read_ids: list[int] = []
        """Token ids of the prefix and the document, from which answers are drafted."""
        self._index: NgramIndex | None = None

    @property
    def stats(self) -> Stats:
        """Statistics of reading and of the last answer so far."""
        return self._stats

    def _count(self, **counted: Any) -> None:
        """Replace some fields of the stats."""
        self._stats = replace(self._stats, **counted)

    def forget(self) -> None:
        """Forget what was read, and reset the stats."""
        self.reader.rewind(0)
        self.read_ids, self._stats = [], Stats()

    def read(self, token_ids: Sequence[int], progress: Progress | None = None) -> None:
        """Read the prefix and the document, after what was already read."""
        wait_for(self.device)
        started, held = time.perf_counter(), self.reader.length
        with memory_errors(MEMORY_HINT):
            self.reader.read(token_ids, progress)
            wait_for(self.device)
        self.read_ids[held:] = token_ids
        self._count(
            prefill_tokens=self.stats.prefill_tokens + len(token_ids),
            prefill_s=self.stats.prefill_s + time.perf_counter() - started,
        )

    def restore(self, token_ids: Sequence[int], fill: Fill) -> None:
        """Restore what an earlier process read; if `fill` raises, the cache is left empty.

        Args:
            token_ids: the tokens it read.
            fill: fills the cache's tensors.
        """
        wait_for(self.device)
        started = time.perf_counter()
        with memory_errors(MEMORY_HINT):
            self.reader.restore(len(token_ids), fill)
            wait_for(self.device)
        self.read_ids = list(token_ids)
        elapsed = time.perf_counter() - started
        self._count(prefill_tokens=len(token_ids), prefill_s=elapsed, is_restored=True)

    def tensors(self, length: int) -> dict[str, torch.Tensor]:
        """Return the cache's tensors for the first `length` tokens, for `restore`."""
        return self.reader.cache.tensors(length)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Time an answer, and drop it from the cache when it ends or is interrupted."""
        started, held = time.perf_counter(), self.reader.length
        self._count(**NOTHING_DECODED, finish_reason="interrupted")
        try:
            with memory_errors(MEMORY_HINT):
                yield
        finally:
            self._count(decode_s=time.perf_counter() - started)
            self.reader.rewind(held)

    def write(
        self,
        suffix_ids: Sequence[int],
        config: DecodeConfig,
        *,
        max_new_tokens: int,
        stop_ids: Collection[int],
    ) -> Iterator[int]:
        """Yield the tokens of a written answer; afterwards `stats` has the reason it ended.

        Args:
            suffix_ids: the instruction after the document.
            config: temperature, top-p, seed.
            max_new_tokens: maximum number of tokens of the answer.
            stop_ids: tokens that end it; not yielded.
        """
        with self._answering():
            logits = self.reader.read(suffix_ids)
            sampler = Sampler(config, logits.device)
            drafts = Drafts(self._lookup_index()) if config.lookup else None
            steps = write(
                self.reader,
                logits,
                sampler,
                max_new_tokens=max_new_tokens,
                stop_ids=stop_ids,
                drafts=drafts,
                read_one=self.read_one,
                read_several=self.read_one.several if self.read_one else None,
            )
            for step in steps:
                if drafts:
                    length = drafts.length
                    self._count(drafted_tokens=length.drafted, accepted_tokens=length.accepted)
                if isinstance(step, str):
                    self._count(finish_reason=step)
                    return
                self._count(decode_tokens=self.stats.decode_tokens + 1)
                yield step

    def _lookup_index(self) -> NgramIndex:
        """Return the index of what was read, built for the first answer that needs it."""
        if self._index is None or self._index.token_ids != self.read_ids:
            self._index = NgramIndex(self.read_ids)
        return self._index

    def choose(
        self, suffix_ids: Sequence[int], choices: Sequence[TokenSequence], config: DecodeConfig
    ) -> Iterator[int]:
        """Yield numbers of chosen sequences until the caller closes the iterator or none is left.

        It also ends when the longest sequence might no longer fit.

        Args:
            suffix_ids: the instruction after the document.
            choices: sequences to choose from.
            config: temperature, top-p, seed.
        """
        longest = max(len(choice.token_ids) for choice in choices)
        with self._answering():
            logits = self.reader.read(suffix_ids)
            sampler = Sampler(config, logits.device)
            chosen = choose_sequences(self.reader, logits, choices, sampler, self.read_one)
            while self.reader.length + longest <= self.reader.cache.capacity:
                number = next(chosen, None)
                if number is None:
                    self._count(finish_reason="exhausted")
                    return
                tokens = self.stats.decode_tokens + len(choices[number].token_ids)
                self._count(decode_tokens=tokens, finish_reason="words")
                yield number
            self._count(finish_reason="length")

    def tokens_left_after(self, suffix_ids: Sequence[int]) -> int:
        """Return how many tokens are left for an answer after an instruction."""
        return self.reader.cache.capacity - self.reader.length - len(suffix_ids)
