"""A document in a model's memory: read once, used for many answers."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from longsum.budget import apply_ranges
from longsum.config import DecodeConfig, LoadConfig, StoreConfig
from longsum.documents.document import Span
from longsum.events import Listener
from longsum.grounding.grounder import Grounder
from longsum.judge import Judge
from longsum.prepared import Prepared
from longsum.receipt import Receipt
from longsum.selection.head import SummaryHead, load_head, shipped_head
from longsum.selection.token_states import TokenStates

if TYPE_CHECKING:
    import torch

    from longsum.engine.choosing import TokenSequence
    from longsum.engine.engine import Engine
    from longsum.engine.llama import Llama
    from longsum.session_cache import StoredPrefix


@dataclass(frozen=True)
class AnswerStats:
    """Time, tokens and sentences of one answer."""

    seconds: float = 0.0
    tokens: int = 0
    """Tokens decoded for it."""
    finish_reason: str = "words"
    sentences: int = 0
    """Statements of a free answer, each looked for in the document."""
    sentences_supported: int = 0
    """Statements that were found."""
    sentences_revised: int = 0
    """Those that were written once more, because what was written first was not found."""
    sentences_left_out: int = 0
    """Statements left out because they were not found."""
    judged: int = 0
    """Passages of which the model judged how well they answer a question."""


class Reading:
    """A document as a model read it; answers are made from it.

    Args:
        prepared: the result of `prepare`.
        weights: the model in memory, in the plan's format.
        listener: receives the progress of reading.
        chunk_tokens: tokens read at once; None takes the plan's.
        stop_ids: tokens that end an answer; None takes the tokenizer's.
        cached: the cache entry of this document, restored if it exists; None reads the document.
        load_s: seconds that loading the weights took.
    """

    def __init__(
        self,
        prepared: Prepared,
        weights: Llama,
        listener: Listener,
        *,
        chunk_tokens: int | None = None,
        stop_ids: frozenset[int] | None = None,
        cached: StoredPrefix | None = None,
        load_s: float = 0.0,
    ) -> None:
        self.prepared, self.load_s = prepared, load_s
        self.tokenizer = prepared.model.tokenizer
        self.stop_ids = stop_ids or self.tokenizer.stop_ids(prepared.model.config)
        self.head = load_head(prepared.model.source.folder)
        self.summary_head: SummaryHead | None = self.head or shipped_head(
            prepared.model.checkpoint.fingerprint()
        )
        self.weights = weights
        """The model in memory, which a later document may be read with."""
        self.cached = cached
        self._chunk_tokens = chunk_tokens or prepared.plan.chunk_tokens
        self.engine, self._states = self._restored(listener) or self._read(listener)

    def _restored(self, listener: Listener) -> tuple[Engine, torch.Tensor | None] | None:
        """Return what an earlier run cached; None when the document has to be read now."""
        if self.cached is None:
            return None
        engine = self._empty_engine()
        if not self.cached.restore(engine, self.prepared.read_ids, listener):
            return None
        if self.summary_head is None:
            return engine, None
        states = self.cached.extra.get(self.summary_head.states_name)
        return None if states is None else (engine, states)

    def _read(self, listener: Listener) -> tuple[Engine, torch.Tensor | None]:
        """Have the model read the prompt up to the end of the document."""
        engine, ids = self._empty_engine(), self.prepared.read_ids
        before = len(self.prepared.prefix_ids)  # progress counts the document's tokens only

        def progress(done: int, total: int) -> None:
            listener.check()
            listener.prefill(max(0, done - before), total - before)

        if self.summary_head is None:
            engine.read(ids, progress)
            return engine, None
        from longsum.engine.hidden_states import recording

        with recording(self.weights, self.summary_head.projections) as recorder:
            engine.read(ids, progress)
        if self.cached is not None:
            self.cached.extra[self.summary_head.states_name] = recorder.states
        return engine, recorder.states

    def _empty_engine(self) -> Engine:
        """Return an engine that has read nothing."""
        from longsum.engine.engine import Engine  # imports torch: only when the run is certain

        return Engine(
            self.weights,
            capacity=self.prepared.tokens_held,
            chunk_tokens=self._chunk_tokens,
            kv_cache=self.prepared.plan.kv_cache,
        )

    def save(self, listener: Listener) -> None:
        """Cache what was read for later runs, if reading took long and there is a cache.

        Call it after an answer is shown, so that the user does not wait for the disk.
        """
        if self.cached is not None:
            self.cached.save(self.engine, listener)

    @property
    def prefix(self) -> str:
        """The prompt's text before the document."""
        return self.tokenizer.decode(self.prepared.prefix_ids)

    def write(
        self, suffix: str, decode: DecodeConfig, max_new_tokens: int, listener: Listener
    ) -> Generator[str, None, None]:
        """Yield the pieces of a free answer; close the generator to end it early.

        Args:
            suffix: the instruction after the document.
            decode: temperature, top-p, seed.
            max_new_tokens: limit of the answer.
            listener: its `check` may stop the answer between two tokens.
        """
        from longsum.engine.stream import TextStream

        stream = TextStream(self.tokenizer.decode)
        ids = self.tokenizer.encode_prompt(suffix)
        for token_id in self.engine.write(
            ids, decode, max_new_tokens=max_new_tokens, stop_ids=self.stop_ids
        ):
            listener.check()
            yield stream.push(token_id)
        yield stream.finish()

    def choose(
        self,
        suffix: str,
        choices: Sequence[TokenSequence],
        decode: DecodeConfig,
        listener: Listener,
    ) -> Iterator[int]:
        """Yield indices of chosen sentences, best first; close the iterator when there are enough.

        Args:
            suffix: the instruction after the document.
            choices: the candidates' tokens and weights.
            decode: temperature, top-p, seed.
            listener: its `check` may stop the choice between two sentences.
        """
        for number in self.engine.choose(self.tokenizer.encode_prompt(suffix), choices, decode):
            listener.check()
            yield number

    @property
    def judge(self) -> Judge:
        """The model that read the document, to judge passages of it, each by itself."""
        plan = replace(self.prepared.plan, chunk_tokens=self._chunk_tokens)
        return Judge(self.prepared.model, self.weights, plan)

    def tokens_after(self, suffix: str) -> int:
        """Return how many tokens are left for an answer after an instruction."""
        return self.engine.tokens_left_after(self.tokenizer.encode_prompt(suffix))

    @cached_property
    def token_states(self) -> TokenStates:
        """Hidden states of the document's tokens, projected for the selection head."""
        prepared = self.prepared
        assert self._states is not None, "the checkpoint has no selection head"
        starts = [start for start, _ in self.tokenizer.offsets(prepared.document.text)]
        read = self._states[len(prepared.prefix_ids) :].float().numpy()
        return TokenStates(read, np.array(apply_ranges(starts, prepared.kept)))

    @cached_property
    def grounder(self) -> Grounder:
        """The document's index for grounding, built for the first free answer."""
        return Grounder(self.prepared.document)

    def was_read(self, span: Span) -> bool:
        """Return whether the model read a span: always, unless a part was left out."""
        kept = self.prepared.kept_characters
        return any(start <= span.start and span.end <= end for start, end in kept)

    def answer_stats(self) -> AnswerStats:
        """Return time and tokens of the engine's last answer."""
        stats = self.engine.stats
        return AnswerStats(stats.decode_s, stats.decode_tokens, stats.finish_reason)

    def receipt(self, mode: str, answer: AnswerStats | None = None) -> Receipt:
        """Return the receipt of an answer; None takes the engine's last one."""
        from longsum.engine.engine import peak_memory_bytes

        answer = answer or self.answer_stats()
        prepared, stats = self.prepared, self.engine.stats
        model, plan, document = prepared.model, prepared.plan, prepared.document
        return Receipt(
            document=document.name,
            sha256=document.sha256,
            tokens_read=prepared.tokens_read,
            tokens_total=len(prepared.document_ids),
            extent=prepared.extent,
            truncate=prepared.truncated,
            model=model.source.name,
            revision=model.source.revision,
            window=model.rope.window,
            rope="PI" if model.rope.rope_type == "linear" else model.rope.rope_type,
            factor=model.rope.factor,
            quantize=plan.quantize,
            dtype=plan.dtype,
            kv_cache=plan.kv_dtype,
            device=plan.device,
            mode=mode,
            prompt_tokens=prepared.budget.prompt,
            answer_tokens=answer.tokens,
            load_s=self.load_s,
            prefill_s=stats.prefill_s,
            from_cache=stats.is_restored,
            decode_s=answer.seconds,
            prefill_tps=stats.prefill_tps,
            decode_tps=answer.tokens / answer.seconds if answer.seconds else 0.0,
            peak_memory_bytes=peak_memory_bytes(self.engine.device),
            finish_reason=answer.finish_reason,
            sentences=answer.sentences,
            sentences_supported=answer.sentences_supported,
            sentences_revised=answer.sentences_revised,
            sentences_left_out=answer.sentences_left_out,
        )


