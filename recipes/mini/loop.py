"""The training loop the stages share: model, optimizers, schedule, checkpoints.

A stage provides a function from step to batch; the loop can be killed at any step and resumes from
the last checkpoint.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from torch.optim import Optimizer
from transformers import LlamaForCausalLM

from recipes.mini.tasks import Row

IGNORE = -100


class Batch(NamedTuple):
    """Rows of equal length; `labels` and `weights` are shifted already."""

    input_ids: torch.Tensor
    """(rows, tokens)."""
    labels: torch.Tensor
    """(rows, tokens); `IGNORE` is not scored."""
    weights: torch.Tensor
    """(rows, tokens) float32 weights of the labels."""


class HasIds(Protocol):
    """A stage's own kind of batch."""

    @property
    def input_ids(self) -> torch.Tensor:
        """(rows, tokens)."""
        ...


LossOf = Callable[[LlamaForCausalLM, Any], torch.Tensor]
"""Mean nats of a batch of the stage's kind."""


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


def optimizers(model: LlamaForCausalLM, schedule: Schedule) -> list[Optimizer]:
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
    """Weighted mean nats of rows in which most positions are scored."""
    hidden = model.model(input_ids=batch.input_ids, use_cache=False).last_hidden_state  # (B, T, H)
    nats = F.cross_entropy(
        model.lm_head(hidden).flatten(0, 1),
        batch.labels.flatten(),
        ignore_index=IGNORE,
        reduction="none",
    )
    weights = batch.weights.flatten()
    return (nats * weights).sum() / weights.sum()


def scored_loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Weighted mean nats of the scored positions; logits are computed for those alone."""
    hidden = model.model(input_ids=batch.input_ids, use_cache=False).last_hidden_state  # (B, T, H)
    scored = (batch.labels != IGNORE) & (batch.weights > 0)
    nats = F.cross_entropy(model.lm_head(hidden[scored]), batch.labels[scored], reduction="none")
    weights = batch.weights[scored]
    return (nats * weights).sum() / weights.sum()


def save_checkpoint(
    folder: Path, model: LlamaForCausalLM, optimizer_list: list[Optimizer], step: int
) -> None:
    """Write weights, optimizer states and step, each atomically; the step last, as it is decisive.

    Args:
        folder: folder of the checkpoint.
        model: model in training.
        optimizer_list: its optimizers.
        step: number of steps done.
    """
    weights = {n: p.detach().contiguous() for n, p in model.named_parameters()}
    states = {
        f"{number}.{parameter}.{key}": tensor.contiguous()
        for number, optimizer in enumerate(optimizer_list)
        for parameter, state in optimizer.state_dict()["state"].items()
        for key, tensor in state.items()
    }
    for name, tensors in (("weights", weights), ("optimizers", states)):
        save_file(tensors, folder / f"{name}.tmp")
        (folder / f"{name}.tmp").replace(folder / f"{name}.safetensors")
    (folder / "step.tmp").write_text(json.dumps({"step": step}))
    (folder / "step.tmp").replace(folder / "step.json")


def load_checkpoint(folder: Path, model: LlamaForCausalLM, optimizer_list: list[Optimizer]) -> int:
    """Load the last checkpoint, if there is one, and return its step.

    Args:
        folder: folder of the checkpoint.
        model: gets the weights.
        optimizer_list: get their states.
    """
    if not (folder / "step.json").exists():
        return 0
    load_weights(model, folder / "weights.safetensors")
    saved = load_file(folder / "optimizers.safetensors")
    for number, optimizer in enumerate(optimizer_list):
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in saved.items():
            owner, parameter, key = name.split(".", 2)
            if int(owner) == number:
                state.setdefault(int(parameter), {})[key] = tensor
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    return int(json.loads((folder / "step.json").read_text())["step"])


def as_batch(rows: list[Row], weights: Callable[[Row], np.ndarray]) -> Batch:
    """Stack rows of equal length; the last position of each predicts nothing."""
    ids = torch.from_numpy(np.stack([row.ids for row in rows])).long()
    counts = torch.from_numpy(np.stack([weights(row) for row in rows]))
    labels = torch.cat([ids[:, 1:], torch.full_like(ids[:, :1], IGNORE)], dim=1)
    return Batch(ids, labels, torch.cat([counts[:, 1:], torch.zeros_like(counts[:, :1])], dim=1))


def answer_batch(prompt: Sequence[int], answer: Sequence[int]) -> Batch:
    """Return one row of which the answer alone is scored."""
    ids = torch.tensor([[*prompt, *answer]])
    labels = torch.full_like(ids, IGNORE)
    labels[0, len(prompt) - 1 : -1] = ids[0, len(prompt) :]
    return Batch(ids, labels, torch.ones(ids.shape))


def load_weights(model: LlamaForCausalLM, path: Path) -> None:
    """Load a stage's weights into the model."""
    missing, unexpected = model.load_state_dict(load_file(path), strict=False)
    assert not unexpected, unexpected
    assert set(missing) <= {"lm_head.weight"}, missing


def train_step(
    model: LlamaForCausalLM,
    micro_batches: Sequence[HasIds],
    loss_of: LossOf,
    optimizer_list: list[Optimizer],
    factor: float,
) -> dict[str, float]:
    """Take one step and return its figures.

    Args:
        model: model in training.
        micro_batches: batches whose gradients are added.
        loss_of: from model and batch to a loss.
        optimizer_list: optimizers of the model.
        factor: factor on their base learning rates.
    """
    started = time.perf_counter()
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
    tokens = sum(batch.input_ids.numel() for batch in micro_batches)
    speed = tokens / (time.perf_counter() - started)
    length = micro_batches[0].input_ids.shape[1]
    return {"loss": total, "norm": norm, "length": length, "tokens_per_s": speed}


def train(
    model: LlamaForCausalLM,
    batch_for: Callable[[int], Sequence[HasIds]],
    schedule: Schedule,
    folder: Path,
    *,
    loss_of: LossOf = dense_loss,
    measure: Callable[[LlamaForCausalLM, int], dict[str, float]] | None = None,
    measure_every: int = 100,
    save_every: int = 100,
    compile_loss: bool = True,
) -> None:
    """Train until `schedule.steps`, resuming from the folder's checkpoint if there is one.

    Args:
        model: model with the initial weights of the stage.
        batch_for: from a step's number to its micro-batches; must depend on the number alone.
        schedule: steps and learning rates.
        folder: folder for checkpoints and `log.jsonl`.
        loss_of: `dense_loss`, `scored_loss` if few positions count, or the stage's own.
        measure: returns figures to log with the loss.
        measure_every: steps between measurements.
        save_every: steps between checkpoints.
        compile_loss: whether to compile the loss; not if its shapes change with every row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimizer_list = optimizers(model, schedule)
    step = load_checkpoint(folder, model, optimizer_list)
    if compile_loss:
        loss_of = torch.compile(loss_of, dynamic=False)
    while step < schedule.steps:
        figures = train_step(
            model, batch_for(step), loss_of, optimizer_list, schedule.multiplier(step)
        )
        step += 1
        last = step == schedule.steps
        if measure and (step % measure_every == 0 or last):
            figures |= measure(model, step)
        if step % save_every == 0 or last:
            save_checkpoint(folder, model, optimizer_list, step)
        with (folder / "log.jsonl").open("a") as file:
            file.write(json.dumps({"step": step, **figures}) + "\n")
        if step % 10 == 0:
            print(f"step={step}", *(f"{k}={v:.4g}" for k, v in figures.items()), flush=True)
