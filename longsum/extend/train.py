"""Extend a model's window: `extend` prepares, `fit` trains, `validate` measures, `extend` saves.

One process on a CPU or a GPU, or several started by `accelerate launch` (DDP or FSDP).
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import DistributedType  # type: ignore[import-untyped]
from transformers import LlamaForCausalLM

from longsum.config import LoadConfig
from longsum.errors import LongsumError
from longsum.extend.config import ExtendConfig
from longsum.extend.folder import open_output, prepare_output, require_disk
from longsum.extend.prepare import MEMORY_HINT, check_processes, prepare_training
from longsum.extend.products import (
    earlier_result,
    finish,
    remove_checkpoints,
    save_step_model,
)
from longsum.extend.schedule import learning_rate
from longsum.extend.skipped import positions_of
from longsum.extend.training_events import ExtendListener, ExtendResult, StepReport, Validation
from longsum.extend.training_memory import require_training_fit
from longsum.extend.training_plan import ExtendJob, plan_extension, sequences_at_once
from longsum.extend.training_state import TrainingProgress, load_checkpoint, save_checkpoint
from longsum.loading.loader import build_config
from longsum.settings import Setting
from longsum.system_memory import memory_errors

SPEED_STEPS = 20
"""Number of recent steps from which the speed is computed."""


def extend(
    load: LoadConfig,
    data: Sequence[Path],
    output: Path,
    config: ExtendConfig,
    listener: ExtendListener | None = None,
) -> ExtendResult:
    """Train a checkpoint on sequences longer than its window, and save it with the new one.

    Interrupted and called again with the same settings, it continues from its last checkpoint, with
    the losses of a run that was never interrupted; after a finished run it does nothing.

    Args:
        load: `model`, `context` (L' in tokens), `device`, `memory_bytes`, `offline`.
        data: documents, JSON lines with a `text`, or folders of them.
        output: folder of the result.
        config: position, method, and how to train.
        listener: notified of every step, on the main process only.

    Returns:
        The losses before and after, and how the run went.

    Raises:
        LongsumError: when the extension is not possible (nothing is written to `output`), or
            training fails (checkpoints remain).
    """
    listener = listener or ExtendListener()
    accelerator = Accelerator(mixed_precision="no", cpu=load.device == "cpu")
    if not accelerator.is_main_process:
        listener = ExtendListener()
    sharded = accelerator.distributed_type == DistributedType.FSDP
    processes = accelerator.num_processes
    check_processes(accelerator, config)
    job = plan_extension(
        load,
        data,
        output,
        config,
        listener,
        shards=processes if sharded else 1,
        processes=processes,
    )
    finished = open_output(output, job.settings)
    accelerator.wait_for_everyone()
    if finished:
        remove_checkpoints(output)
        return earlier_result(output, finished, job)
    require_training_fit(job.plan)
    require_disk(output, job.extent.disk_bytes)
    _announce(job, listener)
    with memory_errors(MEMORY_HINT, during="while training"):
        model, optimizer = prepare_training(job, accelerator, listener)
        progress = load_checkpoint(output, accelerator, model, optimizer)
        if accelerator.is_main_process:
            prepare_output(output, job.settings)
        accelerator.wait_for_everyone()
        resumed_from = progress.step
        if resumed_from:
            listener.notice(f"continuing from step {resumed_from:,}")
        else:
            listener.phase("measuring the held-out sequences")
            progress.base = asdict(validate_base(model, job, accelerator))
            progress.before = asdict(validate(model, job, accelerator))
        fit(model, optimizer, progress, job, output, accelerator, listener)
        listener.phase("measuring the held-out sequences")
        after = validate(model, job, accelerator)
        listener.phase("saving")
        result = finish(output, job, accelerator, model, progress, after)
    accelerator.end_training()  # processes left connected may abort when they exit
    return replace(result, resumed_from=resumed_from)


def fit(
    model: torch.nn.Module,
    optimizer: Any,
    progress: TrainingProgress,
    job: ExtendJob,
    output: Path,
    accelerator: Accelerator,
    listener: ExtendListener,
) -> None:
    """Train until the last step, saving checkpoints and models on the way.

    Args:
        model: `NextTokenLoss`, as `accelerate` wrapped it.
        optimizer: AdamW, as `accelerate` wrapped it.
        progress: where to begin; updated in place.
        job: rows, rotary embedding, and how to train.
        output: folder of the result.
        accelerator: the processes that share a batch.
        listener: notified of every step.

    Raises:
        LongsumError: when the loss is not finite.
    """
    config = job.config
    # not from the model: FSDP 2 replaces its parameters by gathered ones while it computes
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    recent: deque[float] = deque(maxlen=SPEED_STEPS)
    model.train()
    if progress.step == 0 and 0 in config.keep_checkpoints_at:
        save_step_model(output, 0, job, accelerator, model)
    while progress.step < config.steps:
        started = time.perf_counter()
        # all random numbers of a step follow from its index, so no generator state is saved
        torch.manual_seed(_step_seed(config.seed, progress.step, accelerator.process_index))
        rate = learning_rate(progress.step, config)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = _accumulate(model, progress.step, job, accelerator)
        if not math.isfinite(loss):
            raise LongsumError(
                f"the loss is {loss} at step {progress.step + 1}",
                hint=f"use a smaller {Setting('learning_rate')}, or {Setting('dtype', 'float32')}",
            )
        if config.max_grad_norm:
            torch.nn.utils.clip_grad_norm_(weights, config.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        progress.step += 1
        progress.losses.append(loss)
        recent.append(time.perf_counter() - started)
        progress.seconds += recent[-1]
        if progress.step in config.keep_checkpoints_at:
            save_step_model(output, progress.step, job, accelerator, model)
        if _is_due(progress.step, config):
            save_checkpoint(output, progress, accelerator, model, optimizer)
        listener.step(_report(progress, rate, recent, job))


def _accumulate(
    model: torch.nn.Module, step: int, job: ExtendJob, accelerator: Accelerator
) -> float:
    """Accumulate the gradients of a step's sequences, and return their mean loss in nats.

    Every process reads an equal share of the batch; all sequences have the same number of targets,
    so the mean over sequences is the mean over tokens.
    """
    config = job.config
    share = config.batch // accelerator.num_processes
    at_once = sequences_at_once(config, accelerator.num_processes)
    first = step * config.batch + accelerator.process_index * share
    parts = range(first, first + share, at_once)
    total = torch.zeros((), device=accelerator.device)
    for start in parts:
        numbers = range(start, start + at_once)
        rows = torch.stack([job.rows.row(number) for number in numbers])
        places = [position.to(accelerator.device) for position in _positions(job, numbers)]
        last = start == parts[-1]
        # DDP averages gradients over the processes once, after the last part; with FSDP, each
        # process would have to hold unsharded gradients until then
        wait = not last and accelerator.distributed_type != DistributedType.FSDP
        with accelerator.no_sync(model) if wait else nullcontext():
            loss = model(rows.to(accelerator.device), *places)  # (at_once, tokens) → mean in nats
            accelerator.backward(loss / len(parts))
        total += loss.detach() / len(parts)
    return float(accelerator.reduce(total, "mean"))


def _positions(job: ExtendJob, numbers: range) -> list[torch.Tensor]:
    """Return the (sequences, tokens) positions of some rows; none where they count from 0."""
    config, length = job.config, job.rows.tokens.shape[1]
    if not config.skip_positions:
        return []
    window = job.rope.window
    return [torch.stack([positions_of(n, length, window, config.seed) for n in numbers])]


def validate(model: torch.nn.Module, job: ExtendJob, accelerator: Accelerator) -> Validation:
    """Return the loss on the held-out sequences, at both windows.

    Args:
        model: `NextTokenLoss`, as `accelerate` wrapped it.
        job: the rows and the native window.
        accelerator: all of its processes measure every sequence, as FSDP requires.
    """
    rows, native = job.rows.validation(), job.base.rope.native_window
    if not len(rows):
        return Validation()
    return Validation(
        native=_mean_loss(model, _pieces(rows, native), accelerator),
        extended=_mean_loss(model, rows, accelerator),
    )


def validate_base(model: torch.nn.Module, job: ExtendJob, accelerator: Accelerator) -> Validation:
    """Return the loss with the checkpoint's own rotary embedding, at its native window.

    Args:
        model: `NextTokenLoss` with the weights of the checkpoint, as `accelerate` wrapped it.
        job: the rows and the checkpoint.
        accelerator: all of its processes measure every sequence, as FSDP requires.
    """
    rows = job.rows.validation()
    if not len(rows):
        return Validation()
    inner: LlamaForCausalLM = accelerator.unwrap_model(model).model
    extended, own = inner.model.rotary_emb, build_config(job.base.config, job.base.rope)
    inner.model.rotary_emb = type(extended)(config=own).to(accelerator.device)
    try:
        pieces = _pieces(rows, job.base.rope.native_window)
        return Validation(native=_mean_loss(model, pieces, accelerator))
    finally:
        inner.model.rotary_emb = extended


def _pieces(rows: torch.Tensor, window: int) -> torch.Tensor:
    """Cut (rows, context) into (pieces, window), dropping the remainder of each row."""
    whole = rows.shape[1] // window * window
    return rows[:, :whole].reshape(-1, window)


@torch.no_grad()
def _mean_loss(model: torch.nn.Module, rows: torch.Tensor, accelerator: Accelerator) -> float:
    """Return the mean loss of equally long sequences, in nats per token."""
    was_training = model.training
    model.eval()
    losses = [float(model(row[None].to(accelerator.device))) for row in rows]
    model.train(was_training)
    return math.fsum(losses) / len(losses)


def _announce(job: ExtendJob, listener: ExtendListener) -> None:
    """Report what is trained, and how often the data is repeated."""
    extent = job.extent
    listener.notice(f"{job.base.source.name}: {job.rope.reason}")
    listener.notice(
        f"{extent.rows:,} sequences of {extent.train_tokens:,} tokens, {extent.held_out} held out; "
        f"{job.plan.reason}; {job.dtype}"
    )
    if extent.epochs > 1:
        listener.notice(
            f"{extent.steps:,} steps of {extent.batch} go through the data {extent.epochs:.1f} "
            f"times: name more {Setting('data')} for a better model"
        )


def _report(
    progress: TrainingProgress, rate: float, recent: deque[float], job: ExtendJob
) -> StepReport:
    """Return a step's report; its speed is a median, as the first steps of a run are slow."""
    config = job.config
    times = sorted(recent)
    median_s = times[len(times) // 2]
    return StepReport(
        step=progress.step,
        steps=config.steps,
        loss=progress.losses[-1],
        learning_rate=rate,
        tokens_per_s=job.extent.train_tokens * config.batch / median_s,
        remaining_s=median_s * (config.steps - progress.step),
    )


def _is_due(step: int, config: ExtendConfig) -> bool:
    """Return whether a step ends with a checkpoint: every `save_every`-th, and the last."""
    return bool(config.save_every) and (step % config.save_every == 0 or step == config.steps)


def _step_seed(seed: int, step: int, process: int) -> int:
    """Return a distinct seed for each step and process."""
    return (seed * 1_000_003 + step * 4_099 + process) % (1 << 63)
