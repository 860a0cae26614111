"""Train the small networks of the selection head."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from longsum.selection.head import CLIP, MAX_LOG_USES

HIDDEN = 64
DROPOUT = 0.1
DOCUMENTS_PER_STEP = 8


Rows = list[tuple[np.ndarray, np.ndarray]]
"""Features (rows, features) and targets (rows,), one pair per document."""
LossOf = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def squared(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error."""
    return (scores - targets).square().mean()


def poisson(logs: torch.Tensor, uses: torch.Tensor) -> torch.Tensor:
    """Return the negative log-likelihood of uses given their expectation, per word of summary."""
    logs = logs.clamp(-2 * MAX_LOG_USES, MAX_LOG_USES)
    return (logs.exp() - uses * logs).sum() / uses.sum().clamp_min(10)


def fit(rows: Rows, loss_of: LossOf, *, epochs: int, rate: float = 2e-3) -> dict[str, torch.Tensor]:
    """Train a network and return its tensors, under the names that `selection.head` reads.

    Args:
        rows: training rows of the documents.
        loss_of: from outputs and targets of a document to its loss.
        epochs: passes over the documents.
        rate: maximum learning rate (AdamW, one cycle).
    """
    torch.manual_seed(0)
    mean, deviation = moments([features for features, _ in rows])

    def ready(row: tuple[np.ndarray, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = row
        standard = ((x - mean) / deviation).clip(-CLIP, CLIP)
        return torch.from_numpy(standard).float(), torch.from_numpy(y).float()

    order = list(rows)
    sizes = (len(mean), HIDDEN, HIDDEN, 1)
    linear = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]
    parts: list[nn.Module] = [linear[0]]
    for layer in linear[1:]:
        parts += [nn.SiLU(), nn.Dropout(DROPOUT), layer]
    network = nn.Sequential(*parts)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    steps = epochs * -(-len(order) // DOCUMENTS_PER_STEP)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for epoch in range(epochs):
        random.Random(epoch).shuffle(order)
        total = 0.0
        for start in range(0, len(order), DOCUMENTS_PER_STEP):
            batch = [ready(row) for row in order[start : start + DOCUMENTS_PER_STEP]]
            loss = torch.stack([loss_of(network(x)[:, 0], y) for x, y in batch]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"epoch={epoch + 1} loss={total / len(order):.4f}", flush=True)
    tensors = {"mean": torch.from_numpy(mean), "deviation": torch.from_numpy(deviation)}
    for number, layer in enumerate(linear):
        tensors[f"{number}.weight"] = layer.weight.detach()
        tensors[f"{number}.bias"] = layer.bias.detach()
    return {name: tensor.float().contiguous() for name, tensor in tensors.items()}


def moments(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of each feature, without a copy of all rows.

    Args:
        rows: (rows, features) of each document.

    Returns:
        (features,) float32 each.
    """
    count = sum(len(each) for each in rows)
    mean = sum(each.sum(0, dtype=np.float64) for each in rows) / count
    squares = sum(np.square(each - mean).sum(0) for each in rows)
    deviation = np.sqrt(squares / count) + 1e-6
    return mean.astype(np.float32), deviation.astype(np.float32)


def arrays(tensors: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Return tensors as arrays."""
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def named(name: str, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return tensors with a prefix."""
    return {f"{name}.{key}": tensor for key, tensor in tensors.items()}
