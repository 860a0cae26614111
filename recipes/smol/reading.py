"""Read documents with smol: hidden states, the cache, and the attention of queries.

The whole document is one pass; many queries at once are a second one over its cache, whose
attention probabilities are summed by sentence. Nothing synchronizes with the device, so that tens
of millions of tokens are read in a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from longsum.engine.product_attention import attend_by_products, takes_products
from recipes.smol.base import EPS
from recipes.smol.llama import Layer, Llama, attended

MAX_SCORES = 1 << 28
"""Maximum attention scores of one layer in memory, 4 bytes each."""


@dataclass(frozen=True)
class Read:
    """The cache and states of a document."""

    keys: list[torch.Tensor]
    """Rotated keys of each layer: (1, kv_heads, tokens, head_dim)."""
    values: list[torch.Tensor]
    states: dict[int, torch.Tensor]
    """Normalized states after the requested layers: (tokens, hidden)."""


@dataclass(frozen=True)
class Reader:
    """A model and its table of positions."""

    model: Llama
    table: torch.Tensor
    """Cosines and sines of `Positions`, for the longest document with its queries."""

    def read(self, ids: torch.Tensor, wanted: tuple[int, ...]) -> Read:
        """Read a document.

        Args:
            ids: (tokens,).
            wanted: layers after which states are returned, counted from 1.
        """
        h, cos, sin = self.model.embedded(ids[None], self._places(0, len(ids)), self.table)
        found = Read([], [], {})
        for number, layer in enumerate(self.model.layers, 1):
            query, key, value = layer.projected(h, cos, sin)
            h = layer.after(h, _mixed(query, key, value))
            found.keys.append(key)
            found.values.append(value)
            if number in wanted:
                found.states[number] = self._normal(h, number)[0]
        return found

    def looks(
        self, read: Read, ids: torch.Tensor, weights: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the attention of queries to the document, layer after layer.

        Args:
            read: the document.
            ids: (rows, T), each row a query after the document, padded on the right.
            weights: (rows, groups, T) float32 weights for averaging the tokens of a row.

        Yields:
            Attention probabilities (rows, groups, heads, tokens) float32, and the states after
            the layer (rows, T, hidden), normalized.
        """
        places = self._places(read.keys[0].shape[2], ids.shape[1]).expand(len(ids), -1)
        h, cos, sin = self.model.embedded(ids, places, self.table)
        for number, layer in enumerate(self.model.layers, 1):
            mixed, seen = _looked(layer, h, cos, sin, read, number - 1, weights)
            h = layer.after(h, mixed.to(h.dtype))
            yield seen, self._normal(h, number)

    def _places(self, start: int, count: int) -> torch.Tensor:
        """Return positions: (1, count)."""
        return torch.arange(start, start + count, device=self.model.embedding.device)[None]

    def _normal(self, h: torch.Tensor, number: int) -> torch.Tensor:
        """Return the normalized states after a layer, counted from 1."""
        weight = self.model.norm if number == len(self.model.layers) else None
        return F.rms_norm(h, h.shape[-1:], weight, EPS)


def _mixed(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attend causally as `attended`, faster for bfloat16 on a CPU, without gradients."""
    if not takes_products(query):
        return attended(query, key, value)
    mixed = attend_by_products(query, key, value, query.shape[-1] ** -0.5)
    return mixed.transpose(1, 2).flatten(2)


def _looked(
    layer: Layer,
    h: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    read: Read,
    number: int,
    weights: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend to a document and to the row itself, in float32; see `Reader.looks`."""
    past_key, past_value = (each[number][0].float() for each in (read.keys, read.values))
    query, key, value = layer.projected(h, cos, sin)
    rows, heads, length, dim = query.shape
    kv_heads, tokens = past_key.shape[:2]
    shared = heads // kv_heads
    # (kv_heads, rows, shared * T, head_dim)
    q = query.view(rows, kv_heads, shared, length, dim).transpose(0, 1).float() * dim**-0.5
    q = q.reshape(kv_heads, rows, shared * length, dim)
    k, v = (each.transpose(0, 1).float() for each in (key, value))
    before = q.flatten(1, 2) @ past_key.transpose(1, 2)
    own = q @ k.transpose(-1, -2)  # (kv_heads, rows, shared * T, T)
    hidden = torch.ones(length, length, dtype=torch.bool, device=q.device).triu(1)
    own = own.masked_fill(hidden.repeat(shared, 1), float("-inf"))
    scores = torch.cat([before.view(kv_heads, rows, shared * length, tokens), own], dim=-1)
    probabilities = scores.softmax(-1)
    past = probabilities[..., :tokens]
    out = (past.flatten(1, 2) @ past_value).view_as(q) + probabilities[..., tokens:] @ v
    out = out.view(kv_heads, rows, shared, length, dim).permute(1, 3, 0, 2, 4)
    spread = weights[None, :, None].expand(kv_heads, -1, shared, -1, -1)
    seen = spread @ past.view(kv_heads, rows, shared, length, tokens)
    seen = seen.permute(1, 3, 0, 2, 4).reshape(rows, weights.shape[1], heads, tokens)
    return out.reshape(rows, length, heads * dim), seen


def rows_at_once(heads: int, length: int, tokens: int) -> int:
    """Return the maximum number of rows for `Reader.looks`.

    Args:
        heads: number of heads of the model.
        length: tokens per row.
        tokens: tokens of the document.
    """
    return max(1, MAX_SCORES // (heads * length * (tokens + length)))
