"""Features of each sentence from reading: pooled states, and the attention of queries to it.

They stay complete on the device in float16; `saved` writes a few of their dimensions in 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from recipes.smol.packed import Packed, Query, suffix_tensors
from recipes.smol.reading import Reader, rows_at_once

POOLED = (8, 15, 22, 30)
"""Layers whose states are averaged over a sentence; for the last two, also its last token's."""
LAST = 2
GROUPS = 3
MIN_SHARE = 1e-7
"""Minimum share of attention, added before taking its logarithm."""


@dataclass
class Harvest:
    """Features of the documents read so far."""

    documents: list[Packed] = field(default_factory=list)
    extended: list[bool] = field(default_factory=list)
    """Whether each was read with the window adapter."""
    states: list[torch.Tensor] = field(default_factory=list)
    """States of each document: (sentences, features) float16."""
    looks: list[torch.Tensor] = field(default_factory=list)
    """Attention to each document: (queries, sentences, groups * layers * heads) float16, logarithms
    minus their mean over the sentences."""
    tokens: int = 0

    def of(self, kinds: tuple[str, ...]) -> list[tuple[int, int, Query]]:
        """Return document, row and query of all queries of some kinds."""
        return [
            (number, row, query)
            for number, document in enumerate(self.documents)
            for row, query in enumerate(document.queries)
            if query.kind in kinds
        ]


def sums(x: torch.Tensor, first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """Add up along the last axis from `first` to `last`, both included.

    Args:
        x: (…, tokens).
        first: (sentences,).
        last: (sentences,).

    Returns:
        (…, sentences) float32.
    """
    total = x.double().cumsum(-1)
    return (total[..., last] - total[..., first] + x[..., first]).float()


def pooled(
    states: dict[int, torch.Tensor], first: torch.Tensor, last: torch.Tensor
) -> torch.Tensor:
    """Return each sentence's mean states and those of its last token.

    Args:
        states: (tokens, hidden) states by layer.
        first: (sentences,) first token of each sentence.
        last: (sentences,) last token of each sentence.

    Returns:
        (sentences, features) float16.
    """
    count = (last - first + 1).float()[:, None]
    layers = [states[number] for number in sorted(states)]
    means = [
        ((total := x.double().cumsum(0))[last] - total[first] + x[first]).float() / count
        for x in layers
    ]
    return torch.cat([*means, *(x[last].float() for x in layers[-LAST:])], dim=1).half()


def read_one(reader: Reader, document: Packed) -> tuple[torch.Tensor, torch.Tensor]:
    """Read a document and its queries.

    Returns:
        States (sentences, features) and attention (queries, sentences, features), both float16.
    """
    device = reader.model.embedding.device
    count, heads = len(reader.model.layers), reader.model.heads
    ids = torch.from_numpy(document.ids).to(device, non_blocking=True)
    first = torch.from_numpy(document.first).to(device, non_blocking=True)
    last = torch.from_numpy(document.last).to(device, non_blocking=True)
    layers = tuple(min(number, count) for number in POOLED)
    read = reader.read(ids, layers)
    states = pooled(read.states, first, last)
    read.states.clear()
    asked, weights = suffix_tensors(document.queries)
    asked, weights = asked.to(device, non_blocking=True), weights.to(device, non_blocking=True)
    shape = (len(asked), len(document.first), GROUPS, count, heads)
    looks = torch.empty(shape, dtype=torch.float16, device=device)
    step = rows_at_once(heads, asked.shape[1], len(document.ids))
    for start in range(0, len(asked), step):
        rows = slice(start, start + step)
        for layer, (seen, _) in enumerate(reader.looks(read, asked[rows], weights[rows])):
            mass = sums(seen, first, last).clamp_min(0)  # (rows, groups, heads, sentences)
            looks[rows, :, :, layer] = (mass + MIN_SHARE).log().permute(0, 3, 1, 2).half()
    looks = looks.flatten(2)
    return states, looks - looks.float().mean(1, keepdim=True).half()


def name_of(feature: int, layers: int, heads: int) -> str:
    """Return the name of a feature of the attention.

    Args:
        feature: number of the feature.
        layers: number of layers.
        heads: number of heads per layer.
    """
    group, rest = divmod(feature, layers * heads)
    layer, head = divmod(rest, heads)
    return f"{('asked', 'template', 'last')[group]} layer {layer + 1} head {head}"


def plain_features(document: Packed) -> np.ndarray:
    """Return features of each sentence's position and length: (sentences, 6) float32."""
    count = len(document.first)
    number = np.arange(count)
    length = document.last - document.first + 1
    columns = [
        number / count,
        document.first / len(document.ids),
        np.log1p(number),
        np.log1p(count - number),
        np.log(length),
        np.full(count, np.log(count)),
    ]
    return np.stack(columns, axis=1).astype(np.float32)
