"""Small networks that choose sentences, trained on the device right after reading.

Rows are sentences, and a group of rows is one query on one document. Groups of similar length are
padded to the same length, so that a step is a few large kernels.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

HIDDEN = 64
DROPOUT = 0.1
CLIP = 5.0
ROWS_PER_STEP = 6_000


@dataclass
class Groups:
    """Queries as training rows.

    Args:
        starts: (groups,) first row of each group.
        counts: (groups,) number of rows of each group.
        features: from row numbers (any shape) to their float32 features.
        labels: (all rows,).
    """

    starts: torch.Tensor
    counts: torch.Tensor
    features: Callable[[torch.Tensor], torch.Tensor]
    labels: torch.Tensor

    def batch(self, groups: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return features (groups, longest, d), labels, and which rows are not padding."""
        starts, counts = self.starts[groups], self.counts[groups]
        place = torch.arange(int(counts.max()))
        there = place[None] < counts[:, None]
        rows = torch.where(there, starts[:, None] + place[None], starts[:, None])
        device = self.labels.device
        rows, there = rows.to(device, non_blocking=True), there.to(device, non_blocking=True)
        return self.features(rows), self.labels[rows], there

    def batches(self, groups: torch.Tensor) -> list[torch.Tensor]:
        """Return batches of groups of similar length with about the same number of rows."""
        order = groups[self.counts[groups].argsort()]
        found, start = [], 0
        counts = self.counts[order].tolist()
        for end in range(1, len(counts) + 1):
            if end == len(counts) or (end + 1 - start) * counts[end] > ROWS_PER_STEP:
                found.append(order[start:end])
                start = end
        return found


class Head(nn.Module):
    """A perceptron that also sees the sentences before and after, plus a linear map.

    Args:
        inputs: number of features of a sentence.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("deviation", torch.ones(inputs))
        self.own = nn.Linear(inputs, HIDDEN)
        self.before = nn.Linear(inputs, HIDDEN, bias=False)
        self.after = nn.Linear(inputs, HIDDEN, bias=False)
        self.inner = nn.Linear(HIDDEN, HIDDEN)
        self.out = nn.Linear(HIDDEN, 1)
        self.plain = nn.Linear(inputs, 1, bias=False)
        nn.init.zeros_(self.plain.weight)

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Score sentences: (groups, sentences, inputs) to (groups, sentences)."""
        x = ((x - self.mean) / self.deviation).clamp(-CLIP, CLIP) * there[..., None]
        hidden = self.own(x)
        hidden = hidden + F.pad(self.before(x)[:, :-1], (0, 0, 1, 0))
        hidden = hidden + F.pad(self.after(x)[:, 1:], (0, 0, 0, 1))
        hidden = F.dropout(F.silu(hidden), DROPOUT, self.training)
        hidden = F.dropout(F.silu(self.inner(hidden)), DROPOUT, self.training)
        scores: torch.Tensor = (self.out(hidden) + self.plain(x))[..., 0]
        return scores


def listwise(scores: torch.Tensor, labels: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """Return the mean of -log of the softmax probability of the sentences with the answer.

    Args:
        scores: (groups, sentences).
        labels: (groups, sentences), 1 for sentences with the answer.
        there: (groups, sentences) bool, False for padding.
    """
    all_of = scores.masked_fill(~there, float("-inf")).logsumexp(1)
    holding = scores.masked_fill(labels < 0.5, float("-inf")).masked_fill(~there, float("-inf"))
    return (all_of - holding.logsumexp(1)).mean()


def squared(scores: torch.Tensor, labels: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error of each group, averaged over groups.

    Args:
        scores: (groups, sentences).
        labels: (groups, sentences).
        there: (groups, sentences) bool, False for padding.
    """
    wrong = (scores - labels).square() * there
    return (wrong.sum(1) / there.sum(1)).mean()


Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def trained(
    groups: Groups,
    chosen: torch.Tensor,
    loss_of: Loss,
    *,
    epochs: int,
    until: float,
    rate: float = 2e-3,
) -> tuple[Head, float]:
    """Train a head.

    Args:
        groups: all groups.
        chosen: numbers of the groups to train on.
        loss_of: from scores, labels and padding mask to a loss.
        epochs: maximum passes.
        until: time of `time.perf_counter` at which to stop.
        rate: maximum learning rate (AdamW, decaying to 0).

    Returns:
        The head and the loss of its last pass.
    """
    torch.manual_seed(0)
    batches = groups.batches(chosen)
    picked = torch.randperm(len(batches))[:12].tolist()
    sample = [groups.batch(batches[i]) for i in picked]
    seen = torch.cat([x[there] for x, _, there in sample])
    head = Head(seen.shape[-1]).to(seen.device)
    head.mean.copy_(seen.mean(0))
    head.deviation.copy_(seen.std(0) + 1e-4)
    del sample, seen
    on_gpu = groups.labels.is_cuda
    optimizer = torch.optim.AdamW(head.parameters(), rate, weight_decay=0.02, fused=on_gpu)
    total = epochs * len(batches)
    step, mean = 0, 0.0
    for epoch in range(epochs):
        losses = []
        for number in torch.randperm(len(batches)).tolist():
            if time.perf_counter() > until:
                break
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, (step + 1) / 50) * (1 - step / total)
            x, labels, there = groups.batch(batches[number])
            loss = loss_of(head(x, there), labels, there)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            step += 1
        if losses:
            mean = float(torch.stack(losses).mean())
        print(f"  epoch {epoch + 1} loss {mean:.4f}", flush=True)
    return head.eval(), mean


@torch.no_grad()
def scored(head: Head, groups: Groups, chosen: torch.Tensor) -> dict[int, torch.Tensor]:
    """Return the scores of each group's sentences, by the group's number.

    Args:
        head: a trained head.
        groups: all groups.
        chosen: numbers of the groups to score.
    """
    found: dict[int, torch.Tensor] = {}
    for batch in groups.batches(chosen):
        x, _, there = groups.batch(batch)
        scores = head(x, there)
        for row, number in enumerate(batch.tolist()):
            found[number] = scores[row, : int(groups.counts[number])]
    return found


def shares(hits: Sequence[bool]) -> dict[str, float]:
    """Return the share of hits in percent, its standard error and n."""
    n = len(hits)
    share = sum(hits) / max(1, n)
    error = (share * (1 - share) / max(1, n)) ** 0.5
    return {"share": round(100 * share, 2), "se": round(100 * error, 2), "n": n}


def rank_correlation(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return Spearman's rank correlation of (sentences,), with ties in their given order."""
    ranks = [x.argsort().argsort().float() for x in (scores, labels)]
    a, b = (rank - rank.mean() for rank in ranks)
    return (a * b).sum() / (a.norm() * b.norm()).clamp_min(1e-6)
