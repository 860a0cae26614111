"""Adapters for tests: random LoRA matrices made for a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.packed import pack

RANK, SCALE = 4, 2.0


def write_adapter(
    folder: Path, base: Checkpoint, window: int | None, *, packed: bool = False, **config: Any
) -> dict[str, torch.Tensor]:
    """Write an adapter of all `q_proj` and `down_proj`; return its products by weight.

    Without a window, it is an answer adapter.
    """
    folder.mkdir(exist_ok=True)
    generator = torch.Generator().manual_seed(7)
    tensors, products = {}, {}
    for name, lazy in base.tensors(torch.float32).items():
        if not name.endswith(("q_proj.weight", "down_proj.weight")):
            continue
        rows, columns = lazy[...].shape
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        a = torch.randn(RANK, columns, generator=generator) / 8
        b = torch.randn(rows, RANK, generator=generator) / 8
        tensors[f"{stem}.lora_A.weight"], tensors[f"{stem}.lora_B.weight"] = a, b
        products[name] = SCALE * b @ a
    save_file(pack(tensors) if packed else tensors, folder / "adapter_model.safetensors")
    use = {"window": window} if window else {"task": "answer"}
    about = {**use, "base": base.fingerprint()}
    settings = {"peft_type": "LORA", "r": RANK, "lora_alpha": RANK * SCALE, "longsum": about}
    (folder / "adapter_config.json").write_text(json.dumps(settings | config))
    return products
