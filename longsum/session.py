"""One document opened with one model: counted, planned, read once, answered from often.

`prepare` does everything that needs no weights, so that a run that cannot work is refused within
seconds; `Session` then loads the weights and reads the document.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.budget import Budget, apply_ranges, kept_ranges, require_room
from longsum.config import DecodeConfig, LoadConfig, Truncate
from longsum.documents.document import Document, Span
from longsum.errors import ModelNotFound, UsageError
from longsum.events import Listener
from longsum.model.catalog import find_known
from longsum.model.checkpoint import ModelShape, quantized_on_disk, read_config, read_shape
from longsum.model.hardware import Machine, detect_machine, other_machine
from longsum.model.memory import MemoryPlan, plan_memory, require_fit
from longsum.model.resolve import MINI_FOLDER, ModelSource, resolve_model, set_offline
from longsum.model.rope import Rope, read_rope, rope_for_context
from longsum.model.tokenizer import Tokenizer, load_tokenizer
from longsum.prompt import Prompt, Wrap
from longsum.receipt import Receipt

if TYPE_CHECKING:
    from longsum.engine.engine import Engine
    from longsum.engine.verbatim import Choice

MakePrompts = Callable[[ModelSource, Wrap], Sequence[Prompt]]
"""Renders a task's prompts for a model and its chat format; they differ behind the document."""


@dataclass(frozen=True)
class Model:
    """A checkpoint that is understood but not loaded."""

    source: ModelSource
    config: dict[str, Any]
    shape: ModelShape
    rope: Rope
    tuned_window: int
    """Tokens; larger than the rope's window when a smaller one was asked for."""
    tokenizer: Tokenizer
    machine: Machine
    estimated: bool = False
    """Known from the catalogue alone; its tokens are counted with another tokenizer."""


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


def find_model(load: LoadConfig, machine: Machine | None = None) -> Model:
    """Find a checkpoint and read what can be read without its weights.

    Args:
        load: model, window, device.
        machine: plan for this one instead of the one at hand.

    Raises:
        ModelUnavailable: when it is missing or not one we can run.
        UsageError: when the device is not there.
    """
    if load.offline:
        set_offline()
    machine = machine or detect_machine(load.device, load.dtype)
    source = resolve_model(
        load.model,
        revision=load.revision,
        download=load.download,
        cuda=machine.device == "cuda",
    )
    config = read_config(source.folder)
    shape = read_shape(config)
    own = read_rope(config, known_window=source.known.window if source.known else None)
    rope = rope_for_context(own, load.context, force=load.force_context)
    tokenizer = load_tokenizer(source.folder)
    return Model(source, config, shape, rope, own.window, tokenizer, machine)


def find_model_for_plan(load: LoadConfig) -> Model:
    """Find what is needed for a plan: for a model that is not on this disk, its catalogue entry.

    Its tokens are then counted with the bundled model's tokenizer, whose small vocabulary takes
    more tokens than others: an estimate on the safe side. With `--memory`, the device may be
    another machine's.

    Raises:
        ModelUnavailable: when it is neither here nor in the catalogue.
        UsageError: when the device is not known.
    """
    machine = None
    if load.memory_bytes and load.device != "auto":
        machine = other_machine(load.device, load.dtype, load.memory_bytes)
    try:
        return find_model(load, machine)
    except ModelNotFound:
        known = find_known(load.model or "")
        if known is None:
            raise
    rope_type, _, factor = known.scaling.partition(" ")
    own = Rope(
        rope_type,
        float(factor or 1),
        known.native_window,
        known.window,
        rope_theta=0.0,  # the catalogue does not say
        parameters={},
        reason=f"{known.scaling} from the catalogue; {known.alias} is not on this disk",
    )
    source = ModelSource(known.alias, Path(known.repo), known=known)
    rope = rope_for_context(own, load.context, force=load.force_context)
    machine = machine or detect_machine(load.device, load.dtype)
    tokenizer = load_tokenizer(MINI_FOLDER)
    return Model(source, {}, known.shape, rope, own.window, tokenizer, machine, estimated=True)


