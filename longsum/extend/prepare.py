"""Load the weights for training, and prepare model and optimizer with accelerate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import DistributedType  # type: ignore[import-untyped]
from transformers import LlamaForCausalLM

from longsum.errors import UsageError
from longsum.extend.adapters import require_peft, set_trainable
from longsum.extend.compiling import compile_layers
from longsum.extend.config import ExtendConfig
from longsum.extend.loss import NextTokenLoss
from longsum.extend.training_events import ExtendListener
from longsum.extend.training_plan import ExtendJob
from longsum.loading.loader import load_pretrained
from longsum.loading.quantized_cache import weights_config
from longsum.model.memory import plan_memory
from longsum.settings import Setting

MEMORY_HINT = (
    f"add {Setting('gradient_checkpointing')} or {Setting('method', 'lora')}, "
    f"or a smaller {Setting('context')}"
)


def check_processes(accelerator: Accelerator, config: ExtendConfig) -> None:
    """Refuse missing packages and combinations that do not work.

    Raises:
        UsageError: when peft is missing, or FSDP is version 1 or used with QLoRA.
    """
    if config.method != "full":
        require_peft()
    if accelerator.distributed_type != DistributedType.FSDP:
        return
    if not accelerator.is_fsdp2:
        raise UsageError(
            "longsum trains with FSDP 2, but accelerate is set to FSDP 1",
            hint="add --fsdp_version 2 to accelerate launch",
        )
    if config.method == "qlora":
        raise UsageError(
            f"{Setting('method', 'qlora')} does not go with FSDP",
            hint=f"use {Setting('method', 'lora')}",
        )


def prepare_training(
    job: ExtendJob, accelerator: Accelerator, listener: ExtendListener
) -> tuple[Any, Any]:
    """Load the weights, choose those to train, and prepare model and optimizer with accelerate.

    Args:
        job: the checkpoint, its new rotary embedding, and how to train.
        accelerator: decides on the device and on sharding.
        listener: notified of phases and of quantized weights that are cached.

    Returns:
        The `NextTokenLoss` and the AdamW optimizer, as `accelerate` wraps them.
    """
    config, base = job.config, job.base
    sharded = accelerator.distributed_type == DistributedType.FSDP
    listener.phase(f"loading {base.source.name}")
    # trained weights stay float32, and so do all weights where FSDP requires one dtype
    dtype = "float32" if config.method == "full" or sharded else job.dtype
    plan = plan_memory(
        base.shape,
        tokens=job.rope.window,
        device=base.machine.device,
        dtype=dtype,
        free_bytes=job.plan.free_bytes,
        quantize="nf4" if config.method == "qlora" else "none",
    )
    plan = replace(plan, device="cpu" if sharded else _one_device(accelerator.device))
    loaded = load_pretrained(
        base.checkpoint.with_rope(job.rope),
        plan,
        listener=listener,
        weights=weights_config(plan.quantize),
    )
    torch.manual_seed(config.seed)  # new LoRA matrices are random
    set_trainable(loaded, config)
    if job.plan.gradient_checkpointing:
        checkpoint_layers(loaded)
    if config.compile_layers:
        compile_layers(loaded)
    model = NextTokenLoss(loaded, autocast=job.dtype == "bfloat16")
    optimizer = torch.optim.AdamW(
        [weight for weight in model.parameters() if weight.requires_grad],
        lr=config.learning_rate,
        betas=(config.beta1, config.beta2),
        weight_decay=config.weight_decay,
    )
    prepared: tuple[Any, Any] = accelerator.prepare(model, optimizer)
    return prepared


def _one_device(device: torch.device) -> str:
    """Return a device with its index: without one, the layers would be spread over all GPUs."""
    if device.type == "cuda" and device.index is None:
        return f"cuda:{torch.cuda.current_device()}"
    return str(device)


def checkpoint_layers(model: LlamaForCausalLM) -> None:
    """Have the layers recompute their activations in the backward pass."""
    # renamed within transformers 5, where the old name warns
    new = getattr(model, "activation_checkpointing_enable", None)
    (new or model.gradient_checkpointing_enable)({"use_reentrant": False})