def open_reading(
    prepared: Prepared,
    load: LoadConfig,
    listener: Listener,
    *,
    weights: Llama | None = None,
    store: StoreConfig | None = None,
    chunk_tokens: int | None = None,
) -> Reading:
    """Load the weights and read the document.

    Args:
        prepared: the result of `prepare`.
        load: attention implementation, and whether the user chose the KV cache's format.
        listener: receives the progress of loading and reading.
        weights: the model, if already in memory in the plan's format; None loads it.
        store: limits of the cache of documents; None neither restores nor caches.
        chunk_tokens: tokens read at once, at most the plan's; None takes the plan's.

    Returns:
        The reading, from the cache if an earlier run left it there.
    """
    model, plan, load_s = prepared.model, prepared.plan, 0.0
    if weights is None:
        # torch and transformers take seconds to import: only when the run is known to fit
        from longsum.loading.weights import load_weights

        if plan.kv_cache != "native" and load.kv_cache == "auto":
            listener.notice(plan.kv_reason)
        listener.phase(f"loading {model.source.name}")
        started = time.perf_counter()
        weights = load_weights(model.checkpoint, plan, load, listener)
        load_s = time.perf_counter() - started
    cached = None
    if store is not None and store.size_bytes:
        from longsum.session_cache import stored_prefix

        cached = stored_prefix(prepared.document, prepared.read_ids, model, plan, load, store)
    return Reading(
        prepared,
        weights,
        listener,
        chunk_tokens=min(chunk_tokens or plan.chunk_tokens, plan.chunk_tokens),
        cached=cached,
        load_s=load_s,
    )