def plan_for(model: Model, load: LoadConfig, tokens: int) -> MemoryPlan:
    """Plan the memory of a run that holds `tokens` tokens in all."""
    return plan_memory(
        model.shape,
        tokens=tokens,
        device=model.machine.device,
        dtype=model.machine.dtype,
        free_bytes=load.memory_bytes or model.machine.free_bytes,
        quantize=load.quantize,
        on_disk_quantization=quantized_on_disk(model.config),
        devices=model.machine.devices,
    )


def prepare(
    document: Document,
    make_prompts: MakePrompts,
    answer_tokens: int,
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
        answer_tokens: reserved for the longest answer.
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
    wrap, _ = tokenizer.wrap(model.source.known)
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
    budget = Budget(len(document_ids), prompt_tokens, answer_tokens, model.rope.window)
    kept = [(0, len(document_ids))]
    cut = None
    if not budget.fits and truncate and budget.room > 0:
        kept, cut = kept_ranges(len(document_ids), budget.room, truncate), truncate
    elif check:
        require_room(budget, model.tuned_window)
    held = sum(end - start for start, end in kept) + prompt_tokens + answer_tokens
    plan = plan_for(model, load, held)
    if check:
        require_fit(plan)
    return Prepared(
        document, model, tuple(prefix_ids), tuple(document_ids), tuple(kept), budget, plan, cut
    )


class Session:
    """A document in a model's memory.

    Args:
        prepared: what `prepare` found to fit.
        load: for the attention backend.
        listener: hears how loading and reading go.
    """

    def __init__(self, prepared: Prepared, load: LoadConfig, listener: Listener) -> None:
        # torch and transformers take seconds to import: only now, when the run is known to fit
        from longsum.engine.engine import Engine
        from longsum.model.loader import load_model

        self.prepared = prepared
        model, plan = prepared.model, prepared.plan
        listener.phase(f"loading {model.source.name}")
        started = time.perf_counter()
        weights = load_model(
            model.source.folder, model.config, model.rope, plan, attention=load.attention
        )
        self.load_s = time.perf_counter() - started
        capacity = prepared.tokens_read + prepared.budget.prompt + prepared.budget.answer
        self.engine: Engine = Engine(weights, capacity=capacity, chunk_tokens=plan.chunk_tokens)
        self.tokenizer = model.tokenizer
        self.stop_ids = self.tokenizer.stop_ids(model.config)
        ids = apply_ranges(prepared.document_ids, prepared.kept)
        before = len(prepared.prefix_ids)  # the progress tells of the document alone
        self.engine.read(
            [*prepared.prefix_ids, *ids],
            lambda done, total: listener.prefill(max(0, done - before), total - before),
        )

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

    def was_read(self, span: Span) -> bool:
        """Tell whether a span's text reached the model: always, unless a part was left out."""
        return any(start <= span.start and span.end <= end for start, end in self._kept_characters)

    @cached_property
    def _kept_characters(self) -> list[tuple[int, int]]:
        """Character ranges of the document that the model read."""
        prepared = self.prepared
        text = prepared.document.text
        if prepared.truncated is None:
            return [(0, len(text))]
        offsets = self.tokenizer.offsets(text)
        return [(offsets[start][0], offsets[end - 1][1]) for start, end in prepared.kept]

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
            pages_read=len(document.pages),
            pages_total=document.total_pages,
            truncated=prepared.truncated,
            model=model.source.name,
            revision=model.source.revision,
            window=model.rope.window,
            rope="PI" if model.rope.rope_type == "linear" else model.rope.rope_type,
            factor=model.rope.factor,
            quantize=plan.quantize,
            dtype=plan.dtype,
            device=plan.device,
            mode=mode,
            prompt_tokens=prepared.budget.prompt,
            answer_tokens=stats.decode_tokens,
            load_s=self.load_s,
            prefill_s=stats.prefill_s,
            decode_s=stats.decode_s,
            prefill_tps=stats.prefill_tps,
            decode_tps=stats.decode_tps,
            peak_memory_bytes=peak_memory_bytes(self.engine.device),
            finish_reason=stats.finish_reason,
        )
