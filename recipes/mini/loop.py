"""The training loop the stages share: model, optimizers, schedule, checkpoints.

A stage gives a function from step to batch; the loop can be killed at any step and goes on from the last checkpoint.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM

NATIVE_WINDOW = 2048
IGNORE = -100

Batch = tuple[torch.Tensor, torch.Tensor]
"""`input_ids` and `labels` (already shifted), both (rows, tokens); labels of `IGNORE` are not scored."""


@dataclass(frozen=True)
class Schedule:
    """Step count and learning rates of a stage."""

    steps: int
    muon_lr: float
    """Rate for the matrices inside the layers (Muon, scaled to AdamW's RMS)."""
    adam_lr: float
    """Rate for embeddings and norms."""
    warmup: int = 20
    final: float = 0.05
    """Share of the rate at the last step."""

    def multiplier(self, step: int) -> float:
        """Linear warm-up from 10 %, then a straight line down to `final`."""
        if step < self.warmup:
            return 0.1 + 0.9 * step / self.warmup
        return 1.0 - (1.0 - self.final) * (step - self.warmup) / max(1, self.steps - self.warmup)


def mini_config(vocab_size: int) -> LlamaConfig:
    """The bundled model's shape: 12.6 M parameters, `head_dim` 128, one key-value head."""
    return LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=6,
        num_attention_heads=3,
        num_key_value_heads=1,
        head_dim=128,
        max_position_embeddings=NATIVE_WINDOW,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        initializer_range=0.02,
    )


def optimizers(model: LlamaForCausalLM, schedule: Schedule) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for the rest."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    muon = torch.optim.Muon(
        matrices,
        lr=schedule.muon_lr,
        weight_decay=0.05,
        momentum=0.95,
        adjust_lr_fn="match_rms_adamw",
    )
    adam = torch.optim.AdamW(others, lr=schedule.adam_lr, betas=(0.9, 0.95), weight_decay=0.0)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["base_lr"] = group["lr"]
    return [muon, adam]


def dense_loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Mean nats of rows in which nearly every position is scored."""
    input_ids, labels = batch
    hidden = model.model(input_ids=input_ids, use_cache=False).last_hidden_state  # (B, T, H)
    return F.cross_entropy(
        model.lm_head(hidden).flatten(0, 1), labels.flatten(), ignore_index=IGNORE
    )


def scored_loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Mean nats of the scored positions; logits are computed for those alone."""
    input_ids, labels = batch
    hidden = model.model(input_ids=input_ids, use_cache=False).last_hidden_state  # (B, T, H)
    scored = labels != IGNORE
    return F.cross_entropy(model.lm_head(hidden[scored]), labels[scored])


def save_checkpoint(folder: Path, model: LlamaForCausalLM, states: list[dict], step: int) -> None:
    """Write weights, optimizer states and step, each atomically; the step comes last and makes it count."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {n: p.detach().contiguous() for n, p in model.named_parameters()}
    save_file(weights, folder / "weights.tmp")
    torch.save(states, folder / "optimizers.tmp")
    (folder / "weights.tmp").replace(folder / "weights.safetensors")
    (folder / "optimizers.tmp").replace(folder / "optimizers.pt")
    (folder / "step.tmp").write_text(json.dumps({"step": step}))
    (folder / "step.tmp").replace(folder / "step.json")


def load_weights(model: LlamaForCausalLM, path: Path) -> None:
    """Load a stage's weights into the model."""
    missing, unexpected = model.load_state_dict(load_file(path), strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)


def train(
    model: LlamaForCausalLM,
    batch_for: Callable[[int], list[Batch]],
    schedule: Schedule,
    folder: Path,
    *,
    loss_of: Callable[[LlamaForCausalLM, Batch], torch.Tensor] = dense_loss,
    measure: Callable[[LlamaForCausalLM, int], dict[str, float]] | None = None,
    measure_every: int = 100,
    save_every: int = 100,
    compile_loss: bool = True,
) -> None:
    """Train until `schedule.steps`, going on from the folder's checkpoint if there is one.

    Args:
        batch_for: from a step's number to its micro-batches; must depend on the number alone.
        loss_of: `dense_loss`, or `scored_loss` where few positions count (compiles badly: dynamic shapes).
        measure: figures logged beside the loss every `measure_every` steps.
    """
    optimizer_list = optimizers(model, schedule)
    step = 0
    if (folder / "step.json").exists():
        step = json.loads((folder / "step.json").read_text())["step"]
        load_weights(model, folder / "weights.safetensors")
        states = torch.load(folder / "optimizers.pt", weights_only=True)
        for optimizer, state in zip(optimizer_list, states, strict=True):
            optimizer.load_state_dict(state)
    if compile_loss:
        loss_of = torch.compile(loss_of, dynamic=False)
    log = folder / "log.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    while step < schedule.steps:
        started = time.perf_counter()
        factor = schedule.multiplier(step)
        micro_batches = batch_for(step)
        total = 0.0
        for batch in micro_batches:
            loss = loss_of(model, batch) / len(micro_batches)
            loss.backward()
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item()
        for optimizer in optimizer_list:
            for group in optimizer.param_groups:
                group["lr"] = group["base_lr"] * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        step += 1
        tokens = sum(batch[0].numel() for batch in micro_batches)
        seconds = time.perf_counter() - started
        row = {
            "step": step,
            "loss": total,
            "norm": norm,
            "length": micro_batches[0][0].shape[1],
            "tokens_per_s": tokens / seconds,
        }
        if measure and (step % measure_every == 0 or step == schedule.steps):
            row |= measure(model, step)
        if step % save_every == 0 or step == schedule.steps:
            save_checkpoint(folder, model, [o.state_dict() for o in optimizer_list], step)
        with log.open("a") as file:
            file.write(json.dumps(row) + "\n")
        if step % 10 == 0:
            print(" ".join(f"{k}={v:.4g}" for k, v in row.items()), flush=True)
