"""Plan an extension before weights are loaded; refuse what is not possible."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from longsum.checkpoint.rope import Rope
from longsum.config import LoadConfig
from longsum.errors import UnsupportedModel, UsageError
from longsum.extend.compiling import require_compiler
from longsum.extend.config import ExtendConfig
from longsum.extend.data import Rows, pack_rows
from longsum.extend.folder import free_disk
from longsum.extend.loss import chunk_tokens
from longsum.extend.position import extended_rope
from longsum.extend.save import stored_dtype
from longsum.extend.training_events import ExtendListener, TrainingExtent
from longsum.extend.training_memory import TrainingPlan, plan_training, trainable_parameters
from longsum.model.find import Model, find_model
from longsum.model.resolve import ModelSource
from longsum.settings import Setting

FREE_TO_CHANGE = ("save_every", "gradient_checkpointing", "compile_layers")
"""Settings that may differ when a run continues, as they do not affect the result."""


@dataclass(frozen=True)
class ExtendJob:
    """An extension that is known to be possible."""

    base: Model
    """The model with the checkpoint's own rotary embedding and window."""
    rope: Rope
    """The rotary embedding of the extended window."""
    rows: Rows
    plan: TrainingPlan
    extent: TrainingExtent
    dtype: str
    """Compute dtype."""
    config: ExtendConfig
    settings: dict[str, Any]
    """What must be the same for a run to continue."""


def plan_extension(
    load: LoadConfig,
    data: Sequence[Path],
    output: Path,
    config: ExtendConfig,
    listener: ExtendListener,
    *,
    shards: int = 1,
    processes: int = 1,
) -> ExtendJob:
    """Read the data and determine what the extension needs; loads no weights.

    Args:
        load: model, window, device.
        data: documents, JSON lines or folders.
        output: folder of the result, for its free space.
        config: how to train.
        listener: notified of what is skipped.
        shards: processes over which the weights are sharded (FSDP).
        processes: processes on this machine.

    Returns:
        Everything that training needs, apart from the weights.

    Raises:
        LongsumError: when the extension is not possible.
    """
    if not load.context:
        raise UsageError("no window is named", hint=f"add {Setting('context', '32k')}")
    base = find_model(replace(load, context=None))
    _check_base(base, load.context, config)
    rope = extended_rope(base.rope, load.context, config.position, base.shape.head_dim)
    _check_batch(config, processes)
    if (config.train_tokens or 0) > load.context:
        raise UsageError(
            f"{Setting('train_tokens')} {config.train_tokens:,} is longer than "
            f"{Setting('context')} {load.context:,}",
            hint=f"{Setting('train_tokens')} is the shorter one: sequences whose positions are "
            "spread over the window",
        )
    rows = pack_rows(
        data,
        base.tokenizer,
        load.context,
        listener,
        vocab_size=base.shape.vocab_size,
        train_tokens=config.train_tokens,
        seed=config.seed,
        validation_rows=config.validation_rows,
        max_rows=config.max_rows,
    )
    dtype = _dtype(base, config)
    devices = base.machine.devices if base.machine.device == "cuda" else max(1, processes)
    plan = plan_training(
        base.shape,
        config,
        context=load.context,
        native_window=base.rope.native_window,
        device=base.machine.device,
        dtype=dtype,
        free_bytes=load.memory_bytes or base.machine.free_bytes // devices,
        chunk=chunk_tokens(base.shape.vocab_size),
        sequences=sequences_at_once(config, processes),
        shards=shards,
    )
    extent = _extent(rows, plan, base, output, config, load.context)
    settings = _settings(base, rows, load.context, config, dtype)
    return ExtendJob(base, rope, rows, plan, extent, dtype, config, settings)


def sequences_at_once(config: ExtendConfig, processes: int) -> int:
    """Return the number of sequences a process reads at once."""
    share = config.batch // processes
    return share // (config.gradient_accumulation or share)


