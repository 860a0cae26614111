"""Initial weights that can copy: an induction circuit, set by hand before training.

Two layers find what has been read (Olsson et al. 2022, arXiv 2209.11895): a head of the first
writes to each position what came before it; a head of the second looks for positions whose
"before" is like the present, and copies the token there. Small models take hundreds of
millions of tokens to form the two from random weights. Setting weights by hand so that attention
starts with the form it would learn is known as mimetic initialization (Trockman and Kolter 2023,
arXiv 2305.09828); here it is the circuit itself. Training is free to change all of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from transformers import LlamaForCausalLM


@dataclass(frozen=True)
class Circuit:
    """Strengths of the circuit, found by what it copies untrained."""

    embedding_std: float = 0.08
    """Standard deviation of an embedding's entries in the token subspace."""
    constant: float = 5.0
    """Entry shared by all embeddings, in units of `embedding_std`, which position heads look at."""
    noise_std: float = 0.002
    """Standard deviation of an embedding's other entries."""
    fast_pairs: int = 12
    """Number of RoPE pairs that distinguish neighbours."""
    sharpness: float = 4.0
    """Attention score that a fast pair adds at the target distance (nats)."""
    written: float = 2.0
    """Size of what the first layer writes, in units of the embedding."""
    match: float = 2.0
    """Weight of the similarity of a query and a key."""
    copied: float = 20.0
    """Size of what the second layer writes, in units of the embedding."""


