"""One document opened with one model: counted, planned, read once, answered from often.

`prepare` does everything that needs no weights, so that a run that cannot work is refused within
seconds; `Session` then loads the weights and reads the document.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from longsum.budget import Budget, apply_ranges, kept_ranges
from longsum.checkpoint.chat_formats import Wrap
from longsum.config import DecodeConfig, LoadConfig, StoreConfig, Truncate
from longsum.documents.document import Document, Span
from longsum.documents.extent import Extent, extent_of, kept_characters
from longsum.errors import UsageError
from longsum.events import Listener
from longsum.fitting import require_room
from longsum.grounding.grounder import Grounder
from longsum.model.find import Model, find_model, plan_for
from longsum.model.memory import MemoryPlan, require_fit
from longsum.model.resolve import ModelSource
from longsum.prompting.prompt import Prompt
from longsum.receipt import Receipt
from longsum.selection.head import load_head
from longsum.selection.token_states import TokenStates

if TYPE_CHECKING:
    from longsum.engine.choosing import Choice
    from longsum.engine.engine import Engine
    from longsum.engine.llama import AnyLlama
    from longsum.session_cache import StoredPrefix

MakePrompts = Callable[[ModelSource, Wrap], Sequence[Prompt]]
"""Renders a task's prompts for a model and its chat format; they differ behind the document."""
AnswerTokens = Callable[[ModelSource], int]
"""From a model to the tokens that an answer of its may take."""


@dataclass(frozen=True)
class Prepared:
    """Everything known before the weights are loaded."""

    document: Document
    model: Model
    prefix_ids: tuple[int, ...]
    document_ids: tuple[int, ...]
    """All of the document's."""
    kept: tuple[tuple[int, int], ...]
    """Ranges of `document_ids` that are read; all of them unless the user let a part go."""
    budget: Budget
    plan: MemoryPlan
    truncated: Truncate | None = None

    @property
    def tokens_read(self) -> int:
        """Tokens of the document that the model reads."""
        return sum(end - start for start, end in self.kept)

    @cached_property
    def kept_characters(self) -> list[tuple[int, int]]:
        """Character ranges of the document that the model reads."""
        text = self.document.text
        if self.truncated is None:
            return [(0, len(text))]
        return kept_characters(self.model.tokenizer.offsets(text), self.kept, len(text))

    @cached_property
    def extent(self) -> Extent:
        """Pages or lines that the model reads, and those left out."""
        return extent_of(self.document, self.kept_characters)


def prepare(
    document: Document,
    make_prompts: MakePrompts,
    answer_tokens: AnswerTokens,
    load: LoadConfig,
    *,
    truncate: Truncate | None = None,
    check: bool = True,
    model: Model | None = None,
) -> Prepared:
    """Count and plan; loads no weights.

    Args:
        document: what will be read.
        make_prompts: renders the task's prompts; room is kept for the longest.
        answer_tokens: from a model to what is reserved for the longest answer.
        load: model, window, quantization, device.
        truncate: part to leave out of a document that is too long.
        check: refuse what does not fit; `longsum plan` shows it instead.
        model: found already.

    Raises:
        DocumentTooLong: when it does not fit the window.
        InsufficientMemory: when it does not fit the machine.
        ModelUnavailable: when the model cannot be used.
        UsageError: when nothing follows the document in the prompt, or the prompts differ before.
    """
    model = model or find_model(load)
    tokenizer = model.tokenizer
    wrap = tokenizer.wrap(model.source.known)
    prompts = make_prompts(model.source, wrap)
    prompt = prompts[0]
    if any(each.prefix != prompt.prefix for each in prompts):
        raise UsageError(
            "the prompts differ in front of the document, which is read once",
            hint="put what is asked behind {{ document }} in your template",
        )
    prefix_ids = tokenizer.with_beginning(prompt.prefix, tokenizer.encode_prompt(prompt.prefix))
    suffix_tokens = [len(tokenizer.encode_prompt(each.suffix)) for each in prompts]
    if not all(suffix_tokens):
        raise UsageError(
            "nothing follows the document in the prompt",
            hint="write the instruction behind {{ document }}",
        )
    document_ids = tokenizer.encode_document(prompt.document)
    prompt_tokens = len(prefix_ids) + max(suffix_tokens)
    reserved = answer_tokens(model.source)
    budget = Budget(len(document_ids), prompt_tokens, reserved, model.rope.window)
    kept = [(0, len(document_ids))]
    cut = None
    if not budget.fits and truncate and budget.room > 0:
        kept, cut = kept_ranges(len(document_ids), budget.room, truncate), truncate
    elif check:
        require_room(document, model, budget)
    held = sum(end - start for start, end in kept) + prompt_tokens + reserved
    plan = plan_for(model, load, held)
    if check:
        require_fit(plan, limited=load.memory_bytes is not None)
    return Prepared(
        document, model, tuple(prefix_ids), tuple(document_ids), tuple(kept), budget, plan, cut
    )


