"""Insert facts into a text that was already read, to train distant retrieval cheaply.

What a row of 32,768 tokens teaches about retrieval is in the few tokens of the fact and of the
question; the rest takes nearly all of the time. So the text is read once, its keys and values are
fixed, and fact and question are read against them, the fact in place of as many tokens. The only
difference from reading the whole is that what follows the fact was read without it. Of the tokens
near neither the fact nor the question, one in a few can represent its neighbours: log(stride) added
to its score compensates for those left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from transformers import LlamaForCausalLM
from transformers.models.llama.modeling_llama import rotate_half

from longsum.checkpoint.rope import read_rope
from longsum.engine.adopt import adopted
from longsum.engine.engine import Engine
from longsum.engine.llama import Llama
from recipes.mini.loop import IGNORE

CHUNK_TOKENS = 1024
NEAR = 64
"""Tokens before a fact or a question that are never left out."""
MASKED = -1e9
"""Added to a score that must not count."""


@dataclass(frozen=True)
class Context:
    """A model's cache of a text: one tensor per layer, each (tokens, head_dim)."""

    keys: list[torch.Tensor]
    values: list[torch.Tensor]
    is_paper: bool = False
    """Whether it is the paper's repeated sentences instead of a text."""

    @property
    def tokens(self) -> int:
        """Number of tokens read."""
        return len(self.keys[0])

    def at(self, places: torch.Tensor) -> Context:
        """Return the cache of some of the tokens: (places,)."""
        return Context([k[places] for k in self.keys], [v[places] for v in self.values])


@dataclass(frozen=True)
class Fact:
    """A fact to insert into a text, and its question."""

    stated: list[int]
    question: list[int]
    answer: list[int]
    start: int
    """Its position in the text, in tokens."""


class Asked(NamedTuple):
    """Facts and questions as rows, to be read against a context."""

    input_ids: torch.Tensor
    """(B, T)."""
    labels: torch.Tensor
    """(B, T), shifted; `IGNORE` except for the answers."""
    positions: torch.Tensor
    """Positions of the rows' tokens: (B, T)."""
    context: Context
    bias: torch.Tensor
    """Added to each token's scores for the context: (B, T, context tokens)."""


def own_forward(model: LlamaForCausalLM) -> Llama:
    """Return our forward pass over a model's weights; both may be used."""
    config = model.config.to_dict()
    return adopted(model, config, read_rope(config))


@torch.no_grad()
def read_context(model: LlamaForCausalLM, ids: Sequence[int], *, is_paper: bool) -> Context:
    """Read a text and return the cache of a model with one key-value head.

    Args:
        model: model to read with.
        ids: tokens of the text.
        is_paper: whether it is the paper's repeated sentences.
    """
    engine = Engine(own_forward(model), capacity=len(ids), chunk_tokens=CHUNK_TOKENS)
    engine.read(ids)
    held = engine.reader.cache.tensors(len(ids))
    layers = range(model.config.num_hidden_layers)
    keys, values = (
        [held[f"{layer}.{name}"][0, 0].clone() for layer in layers] for name in ("keys", "values")
    )
    return Context(keys, values, is_paper)


