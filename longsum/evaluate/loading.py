"""Load a model for an evaluation, also with a position scheme its weights were not tuned for.

As for every command, a model that does not fit the machine is refused before it is loaded.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.checkpoint.rope import Rope
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.config import KVCache, LoadConfig
from longsum.errors import InsufficientMemory, UsageError, WindowNotTuned
from longsum.events import Listener
from longsum.extend.position import Position, extended_rope
from longsum.model.find import Model, find_model, plan_for
from longsum.model.memory import CHUNKS, require_fit
from longsum.settings import Setting, settings_in
from longsum.system_memory import resident_bytes

if TYPE_CHECKING:
    from longsum.engine.llama import Llama


@dataclass(frozen=True)
class Opened:
    """A model ready to be measured; for one already in memory, the first four fields suffice."""

    model: Llama
    tokenizer: Tokenizer
    rope: Rope
    """Rotary embedding in use."""
    label: str
    """Name in tables."""
    identity: str = ""
    """Hash that distinguishes two states of a model in a journal; empty for one in memory."""
    chunk_tokens: int = CHUNKS[0]
    """Maximum tokens of a forward pass."""
    kv_cache: KVCache = "native"
    """Format of cached keys and values."""
    stop_ids: frozenset[int] = frozenset()
    """Tokens that end an answer."""
    load_s: float = 0.0
    resident_before: int = 0
    """Resident memory of this process before the weights were loaded, in bytes."""
    machine: dict[str, Any] = field(default_factory=dict)
    """Device, name, dtype and quantization, for the report."""

    @property
    def unit(self) -> str:
        """The model's part of the names of a journal's units."""
        return f"{self.label} {self.identity}".strip()


def find_for_evaluation(
    load: LoadConfig, *, position: Position | None = None, context: int | None = None
) -> Model:
    """Find a model and set its window or position scheme; loads no weights.

    Args:
        load: model, device, quantization.
        position: a scheme the weights were not tuned for; None takes the checkpoint's own.
        context: window in tokens: of that scheme, or one that the checkpoint, or the window adapter
            made for it, was tuned for; None takes the checkpoint's own.

    Raises:
        UsageError: when a scheme has no window.
        WindowNotTuned: when neither weights nor adapter were tuned for the window.
        ModelUnavailable: when the model is missing or not supported.
    """
    if position is not None and context is None:
        raise UsageError(
            f"{Setting('position')} needs {Setting('context')}, the window it is for",
            hint=f"{Setting('position', 'pi')} {Setting('context', '8192')} interpolates untuned "
            "weights to 8,192 tokens",
        )
    try:
        model = find_model(replace(load, context=None if position else context))
    except WindowNotTuned as error:  # its hint to insist is a document's; here a scheme is chosen
        hint = f"{Setting('position', 'pi')} measures what interpolation does without tuning"
        raise WindowNotTuned(error.message, hint=hint, facts=error.facts) from None
    if position is not None and context is not None:
        rope = extended_rope(model.rope, context, position, model.shape.head_dim)
        model = replace(model, checkpoint=model.checkpoint.with_rope(rope))
    return model


def open_model(
    load: LoadConfig,
    *,
    tokens: int,
    listener: Listener,
    position: Position | None = None,
    context: int | None = None,
    model: Model | None = None,
    label: str | None = None,
) -> Opened:
    """Load a model for an evaluation.

    Args:
        load: model, device, quantization.
        tokens: maximum tokens in its cache at once, for which memory is planned.
        listener: notified of quantized weights that are cached, or damaged.
        position: a scheme the weights were not tuned for; None takes the checkpoint's own.
        context: window in tokens, as in `find_for_evaluation`.
        model: result of `find_for_evaluation` with the same arguments; None finds it.
        label: name in tables; None takes the model's name.

    Raises:
        ModelUnavailable: when the model is missing or not supported.
        InsufficientMemory: when it does not fit.
    """
    model = model or find_for_evaluation(load, position=position, context=context)
    # at least a chunk, so that several small windows can be read at once
    plan = plan_for(model, load, max(tokens, CHUNKS[0]))
    try:
        require_fit(plan)
    except InsufficientMemory as error:  # its remedies apply to one document
        names = ("quantize", "kv_cache")
        fitting = [each for each in plan.remedies if settings_in(each)[0].name in names]
        more = "".join(f"add {each}, or " for each in fitting)
        hint = f"{more}measure fewer tokens, or use a larger machine"
        message = f"{model.source.name} {error.rendered(str)[0]}"
        raise InsufficientMemory(message, hint=hint, facts=error.facts) from None
    # importing torch and transformers takes seconds, so the memory is checked first
    from longsum.loading.weights import load_weights

    resident, started = resident_bytes(), time.perf_counter()
    weights = load_weights(model.checkpoint, plan, load, listener)
    return Opened(
        model=weights,
        tokenizer=model.tokenizer,
        rope=model.rope,
        label=label or model.source.name,
        identity=identity_of(model, plan.dtype, plan.quantize, plan.kv_cache),
        chunk_tokens=plan.chunk_tokens,
        kv_cache=plan.kv_cache,
        stop_ids=model.tokenizer.stop_ids(model.config),
        load_s=time.perf_counter() - started,
        resident_before=resident,
        machine={
            "device": plan.device,
            "name": model.machine.name,
            "dtype": plan.dtype,
            "quantize": plan.quantize,
            "kv_cache": plan.kv_dtype,
        },
    )


def identity_of(model: Model, dtype: str, quantize: str, kv_cache: KVCache = "native") -> str:
    """Return a short hash of everything that affects a model's numbers.

    Args:
        model: its checkpoint and rotary embedding.
        dtype: compute dtype.
        quantize: format of the weights.
        kv_cache: format of cached keys and values.
    """
    rope = repr(sorted(model.rope.parameters.items(), key=str))
    parts = [model.checkpoint.identity(), rope, dtype, quantize, kv_cache]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def labels_for(names: list[str]) -> list[str]:
    """Return each model's label: a folder's name, or its path where two have the same name."""
    short = [Path(name).name if Path(name).is_dir() else name for name in names]
    pairs = zip(names, short, strict=True)
    return [name if short.count(label) > 1 else label for name, label in pairs]


@contextmanager
def evaluating(model: Llama) -> Iterator[None]:
    """Put a model into evaluation mode, and restore its mode afterwards."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