class Session:
    """A document in a model's memory.

    Args:
        prepared: what `prepare` found to fit.
        load: for the attention backend.
        listener: hears how loading and reading go.
        weights: in memory already, as the plan holds them; None loads them.
        store: for what was read by earlier runs and is kept for later ones; None has neither.
    """

    stored: StoredPrefix | None = None

    def __init__(
        self,
        prepared: Prepared,
        load: LoadConfig,
        listener: Listener,
        *,
        weights: AnyLlama | None = None,
        store: StoreConfig | None = None,
    ) -> None:
        # torch and transformers take seconds to import: only now, when the run is known to fit
        from longsum.loading.loader import load_model
        from longsum.loading.quantized_cache import weights_config

        self.prepared = prepared
        model, plan = prepared.model, prepared.plan
        self.load_s = 0.0
        if weights is None:
            if plan.kv_cache != "native" and load.kv_cache == "auto":
                listener.notice(plan.kv_reason)
            listener.phase(f"loading {model.source.name}")
            started = time.perf_counter()
            weights = load_model(
                model.checkpoint,
                plan,
                listener=listener,
                attention=load.attention,
                weights=weights_config(plan.quantize),
            )
            self.load_s = time.perf_counter() - started
        self.tokenizer = model.tokenizer
        self.stop_ids = self.tokenizer.stop_ids(model.config)
        if store is not None and store.size_bytes:
            from longsum.session_cache import stored_prefix

            self.stored = stored_prefix(
                prepared.document.name, self._read_ids(), model, plan, load, store
            )
        self._read(weights, plan.chunk_tokens, listener)

    def _read(self, weights: AnyLlama, chunk_tokens: int, listener: Listener) -> None:
        """Have the model read the prompt up to the end of the document, unless it did before."""
        from longsum.engine.engine import Engine

        prepared = self.prepared
        capacity = prepared.tokens_read + prepared.budget.prompt + prepared.budget.answer

        def engine() -> Engine:
            return Engine(
                weights,
                capacity=capacity,
                chunk_tokens=chunk_tokens,
                kv_cache=prepared.plan.kv_cache,
            )

        self.engine = engine()
        self.head = load_head(prepared.model.source.folder)
        ids = self._read_ids()
        if self.stored is not None and self.stored.restore(self.engine, ids, listener):
            if self.head is None:
                return
            if (states := self.stored.extra.get(self.head.states_name)) is not None:
                self._states = states
                return
            self.engine = engine()
        before = len(prepared.prefix_ids)  # the progress tells of the document alone

        def progress(done: int, total: int) -> None:
            listener.prefill(max(0, done - before), total - before)

        if self.head is None:
            self.engine.read(ids, progress)
            return
        from longsum.engine.hidden_states import recording

        with recording(weights, self.head.projection) as recorder:
            self.engine.read(ids, progress)
        self._states = recorder.states
        if self.stored is not None:
            self.stored.extra[self.head.states_name] = self._states

    def _read_ids(self) -> list[int]:
        """Return all tokens up to the end of the document, those left out not among them."""
        prepared = self.prepared
        kept = apply_ranges(prepared.document_ids, prepared.kept)
        return [*prepared.prefix_ids, *kept]

    def keep(self, listener: Listener) -> None:
        """Keep what was read for later runs, if it took long and the store is on.

        Call it once an answer is out: nobody should wait for the disk.
        """
        if self.stored is not None:
            self.stored.keep(self.engine, listener)

    @property
    def prefix(self) -> str:
        """The prompt's words before the document."""
        return self.tokenizer.decode(self.prepared.prefix_ids)

    def write(self, suffix: str, decode: DecodeConfig, max_new_tokens: int) -> Iterator[str]:
        """Yield the pieces of a free answer.

        Args:
            suffix: the instruction behind the document.
            decode: temperature, top-p, seed.
            max_new_tokens: most tokens of the answer.
        """
        from longsum.engine.stream import TextStream

        stream = TextStream(self.tokenizer.decode)
        ids = self.tokenizer.encode_prompt(suffix)
        for token_id in self.engine.write(
            ids, decode, max_new_tokens=max_new_tokens, stop_ids=self.stop_ids
        ):
            yield stream.push(token_id)
        yield stream.finish()

    def choose(self, suffix: str, choices: Sequence[Choice], decode: DecodeConfig) -> Iterator[int]:
        """Yield numbers of chosen sentences; close the iterator when there are enough."""
        ids = self.tokenizer.encode_prompt(suffix)
        yield from self.engine.choose(ids, choices, decode)

    def room_behind(self, suffix: str) -> int:
        """Return how many tokens an answer may have behind an instruction."""
        return self.engine.room_behind(self.tokenizer.encode_prompt(suffix))

    @cached_property
    def token_states(self) -> TokenStates:
        """What the model made of the document's tokens, for the selection head."""
        prepared = self.prepared
        starts = [start for start, _ in self.tokenizer.offsets(prepared.document.text)]
        read = self._states[len(prepared.prefix_ids) :].float().numpy()
        return TokenStates(read, np.array(apply_ranges(starts, prepared.kept)))

    @cached_property
    def grounder(self) -> Grounder:
        """The document's index, built for the first free answer and kept for the next."""
        return Grounder(self.prepared.document)

    def was_read(self, span: Span) -> bool:
        """Tell whether a span's text reached the model: always, unless a part was left out."""
        kept = self.prepared.kept_characters
        return any(start <= span.start and span.end <= end for start, end in kept)

    def receipt(self, mode: str) -> Receipt:
        """Return the account of the last answer."""
        from longsum.engine.engine import peak_memory_bytes

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
            answer_tokens=stats.decode_tokens,
            load_s=self.load_s,
            prefill_s=stats.prefill_s,
            from_cache=stats.is_restored,
            decode_s=stats.decode_s,
            prefill_tps=stats.prefill_tps,
            decode_tps=stats.decode_tps,
            peak_memory_bytes=peak_memory_bytes(self.engine.device),
            finish_reason=stats.finish_reason,
        )