@torch.no_grad()
def set_induction_circuit(
    model: LlamaForCausalLM, circuit: Circuit = Circuit(), seed: int = 0
) -> None:
    """Set embeddings and the attention of the first two layers so that the model copies.

    Two heads of the first layer write down the token before and the one before that. A head of the
    second looks for positions whose two predecessors are the present token and its predecessor.

    Args:
        model: a model with two or more query heads, one key-value head and tied embeddings.
        circuit: strengths of the circuit.
        seed: seed of the random subspaces.
    """
    config = model.config
    width, head_dim = config.hidden_size, config.head_dim
    generator = torch.Generator().manual_seed(seed)
    tokens = min(head_dim, width // 2)
    half = (width - tokens - 1) // 2
    basis = torch.linalg.qr(torch.randn(width, width, generator=generator))[0].T  # (width, width)
    constant, token, before, earlier, _ = basis.split(
        [1, tokens, half, half, width - tokens - 1 - 2 * half]
    )
    rms = _set_embeddings(model, circuit, constant[0], token, generator)
    values = torch.zeros(head_dim, width)
    values[:tokens] = token
    shorten = torch.randn(half, head_dim, generator=generator) / math.sqrt(tokens)

    # the constant entry after the RMSNorm
    set_position_heads(model, constant[0], circuit.constant * circuit.embedding_std / rms, circuit)
    first = model.model.layers[0].self_attn
    first.v_proj.weight.copy_(values)
    for head, place in enumerate((before, earlier)):
        rows = slice(head * head_dim, (head + 1) * head_dim)
        first.o_proj.weight[:, rows] = place.T @ shorten * circuit.written * rms

    second = model.model.layers[1].self_attn
    for weight in (second.q_proj.weight[:head_dim], second.k_proj.weight):
        weight.zero_()
    now = shorten @ values * circuit.written  # the present token, as if it had been written
    for dimensions, asked, found in zip(
        _slow_dimensions(model), (now, before), (before, earlier), strict=True
    ):
        size = max(half, len(dimensions))
        project = torch.linalg.qr(torch.randn(size, size, generator=generator))[0]
        project = project[: len(dimensions), :half] * circuit.match
        second.q_proj.weight[dimensions] = project @ asked
        second.k_proj.weight[dimensions] = project @ found
    second.v_proj.weight.copy_(values)
    second.o_proj.weight[:, :head_dim] = values.T * rms * circuit.copied


@torch.no_grad()
def set_position_heads(
    model: LlamaForCausalLM,
    direction: torch.Tensor,
    size: float,
    circuit: Circuit = Circuit(),
) -> None:
    """Set queries and keys of the first layer so that heads see one and two tokens back.

    Positions may be interpolated. Divided by s, neighbours are s times closer, and the scores that
    distinguish them differ s² times less (cos x ≈ 1 - x²/2), so the queries are scaled by s².

    Args:
        model: a model with one key-value head and two or more query heads.
        direction: a unit vector with a positive share in all inputs of the layer: (hidden_size,).
        size: mean size of that share.
        circuit: strengths of the circuit.
    """
    head_dim, pairs = model.config.head_dim, circuit.fast_pairs
    first = model.model.layers[0].self_attn
    key = torch.zeros(head_dim)
    key[:pairs] = 1.0
    key[head_dim // 2 - pairs : head_dim // 2] = 1.0
    first.k_proj.weight.copy_(torch.outer(key, direction))
    strength = math.sqrt(head_dim) * circuit.sharpness * position_scale(model) ** 2 / size**2
    for head in (0, 1):
        rows = slice(head * head_dim, (head + 1) * head_dim)
        looks = _query_for_distance(head + 1, pairs, head_dim, model)
        first.q_proj.weight[rows] = torch.outer(strength * looks, direction)


@torch.no_grad()
def common_direction(
    model: LlamaForCausalLM, token_ids: torch.Tensor
) -> tuple[torch.Tensor, float]:
    """Return a direction that the first layer's inputs share, and how much of it they have.

    Args:
        model: a trained model.
        token_ids: tokens of a text, so that frequent tokens count most: (tokens,).
    """
    inputs = model.model.layers[0].input_layernorm(model.model.embed_tokens(token_ids))
    mean = inputs.mean(0)
    size = mean.norm()
    return mean / size, size.item()


def _set_embeddings(
    model: LlamaForCausalLM,
    circuit: Circuit,
    constant: torch.Tensor,
    token: torch.Tensor,
    generator: torch.Generator,
) -> float:
    """Set the embeddings and return their root mean square, which the RMSNorm divides by."""
    weight = model.model.embed_tokens.weight  # (vocabulary, width)
    vocabulary, width = weight.shape
    drawn = torch.randn(vocabulary, len(token), generator=generator) @ token
    noise = torch.randn(vocabulary, width, generator=generator)
    shared = constant * circuit.embedding_std * circuit.constant
    weight.copy_(drawn * circuit.embedding_std + noise * circuit.noise_std + shared)
    return weight.pow(2).mean().sqrt().item()


def position_scale(model: LlamaForCausalLM) -> float:
    """Return s, by which Position Interpolation divides positions."""
    scale: float = model.config.rope_parameters.get("factor", 1.0)
    return scale


def frequencies(model: LlamaForCausalLM) -> torch.Tensor:
    """Return RoPE's angle per token for each pair: (head_dim / 2,)."""
    half = model.config.head_dim // 2
    theta: float = model.config.rope_parameters["rope_theta"]
    return theta ** (-torch.arange(half) / half) / position_scale(model)


def _query_for_distance(
    distance: float, pairs: int, head_dim: int, model: LlamaForCausalLM
) -> torch.Tensor:
    """Return a query whose score with a constant key is Σ_j (cos(θ_j (m - n - distance)) - 1).

    As many of the slowest pairs, which hardly turn, subtract the score at that distance: it is zero
    there and negative elsewhere, whatever the size of the constant in a token's key.
    """
    angle = frequencies(model)[:pairs] * -distance
    half = head_dim // 2
    query = torch.zeros(head_dim)
    query[:pairs] = angle.cos()
    query[half : half + pairs] = angle.sin()
    query[half - pairs : half] = -1.0
    return query


def _slow_dimensions(model: LlamaForCausalLM) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the dimensions whose pairs turn by less than about a radian within the window.

    Similarity must not depend on the distance. They are split into two halves, one for each token
    that is compared.
    """
    turned = frequencies(model) * model.config.max_position_embeddings
    pairs = torch.nonzero(turned < 1.0).flatten()
    half = model.config.head_dim // 2
    return tuple(torch.cat([some, some + half]) for some in (pairs[0::2], pairs[1::2]))  # type: ignore[return-value]