def asked(
    context: Context, facts: Sequence[Fact], rng: np.random.Generator | None = None, stride: int = 1
) -> Asked:
    """Return rows of facts and questions, with the questions after the context.

    Args:
        context: text they are read against.
        facts: one per row.
        rng: draws the tokens that represent their neighbours; not needed at a stride of 1.
        stride: number of tokens that one represents.
    """
    length = max(len(f.stated) + len(f.question) + len(f.answer) for f in facts)
    shape = (len(facts), length)
    ids, labels = torch.zeros(shape, dtype=torch.long), torch.full(shape, IGNORE)
    positions = torch.full(shape, context.tokens)
    sees = torch.zeros(*shape, context.tokens, dtype=torch.bool)
    places = torch.arange(context.tokens)
    for row, fact in enumerate(facts):
        stated, asks = len(fact.stated), len(fact.question) + len(fact.answer)
        end = stated + asks
        ids[row, :end] = torch.tensor([*fact.stated, *fact.question, *fact.answer])
        positions[row, :stated] = torch.arange(fact.start, fact.start + stated)
        positions[row, stated:end] = torch.arange(context.tokens, context.tokens + asks)
        sees[row, :stated] = places < fact.start
        sees[row, stated:] = (places < fact.start) | (places >= fact.start + stated)
        labels[row, end - len(fact.answer) - 1 : end - 1] = torch.tensor(fact.answer)
    chosen, weight = _representatives(context.tokens, [fact.start for fact in facts], rng, stride)
    bias = torch.where(sees[..., chosen], weight, MASKED)
    return Asked(ids, labels, positions, context.at(chosen), bias)


def _representatives(
    tokens: int, starts: Sequence[int], rng: np.random.Generator | None, stride: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the tokens that represent all, and what is added to their scores."""
    if stride == 1:
        return torch.arange(tokens), torch.zeros(tokens)
    assert rng is not None
    itself = torch.zeros(tokens, dtype=torch.bool)
    for end in (*starts, tokens):
        itself[max(0, end - NEAR) : end] = True
    itself[0] = True  # `<s>`, which represents no other
    drawn = torch.from_numpy(rng.random(tokens) < 1 / stride)
    chosen = torch.nonzero(itself | drawn).flatten()
    return chosen, torch.where(itself[chosen], 0.0, math.log(stride))


def hidden_states(model: LlamaForCausalLM, rows: Asked) -> torch.Tensor:
    """Return the last hidden states of the rows: (B, T, hidden_size)."""
    x = model.model.embed_tokens(rows.input_ids)
    cos, sin = model.model.rotary_emb(x, rows.positions)  # (B, T, head_dim)
    count, length = rows.input_ids.shape
    later = torch.ones(length, length, dtype=torch.bool).triu(1) * MASKED
    heads, head_dim = model.config.num_attention_heads, model.config.head_dim
    for layer, keys, values in zip(
        model.model.layers, rows.context.keys, rows.context.values, strict=True
    ):
        normed, attention = layer.input_layernorm(x), layer.self_attn
        queries = attention.q_proj(normed).view(count, length, heads, head_dim)
        queries = _turned(queries, cos[:, :, None], sin[:, :, None]) / math.sqrt(head_dim)
        own_keys, own_values = _turned(attention.k_proj(normed), cos, sin), attention.v_proj(normed)
        far = queries @ keys.T + rows.bias[:, :, None]
        near = torch.einsum("bthd,bsd->bths", queries, own_keys) + later[None, :, None]
        share = torch.cat([far, near], dim=-1).softmax(-1)
        far_share, near_share = share.split([len(keys), length], dim=-1)
        found = far_share @ values + torch.einsum("bths,bsd->bthd", near_share, own_values)
        x = x + attention.o_proj(found.flatten(2))
        x = x + layer.mlp(layer.post_attention_layernorm(x))
    return model.model.norm(x)  # type: ignore[no-any-return]


def _turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Return vectors rotated by their positions."""
    return x * cos + rotate_half(x) * sin


def answer_loss(model: LlamaForCausalLM, rows: Asked) -> torch.Tensor:
    """Return the mean nats of the answers' tokens."""
    scored = rows.labels != IGNORE
    logits = model.lm_head(hidden_states(model, rows)[scored])
    return F.cross_entropy(logits, rows.labels[scored])


@torch.no_grad()
def found(model: LlamaForCausalLM, rows: Asked) -> list[bool]:
    """Return for each row whether the model would write the whole answer."""
    predicted = model.lm_head(hidden_states(model, rows)).argmax(-1)
    right = (predicted == rows.labels) | (rows.labels == IGNORE)
    return right.all(dim=1).tolist()  # type: ignore[no-any-return]
