"""Checkpoints of a training: trained weights, AdamW's state, the step and the losses so far.

safetensors and JSON; nothing is pickled. The order of the data and the random numbers of a step
follow from the seed and the step (`data.Rows.row`, `train.fit`), so no other state is saved.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from longsum.errors import OutputError
from longsum.extend.folder import CHECKPOINT, complete_folder, last_checkpoint, write_json

WEIGHTS, OPTIMIZER, STATE = "trainable.safetensors", "optimizer.safetensors", "state.json"


@dataclass
class TrainingProgress:
    """How far a training has come; the content of `state.json`."""

    step: int = 0
    """Number of steps done; the position in the data is this times the batch."""
    losses: list[float] = field(default_factory=list)
    """Loss of every step, in nats per token."""
    seconds: float = 0.0
    """Training time so far."""
    base: dict[str, float | None] = field(default_factory=dict)
    before: dict[str, float | None] = field(default_factory=dict)
    """Validation losses, measured before the first step."""


def save_checkpoint(
    output: Path,
    progress: TrainingProgress,
    accelerator: Accelerator,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Write a checkpoint next to the last one, which is removed when this one is complete.

    Args:
        output: folder of the result.
        progress: step, losses and time so far.
        accelerator: all of its processes take part in gathering; the main one writes.
        model: as `accelerate` wrapped it.
        optimizer: AdamW, as `accelerate` wrapped it.

    Raises:
        OutputError: when the disk is full; the last checkpoint is still there.
    """
    gather = StateDictOptions(full_state_dict=True, cpu_offload=True)
    trained = trainable_names(model)
    weights: dict[str, Any] = get_model_state_dict(model, options=gather)
    moments: dict[str, Any] = get_optimizer_state_dict(model, optimizer, options=gather)
    if accelerator.is_main_process:
        folder = output / CHECKPOINT / f"step-{progress.step:06d}"
        with complete_folder(folder) as partial:
            chosen = {name: weights[name].contiguous() for name in sorted(trained)}
            save_file(chosen, partial / WEIGHTS)
            save_file(_flat(moments["state"]), partial / OPTIMIZER)
            write_json(partial / STATE, vars(progress))
        for other in folder.parent.glob("step-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
    accelerator.wait_for_everyone()


def load_checkpoint(
    output: Path,
    accelerator: Accelerator,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
) -> TrainingProgress:
    """Restore weights and optimizer from the last checkpoint, if there is one.

    Args:
        output: folder of the result.
        accelerator: under FSDP each process restores its part.
        model: as `accelerate` wrapped it; changed in place.
        optimizer: AdamW, as `accelerate` wrapped it; changed in place.

    Returns:
        The checkpoint's progress, or that of a training that has not begun.

    Raises:
        OutputError: when the checkpoint is damaged.
    """
    folder = last_checkpoint(output)
    if folder is None:
        return TrainingProgress()
    try:
        progress = TrainingProgress(**json.loads((folder / STATE).read_text(encoding="utf-8")))
        weights, moments = load_file(folder / WEIGHTS), load_file(folder / OPTIMIZER)
        _restore(accelerator, model, optimizer, weights, moments)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise OutputError(
            f"the checkpoint {folder} is damaged: {reason}", hint="delete it to start again"
        ) from error
    return progress


def trainable_names(model: torch.nn.Module) -> set[str]:
    """Return the names of the trained weights, as `get_model_state_dict` gives them."""
    options = StateDictOptions(ignore_frozen_params=True)
    names = set(get_model_state_dict(model, options=options))
    # a tied head is the embedding with another name
    tied = is_tied(model)
    return {name for name in names if not (tied and name.endswith("lm_head.weight"))}


def is_tied(model: torch.nn.Module) -> bool:
    """Return whether a model's head shares the weights of its embedding."""
    configs = (getattr(module, "config", None) for module in model.modules())
    return any(getattr(config, "tie_word_embeddings", False) for config in configs)


def _restore(
    accelerator: Accelerator,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    weights: dict[str, torch.Tensor],
    moments: dict[str, torch.Tensor],
) -> None:
    """Copy a checkpoint's tensors into model and optimizer; under FSDP, each process its part."""
    sharded = str(accelerator.distributed_type) == "DistributedType.FSDP"
    options = StateDictOptions(full_state_dict=sharded, strict=False)
    if missing := trainable_names(model) ^ set(weights):
        raise KeyError(f"{min(missing)} is in only one of model and checkpoint")
    set_model_state_dict(model, dict[str, Any](weights), options=options)
    groups = get_optimizer_state_dict(model, optimizer, options=options)["param_groups"]
    state: dict[str, Any] = {"state": _nested(moments), "param_groups": groups}
    set_optimizer_state_dict(model, optimizer, state, options=options)


def _flat(state: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Return AdamW's state with one name per tensor: `exp_avg/model.norm.weight`."""
    return {
        f"{kind}/{name}": torch.as_tensor(value).contiguous()
        for name, entry in sorted(state.items())
        for kind, value in entry.items()
    }


def _nested(moments: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """Undo `_flat`."""
    state: dict[str, dict[str, torch.Tensor]] = {}
    for key, value in moments.items():
        kind, name = key.split("/", 1)
        state.setdefault(name, {})[kind] = value
    return state
