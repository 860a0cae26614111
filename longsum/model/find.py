"""Find a checkpoint, or its catalogue entry, and plan for it. Reads no weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from longsum.checkpoint.catalog import find_known
from longsum.checkpoint.checkpoint import Checkpoint, FilelessCheckpoint
from longsum.checkpoint.context import rope_for_context
from longsum.checkpoint.files import ModelShape
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_codes import bytes_of_codes
from longsum.checkpoint.rope import Rope
from longsum.checkpoint.tokenizer import Tokenizer, load_tokenizer
from longsum.config import LoadConfig
from longsum.errors import ModelNotFound
from longsum.model.hardware import Machine, detect_machine, other_machine
from longsum.model.memory import MemoryPlan, plan_memory
from longsum.model.resolve import MINI_FOLDER, ModelSource, resolve_model, set_offline
from longsum.settings import Setting


@dataclass(frozen=True)
class Model:
    """A checkpoint that is not loaded, its source, and the machine it is planned for."""

    source: ModelSource
    checkpoint: Checkpoint
    """The checkpoint, with the requested window."""
    tokenizer: Tokenizer
    machine: Machine
    estimated: bool = False
    """Whether it is known only from the catalogue and its tokens counted by another tokenizer."""
    fixed_window: bool = False
    """Whether a window was asked for, so that no adapter may widen it."""

    def widened(self) -> Model | None:
        """Return the model with the window adapter made for it; None if there is none."""
        wider = None if self.fixed_window else self.checkpoint.widened()
        return replace(self, checkpoint=wider) if wider else None

    def answering(self) -> Model | None:
        """Return the model with the answer adapter made for it; None if there is none.

        It judges short passages, and so does without a window adapter.
        """
        tuned = (self.checkpoint.base or self.checkpoint).answering()
        return replace(self, checkpoint=tuned) if tuned else None

    @property
    def config(self) -> dict[str, Any]:
        """Content of the checkpoint's config.json."""
        return self.checkpoint.config

    @property
    def shape(self) -> ModelShape:
        """Dimensions of the model."""
        return self.checkpoint.shape

    @property
    def rope(self) -> Rope:
        """Window and RoPE parameters in use."""
        return self.checkpoint.rope

    @property
    def tuned_window(self) -> int:
        """Tokens its weights were tuned for."""
        return self.checkpoint.tuned_window


def find_model(load: LoadConfig, machine: Machine | None = None) -> Model:
    """Find a checkpoint and read everything except its weights.

    Args:
        load: model, window, device.
        machine: machine to plan for; None for this one.

    Raises:
        ModelUnavailable: it is missing or not supported.
        UsageError: the device does not exist.
    """
    machine = machine or detect_machine(load.device, load.dtype)
    source, checkpoint = find_checkpoint(load, cuda=machine.device == "cuda")
    if checkpoint.shape.exact_kv_layers and load.dtype == "auto":
        machine = in_float32(machine)
    fixed = load.context is not None
    return Model(source, checkpoint, checkpoint.tokenizer(), machine, fixed_window=fixed)


def find_checkpoint(load: LoadConfig, *, cuda: bool) -> tuple[ModelSource, Checkpoint]:
    """Find a checkpoint and read its configuration, without its tokenizer.

    Args:
        load: model and window.
        cuda: whether a CUDA device is available.

    Raises:
        ModelUnavailable: it is missing or not supported.
    """
    if load.offline:
        set_offline()
    source = resolve_model(load.model, revision=load.revision, download=load.download, cuda=cuda)
    return source, _with_window(open_checkpoint(source.folder, source.known), load)


def _with_window(own: Checkpoint, load: LoadConfig) -> Checkpoint:
    """Return the checkpoint with the requested window, by its window adapter if it has to be.

    Raises:
        WindowNotTuned: its weights and adapters were not tuned for that many tokens.
    """
    if load.context and load.context > own.rope.window and not load.force_context:
        own = own.widened() or own
    return own.with_rope(rope_for_context(own.rope, load.context, force=load.force_context))


def in_float32(machine: Machine) -> Machine:
    """Return the machine with float32 as its dtype, for a checkpoint whose attention needs it."""
    if machine.dtype == "float32":
        return machine
    reason = f"{machine.reason}; float32 instead of {machine.dtype}, as this checkpoint needs"
    return replace(machine, dtype="float32", reason=reason)


