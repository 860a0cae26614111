"""How likely a model finds sentences behind a text that it has read.

All sentences are read against the text's keys and values, none of them seeing another: as fast as
reading them once. `splice.hidden_states` computes the same slowly, with gradients.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from transformers import LlamaForCausalLM
from transformers.models.llama.modeling_llama import rotate_half

from longsum.engine.engine import Engine
from longsum.engine.partial import Merge, attend_part
from recipes.mini.splice import Context

ROWS = 48
"""Sentences read at a time."""


def context_of(model: LlamaForCausalLM, engine: Engine, tokens: int) -> Context:
    """Return what a model, of one key-value head, keeps of the first tokens it read."""
    held = engine.tensors(tokens)
    layers = range(model.config.num_hidden_layers)
    keys, values = (
        [held[f"{layer}.{name}"][0, 0] for layer in layers] for name in ("keys", "values")
    )
    return Context(keys, values)


@torch.inference_mode()
def log_probabilities(
    model: LlamaForCausalLM, context: Context, last: int, rows: Sequence[Sequence[int]]
) -> list[np.ndarray]:
    """Return the log-probability of each token of sentences behind a context.

    Args:
        model: of one key-value head.
        context: what was read, but for the last token.
        last: the last token.
        rows: the sentences' tokens.

    Returns:
        (tokens,) of each sentence.
    """
    found: list[np.ndarray] = [np.zeros(0)] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for start in range(0, len(order), ROWS):
        batch = order[start : start + ROWS]
        ids = torch.zeros(len(batch), len(rows[batch[-1]]), dtype=torch.long)
        for row, number in enumerate(batch):
            given = [last, *rows[number][:-1]]
            ids[row, : len(given)] = torch.tensor(given)
        states = states_behind(model, context, ids)
        for row, number in enumerate(batch):
            wanted = torch.tensor(rows[number])[:, None]
            logits = model.lm_head(states[row, : len(wanted)])
            found[number] = logits.log_softmax(-1).gather(1, wanted)[:, 0].numpy()
    return found


@torch.inference_mode()
def states_behind(model: LlamaForCausalLM, context: Context, ids: torch.Tensor) -> torch.Tensor:
    """Return the last hidden states of rows behind a context.

    Args:
        model: of one key-value head.
        context: what was read.
        ids: (B, T); what a row is filled up with behind its end changes nothing before.

    Returns:
        (B, T, hidden_size).
    """
    count, length = ids.shape
    heads, head_dim = model.config.num_attention_heads, model.config.head_dim
    scale = 1 / math.sqrt(head_dim)
    x = model.model.embed_tokens(ids)
    places = context.tokens + torch.arange(length)
    cos, sin = model.model.rotary_emb(x, places[None])  # (1, T, head_dim)

    def split(projected: torch.Tensor) -> torch.Tensor:  # (B, heads, T, head_dim)
        return projected.view(count, length, -1, head_dim).transpose(1, 2)

    def turned(vectors: torch.Tensor) -> torch.Tensor:
        return vectors * cos + rotate_half(vectors) * sin

    for layer, keys, values in zip(model.model.layers, context.keys, context.values, strict=True):
        normed, attention = layer.input_layernorm(x), layer.self_attn
        query = turned(split(attention.q_proj(normed)))
        key, value = turned(split(attention.k_proj(normed))), split(attention.v_proj(normed))
        merge = Merge()
        # all rows and heads as queries of the one key-value head
        flat = query.reshape(1, 1, -1, head_dim)
        far, lse = attend_part(flat, keys[None, None], values[None, None], scale, causal=False)
        merge.add(far.view(query.shape), lse.view(query.shape[:-1]))
        shape = (count, heads, length, head_dim)
        merge.add(*attend_part(query, key.expand(shape), value.expand(shape), scale, causal=True))
        seen = merge.result(x.dtype).transpose(1, 2).flatten(2)
        x = x + attention.o_proj(seen)
        x = x + layer.mlp(layer.post_attention_layernorm(x))
    return model.model.norm(x)  # type: ignore[no-any-return]