def _check_base(base: Model, context: int, config: ExtendConfig) -> None:
    """Refuse checkpoints and windows that cannot be extended."""
    if context <= base.rope.native_window:
        raise UsageError(
            f"{Setting('context')} {context:,} is not larger than the {base.rope.native_window:,} "
            f"tokens {base.source.name} was pre-trained with",
            hint="there is nothing to extend; name a larger window",
        )
    if stored := base.checkpoint.quantized:
        raise UnsupportedModel(
            f"{base.source.name} is stored as {stored}, which cannot be trained",
            hint=f"take the unquantized checkpoint; {Setting('method', 'qlora')} quantizes it "
            "while it learns",
        )
    if config.method == "qlora" and base.machine.device != "cuda":
        raise UsageError(
            f"{Setting('method', 'qlora')} needs a CUDA device, this is {base.machine.device}: on "
            "a CPU "
            "bitsandbytes' NF4 products run nine times slower than bfloat16, and not at all on mps",
            hint=f"use {Setting('method', 'lora')}",
        )
    if config.compile_layers:
        require_compiler(base.machine.device)
    base.checkpoint.weight_files()  # refuses missing weights before the texts are read


def _check_batch(config: ExtendConfig, processes: int) -> None:
    """Refuse a batch that does not split evenly."""
    parts = processes * (config.gradient_accumulation or 1)
    if config.batch % parts:
        raise UsageError(
            f"{Setting('batch')} {config.batch} does not split into {processes} process(es) of "
            f"{config.gradient_accumulation or 1} part(s) each",
            hint=f"use a multiple of {parts}",
        )


def _dtype(base: Model, config: ExtendConfig) -> str:
    """Return the compute dtype; never float16, whose gradients would need scaling."""
    if config.dtype != "auto":
        return config.dtype
    return "bfloat16" if base.machine.dtype == "bfloat16" else "float32"


def _extent(
    rows: Rows,
    plan: TrainingPlan,
    base: Model,
    output: Path,
    config: ExtendConfig,
    context: int,
) -> TrainingExtent:
    """Return how much the run reads and needs.

    Raises:
        OutputError: when nothing can be written there.
    """
    models = 1 + len(config.keep_checkpoints_at)
    # the last checkpoint exists until the next is complete
    checkpoints = 2 * 12 * trainable_parameters(base.shape, config) if config.save_every else 0
    disk = models * base.shape.parameters * stored_dtype(base.config).itemsize + checkpoints
    return TrainingExtent(
        files=rows.files,
        tokens=rows.total_tokens,
        rows=rows.training,
        held_out=rows.held_out,
        context=context,
        train_tokens=config.train_tokens or context,
        steps=config.steps,
        batch=config.batch,
        memory_bytes=plan.total_bytes,
        free_bytes=plan.free_bytes,
        gradient_checkpointing=plan.gradient_checkpointing,
        memory_reason=plan.reason,
        disk_bytes=disk,
        free_disk_bytes=free_disk(output),
    )


def _path(source: ModelSource) -> str:
    """Return the path of a base; for a GGUF file its own, not that of the unpacked folder."""
    return os.path.abspath(source.file or source.folder)


def _settings(
    base: Model, rows: Rows, context: int, config: ExtendConfig, dtype: str
) -> dict[str, Any]:
    """Return the settings that determine every loss, as JSON returns them."""
    fixed = {key: value for key, value in asdict(config).items() if key not in FREE_TO_CHANGE}
    return {
        "model": base.source.name if base.source.known else _path(base.source),
        "revision": base.source.revision,
        "weights_bytes": base.checkpoint.weights_bytes(),
        "context": context,
        "data": [{"name": file.name, "sha256": file.sha256} for file in rows.files],
        **{key: list(v) if isinstance(v, tuple) else v for key, v in fixed.items()},
        "dtype": dtype,
    }
