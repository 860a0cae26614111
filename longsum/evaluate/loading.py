"""Load a model to be measured, also under another position scheme than its weights were tuned for.

The plan decides as for every command: what does not fit the machine is refused before it loads.
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
from longsum.errors import InsufficientMemory, UsageError
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
    """A model ready to be measured; one that is in memory already is described by four fields."""

    model: Llama
    tokenizer: Tokenizer
    rope: Rope
    """The one in use."""
    label: str
    """What to call it in a table."""
    identity: str = ""
    """Tells two states of a model apart in a journal; empty for one in memory."""
    chunk_tokens: int = CHUNKS[0]
    """Most tokens of a forward pass."""
    kv_cache: KVCache = "native"
    """How keys and values are held."""
    stop_ids: frozenset[int] = frozenset()
    """Tokens that end an answer."""
    load_s: float = 0.0
    resident_before: int = 0
    """Bytes this process held before the weights were loaded."""
    machine: dict[str, Any] = field(default_factory=dict)
    """For the report: device, name, dtype, quantization."""

    @property
    def unit(self) -> str:
        """Return the model's part of the names of a journal's units."""
        return f"{self.label} {self.identity}".strip()


def find_for_evaluation(
    load: LoadConfig, *, position: Position | None = None, context: int | None = None
) -> Model:
    """Find a model, with the positions it is to be measured with; loads no weights.

    Args:
        load: model, device, quantization.
        position: a scheme the weights were not tuned for; None leaves the checkpoint's own.
        context: window (tokens) of that scheme.

    Raises:
        UsageError: when only one of `position` and `context` is given.
        ModelUnavailable: when it is missing or not one we can run.
    """
    if (position is None) != (context is None):
        raise UsageError(
            f"{Setting('position')} and {Setting('context')} go together: the scheme, and the "
            "window it is for",
            hint=f"{Setting('position', 'pi')} {Setting('context', '8192')} interpolates untuned "
            "weights to 8,192 tokens",
        )
    model = find_model(replace(load, context=None))
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
        tokens: most tokens it will hold at once; the memory plan is made for them.
        listener: hears of quantized weights that are kept, or damaged.
        position: a scheme the weights were not tuned for; None leaves the checkpoint's own.
        context: window (tokens) of that scheme.
        model: found already by `find_for_evaluation` with the same arguments.
        label: what to call it; None takes the model's name.

    Raises:
        ModelUnavailable: when it is missing or not one we can run.
        InsufficientMemory: when it does not fit.
    """
    model = model or find_for_evaluation(load, position=position, context=context)
    # at least a chunk, so that small windows can be read several at once
    plan = plan_for(model, load, max(tokens, CHUNKS[0]))
    try:
        require_fit(plan)
    except InsufficientMemory as error:  # its remedies are for one document
        names = ("quantize", "kv_cache")
        fitting = [each for each in plan.remedies if settings_in(each)[0].name in names]
        more = "".join(f"add {each}, or " for each in fitting)
        hint = f"{more}measure fewer tokens, or use a larger machine"
        said = f"{model.source.name} {error.rendered(str)[0]}"
        raise InsufficientMemory(said, hint=hint, facts=error.facts) from None
    # torch and transformers take seconds to import: only now, when the run is known to fit
    from longsum.loading.loader import load_model
    from longsum.loading.quantized_cache import weights_config

    resident, started = resident_bytes(), time.perf_counter()
    weights = load_model(
        model.checkpoint,
        plan,
        listener=listener,
        attention=load.attention,
        weights=weights_config(plan.quantize),
    )
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
    """Return a short hash of what decides a model's numbers."""
    rope = repr(sorted(model.rope.parameters.items(), key=str))
    parts = [model.checkpoint.identity(), rope, dtype, quantize, kv_cache]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def labels_for(names: list[str]) -> list[str]:
    """Return each model's label: a folder's name, or its path where two are called the same."""
    short = [Path(name).name if Path(name).is_dir() else name for name in names]
    pairs = zip(names, short, strict=True)
    return [name if short.count(each) > 1 else each for name, each in pairs]


@contextmanager
def evaluating(model: Llama) -> Iterator[None]:
    """Put a model into evaluation mode, and back: training may go on afterwards."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
