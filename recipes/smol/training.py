"""A training run of LoRA matrices: its optimizer, its log, its state on disk, its adapter."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from recipes.smol.base import say
from recipes.smol.llama import LINEAR, Llama

WARM_UP = 20
STATE = "state.safetensors"
MIN_RATE = 0.05
CLIP = 1.0


class Training:
    """An adapter in training.

    Args:
        model: model on its device.
        out: folder for log and adapter.
        rate: maximum learning rate.
        rank: rank of the adapter's matrices.
        scale: factor on their products.
    """

    def __init__(self, model: Llama, out: Path, rate: float, rank: int, scale: float) -> None:
        self.model, self.out, self.rate = model, out, rate
        self.rank, self.scale = rank, scale
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        fused = model.embedding.is_cuda
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=rate, betas=(0.9, 0.95), weight_decay=0.0, fused=fused
        )
        self.step = self.tokens = 0
        self.began = self.saved_at = time.perf_counter()
        out.mkdir(parents=True, exist_ok=True)

    def say(self, **found: object) -> None:
        """Write a line of the log, and print it."""
        so_far = {"step": self.step, "tokens": self.tokens, "s": round(self.elapsed, 1)}
        say(self.out / "log.jsonl", **so_far, **found)

    @property
    def elapsed(self) -> float:
        """Seconds since the start of the training."""
        return time.perf_counter() - self.began

    def set_rate(self, fallen: float) -> float:
        """Set the learning rate, and return its share of the maximum.

        Args:
            fallen: share of the decay that is done, from 0 to 1.
        """
        share = max(MIN_RATE, 0.5 * (1 + math.cos(math.pi * min(1.0, fallen))))
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * share * min(1.0, (self.step + 1) / WARM_UP)
        return share

    def update(self, tokens: int) -> None:
        """Take a step along the gradients.

        Args:
            tokens: number of tokens they were computed from.
        """
        torch.nn.utils.clip_grad_norm_(self.parameters, CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += tokens

    def save_state(self) -> None:
        """Write the state to resume from."""
        tensors: dict[str, torch.Tensor] = {}
        for number, parameter in enumerate(self.parameters):
            state = self.optimizer.state[parameter]
            tensors |= {f"{number}.{name}": value for name, value in state.items()}
            tensors[f"{number}.value"] = parameter.detach()
        partial = self.out / "state.tmp"
        about = {"step": str(self.step), "tokens": str(self.tokens), "s": str(self.elapsed)}
        save_file({key: t.cpu().contiguous() for key, t in tensors.items()}, partial, about)
        partial.replace(self.out / STATE)
        self.saved_at = time.perf_counter()

    @torch.no_grad()
    def resume(self) -> None:
        """Load the state of an earlier run, if there is one."""
        path = self.out / STATE
        if not path.exists():
            return
        with safe_open(path, "pt") as file:
            about = file.metadata()
            self.step, self.tokens = int(about["step"]), int(about["tokens"])
            self.began -= float(about["s"])
            for number, parameter in enumerate(self.parameters):
                parameter.copy_(file.get_tensor(f"{number}.value"))
                self.optimizer.state[parameter] = {
                    name: file.get_tensor(f"{number}.{name}").to(
                        parameter.device if name != "step" else "cpu"
                    )
                    for name in ("step", "exp_avg", "exp_avg_sq")
                }
        self.say(went_on=True)

    def save(self, name: str, about: dict[str, object]) -> None:
        """Write the adapter in peft's format."""
        folder = self.out / name
        folder.mkdir(parents=True, exist_ok=True)
        tensors = self.model.adapter()
        save_file(
            {key: value.detach().bfloat16().cpu().contiguous() for key, value in tensors.items()},
            folder / "adapter_model.safetensors",
        )
        config = {
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": self.rank,
            "lora_alpha": self.rank * self.scale,
            "lora_dropout": 0.0, "bias": "none",
            "target_modules": [part.rsplit(".", 1)[1] for part in LINEAR],
            "base_model_name_or_path": "SmolLM2-135M-Instruct.Q4_1.gguf",
        }  # fmt: skip
        trained = {"steps": self.step, "tokens": self.tokens, "seconds": round(self.elapsed)}
        (folder / "adapter_config.json").write_text(json.dumps(config | about | trained, indent=1))
