"""A LLaMA's forward pass over one cache: what `transformers` computes, in fewer steps.

Importing a model of `transformers` takes two seconds, as long as reading 10k tokens with the
bundled one; this needs torch alone. Modules and parameters bear the names of `LlamaForCausalLM`, so
that weights are loaded by name and the engine runs either. `transformers`' own model is the slow
form of the same, and what runs on GPUs, with quantized weights, and with anything unusual.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import nn
from torch.nn import functional as F

from longsum.engine.attention import NAME, attend_held
from longsum.model.checkpoint import ModelShape
from longsum.model.rope import Rope

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

    from longsum.engine.cache import PreallocatedCache
    from longsum.engine.layers import HeldLayer

AnyLlama: TypeAlias = "LlamaForCausalLM | Llama"
"""What the engine runs."""

DEFAULT_EPS = 1e-6
"""`rms_norm_eps` where config.json has none, as in `transformers`."""


class LlamaSettings:
    """What is asked of a model's configuration, under the names of config.json.

    Args:
        config: the content of config.json.
        shape: read from it.
        rope: window and RoPE parameters to use.
    """

    def __init__(self, config: Mapping[str, Any], shape: ModelShape, rope: Rope) -> None:
        self.shape, self.rope = shape, rope
        self.vocab_size = shape.vocab_size
        self.num_hidden_layers = shape.num_hidden_layers
        self.num_key_value_heads = shape.num_key_value_heads
        self.head_dim = shape.head_dim
        self.exact_kv_layers = shape.exact_kv_layers
        self.max_position_embeddings = rope.window
        self.rope_parameters = dict(rope.parameters)
        self.rms_norm_eps = config.get("rms_norm_eps") or DEFAULT_EPS
        self._attn_implementation = NAME
        self._config = dict(config)

    def to_dict(self) -> dict[str, Any]:
        """Return config.json's content with the RoPE parameters and the window in use."""
        taken = {
            "rope_parameters": self.rope_parameters,
            "max_position_embeddings": self.max_position_embeddings,
        }
        return self._config | taken


def is_supported(config: Mapping[str, Any], shape: ModelShape, rope: Rope) -> bool:
    """Tell whether a model is plain enough: no biases, SiLU, positions as they are or divided.

    What is malformed is left to `transformers` and its report, too.
    """
    return (
        rope.rope_type in ("default", "linear")
        and config.get("hidden_act", "silu") == "silu"
        and isinstance(config.get("rms_norm_eps", DEFAULT_EPS), float | None)
        and shape.head_dim % 2 == 0
        and not (shape.attention_bias or shape.mlp_bias)
    )


class Llama(nn.Module):
    """A decoder and its `lm_head`.

    Args:
        settings: sizes and positions.
    """

    def __init__(self, settings: LlamaSettings) -> None:
        super().__init__()
        self.config = settings
        shape = settings.shape
        self.model = Decoder(settings)
        self.lm_head = Linear(shape.hidden_size, shape.vocab_size, bias=False)

    @property
    def device(self) -> torch.device:
        """Return where the weights are."""
        return self.lm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Return what is computed in."""
        return self.lm_head.weight.dtype

    def forward(
        self,
        input_ids: torch.Tensor,
        cache: PreallocatedCache | None = None,
        use_cache: bool = False,
        logits_to_keep: int = 0,
    ) -> SimpleNamespace:
        """Read tokens behind those the cache holds.

        Args:
            input_ids: (batch, T).
            cache: what was read before, and takes what is read now; None reads T alone.
            use_cache: as `transformers` has it; a cache that is given is always filled.
            logits_to_keep: of how many last tokens logits are wanted; 0 of all.

        Returns:
            `logits`: (batch, kept, vocab).
        """
        hidden = self.model(input_ids, cache).last_hidden_state
        return SimpleNamespace(logits=self.lm_head(hidden[:, -logits_to_keep:]))


class Decoder(nn.Module):
    """Embeddings, layers and the last norm.

    Args:
        settings: sizes and positions.
    """

    def __init__(self, settings: LlamaSettings) -> None:
        super().__init__()
        shape = settings.shape
        self.rope, self.head_dim = settings.rope, shape.head_dim
        self.embed_tokens = Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(
            DecoderLayer(shape, settings.rms_norm_eps) for _ in range(shape.num_hidden_layers)
        )
        self.norm = RMSNorm(shape.hidden_size, settings.rms_norm_eps)

    def forward(
        self,
        input_ids: torch.Tensor,
        cache: PreallocatedCache | None = None,
        use_cache: bool = False,
    ) -> SimpleNamespace:
        """Return the states of tokens behind those the cache holds.

        Returns:
            `last_hidden_state`: (batch, T, hidden), behind the last norm.
        """
        hidden = self.embed_tokens(input_ids)
        start = cache.length if cache is not None else 0
        cos, sin = self.angles(start, input_ids.shape[1], hidden)
        held: list[HeldLayer | None] = [None] * len(self.layers)
        if cache is not None:
            held = list(cache.held)
        for layer, keys_and_values in zip(self.layers, held, strict=True):
            hidden = layer(hidden, cos, sin, keys_and_values)
        return SimpleNamespace(last_hidden_state=self.norm(hidden))

    def angles(
        self, start: int, tokens: int, like: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return cosine and sine of each position's angles, positions divided by s where they are.

        Position Interpolation: arXiv 2306.15595, eq. 4.

        Args:
            start: first position.
            tokens: how many.
            like: has the device and dtype.

        Returns:
            Two of (tokens, 1, head_dim / 2).
        """
        pairs = torch.arange(0, self.head_dim, 2, dtype=torch.float32, device=like.device)
        frequencies = 1.0 / self.rope.rope_theta ** (pairs / self.head_dim)
        if self.rope.rope_type == "linear":
            frequencies = frequencies / self.rope.factor
        positions = torch.arange(start, start + tokens, dtype=torch.float32, device=like.device)
        angles = positions[:, None, None] * frequencies
        return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