def find_model_for_plan(load: LoadConfig) -> Model:
    """Find what a plan needs: the checkpoint, or its catalogue entry if it is not on this disk.

    Without the checkpoint, tokens are counted with the bundled model's tokenizer, whose small
    vocabulary takes more tokens than others: an estimate on the safe side. With a memory given,
    the device may be another machine's.

    Raises:
        ModelUnavailable: the model is neither on this disk nor in the catalogue.
        UsageError: the device is unknown.
    """
    if load.memory_bytes and load.device != "auto":
        machine = other_machine(load.device, load.dtype, load.memory_bytes)
    else:
        machine = detect_machine(load.device, load.dtype)
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
        rope_theta=0.0,  # not in the catalogue
        parameters={},
        reason=f"{known.scaling} from the catalogue; {known.alias} is not on this disk",
    )
    source = ModelSource(known.alias, Path(known.repo), known=known)
    whole = FilelessCheckpoint(source.folder, {}, known.shape, own, own.window)
    whole.stated_fingerprint = known.file.fingerprint if known.file else ""
    return Model(
        source,
        _with_window(whole, load),
        load_tokenizer(MINI_FOLDER),
        machine,
        estimated=True,
        fixed_window=load.context is not None,
    )


def plan_for(model: Model, load: LoadConfig, tokens: int) -> MemoryPlan:
    """Plan the memory of a run.

    Args:
        model: the model to run.
        load: available memory, quantization and format of the key-value cache.
        tokens: total number of tokens held: document, prompt and answer.
    """
    checkpoint = model.checkpoint
    plan = plan_for_shape(model.shape, model.machine, load, tokens, checkpoint.quantized)
    packing = checkpoint.packing()
    if not packing:
        return plan
    plan = plan.with_codes(sum(map(bytes_of_codes, checkpoint.codes().values())))
    stated = stated_packing(packing, plan.dtype, plan.quantize, codes=plan.codes)
    return replace(plan, reason=f"{stated}; {plan.reason}")


def plan_for_shape(
    shape: ModelShape, machine: Machine, load: LoadConfig, tokens: int, on_disk: str | None = None
) -> MemoryPlan:
    """Plan the memory of a run with a model of which only the shape is known.

    Args:
        shape: the model's shape.
        machine: machine to plan for.
        load: available memory, quantization and format of the key-value cache.
        tokens: total number of tokens held: document, prompt and answer.
        on_disk: how the stored weights are quantized; None if they are not.
    """
    return plan_memory(
        shape,
        tokens=tokens,
        device=machine.device,
        dtype=machine.dtype,
        free_bytes=load.memory_bytes or machine.free_bytes,
        quantize=load.quantize,
        kv_cache=load.kv_cache,
        on_disk_quantization=on_disk,
        free_each=_free_each(machine, load.memory_bytes),
    )


def _free_each(machine: Machine, memory_bytes: int | None) -> tuple[int, ...]:
    """Return the free bytes of each of several devices, sharing the user's limit among them.

    Args:
        machine: the machine.
        memory_bytes: total limit; None for no limit.
    """
    free = machine.free_each
    if memory_bytes is None or not sum(free):
        return free
    return tuple(memory_bytes * each // sum(free) for each in free)


def stated_packing(
    types: Mapping[str, int], dtype: str, quantize: str, *, codes: bool = False
) -> str:
    """Describe how a GGUF file's weights are converted.

    Args:
        types: number of tensors by packed type, the type with the most bytes first.
        dtype: compute dtype.
        quantize: what they are quantized to: `none`, `int8` or `nf4`.
        codes: whether the file's codes are kept, too.
    """
    kind = next(iter(types))
    said = f"{kind} in the file, dequantized to {dtype}"
    if codes:
        return f"{said}; its codes are kept too, for writing"
    if quantize == "none":
        return said
    said += f", then {quantize}"
    if quantize == "nf4" and kind.startswith(("Q4", "Q5")):
        return (
            f"{said}: rounded twice; {Setting('quantize', 'none')} or int8 loses less where it fits"
        )
    return said