class DecoderLayer(nn.Module):
    """Attention and MLP, each behind a norm and beside a residual.

    Args:
        shape: sizes.
        eps: of the norms.
    """

    def __init__(self, shape: ModelShape, eps: float) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(shape.hidden_size, eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden_size, eps)
        self.mlp = MLP(shape)

    def forward(
        self, hidden: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, held: HeldLayer | None
    ) -> torch.Tensor:
        """Return the states (batch, T, hidden) behind the layer."""
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), cos, sin, held)
        summed: torch.Tensor = hidden + self.mlp(self.post_attention_layernorm(hidden))
        return summed


class Attention(nn.Module):
    """Causal attention with rotated queries and keys.

    Args:
        shape: sizes.
    """

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.head_dim = shape.head_dim
        self.scaling = shape.head_dim**-0.5
        self.q_proj = Linear(shape.hidden_size, shape.attention_size, bias=False)
        self.k_proj = Linear(shape.hidden_size, shape.key_value_size, bias=False)
        self.v_proj = Linear(shape.hidden_size, shape.key_value_size, bias=False)
        self.o_proj = Linear(shape.attention_size, shape.hidden_size, bias=False)

    def forward(
        self, hidden: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, held: HeldLayer | None
    ) -> torch.Tensor:
        """Return what each token takes from itself and those before it: (batch, T, hidden)."""
        batch, tokens, _ = hidden.shape
        each_head = (batch, tokens, -1, self.head_dim)
        query = rotated(self.q_proj(hidden).view(each_head), cos, sin).transpose(1, 2)
        key = rotated(self.k_proj(hidden).view(each_head), cos, sin).transpose(1, 2)
        value = self.v_proj(hidden).view(each_head).transpose(1, 2)
        if held is not None:
            key, value = held.update(key, value)
        output = attend_held(query, key, value, self.scaling)
        mixed: torch.Tensor = self.o_proj(output.transpose(1, 2).reshape(batch, tokens, -1))
        return mixed


class MLP(nn.Module):
    """The gated feed-forward part.

    Args:
        shape: sizes.
    """

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.gate_proj = Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.up_proj = Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.down_proj = Linear(shape.intermediate_size, shape.hidden_size, bias=False)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return (batch, T, hidden)."""
        gated = F.silu(self.gate_proj(hidden)) * self.up_proj(hidden)
        output: torch.Tensor = self.down_proj(gated)
        return output


class Linear(nn.Linear):
    """A matrix that is loaded: drawing random numbers for it would import a compiler."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class Embedding(nn.Embedding):
    """Embeddings that are loaded, as `Linear`."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class RMSNorm(nn.Module):
    """Division by the root mean square, in float32 (arXiv 1910.07467).

    Args:
        size: of a state.
        eps: added to the mean square.
    """

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size))
        self.eps = eps

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the states normed and weighted."""
        normed = F.rms_norm(hidden.float(), hidden.shape[-1:], eps=self.eps)
        return self.weight * normed.to(hidden.dtype)


def rotated(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotate pairs (i, i + head_dim / 2) by their position's angles (RoPE, arXiv 2104.09864).

    Args:
        states: (batch, T, heads, head_dim).
        cos: (T, 1, head_dim / 2).
        sin: as cos.
    """
    first, second = states.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
