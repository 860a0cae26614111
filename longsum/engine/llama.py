"""A LLaMA's forward pass over one cache: what `transformers` computes, in fewer steps.

It runs on a CPU and on one or more GPUs, with weights that are not quantized or that `transformers`
has loaded (`adopt.py`). Importing a model of `transformers` takes two seconds, as long as reading
10k tokens with the bundled model; this needs only torch. Modules and parameters have the names of
`LlamaForCausalLM`, whose forward pass is the slow reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeAlias

import torch
from torch import nn

from longsum.checkpoint.files import ModelShape
from longsum.checkpoint.rope import Rope
from longsum.config import Attention as AskedAttention
from longsum.engine.cache import PreallocatedCache, attend_new
from longsum.engine.codes import CodeMatrix, CodeSwitch
from longsum.engine.modules import MLP, Embedding, Linear, RMSNorm
from longsum.engine.rotary import Rotary, rotated
from longsum.errors import UnsupportedModel

Attend: TypeAlias = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, float], torch.Tensor]
"""Takes rotated queries, rotated keys and values of new tokens, each (batch, heads, T, head_dim),
and the factor on the scores; returns the attention output (batch, heads, T, head_dim)."""

DEFAULT_EPS = 1e-6
"""Default of `rms_norm_eps`, as in `transformers`."""


class LlamaSettings:
    """The settings of a model, under the names of config.json.

    Args:
        config: content of config.json.
        shape: the shape read from it.
        rope: window and RoPE parameters to use.
        attention: `auto`, or a slower implementation with the same result.

    Raises:
        UnsupportedModel: only a part of each head is rotated.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        shape: ModelShape,
        rope: Rope,
        attention: AskedAttention = "auto",
    ) -> None:
        self.shape, self.rope, self.attention = shape, rope, attention
        self.vocab_size = shape.vocab_size
        self.max_position_embeddings = rope.window
        self.rope_parameters = dict(rope.parameters)
        self.rms_norm_eps = config.get("rms_norm_eps") or DEFAULT_EPS
        self.hidden_act = config.get("hidden_act") or "silu"
        self.scaled_from = max(rope.window, config.get("max_position_embeddings") or 0)
        """Tokens beyond which dynamic RoPE changes."""
        self._config = dict(config)
        share = rope.parameters.get("partial_rotary_factor", config.get("partial_rotary_factor"))
        if share not in (None, 1) and rope.rope_type != "default":
            raise UnsupportedModel(f"partial_rotary_factor {share} in config.json: a Llama has 1")

    def to_dict(self) -> dict[str, Any]:
        """Return config.json's content with the RoPE parameters and the window in use."""
        taken = {
            "rope_parameters": self.rope_parameters,
            "max_position_embeddings": self.max_position_embeddings,
        }
        return self._config | taken


class Llama(nn.Module):
    """A decoder and its `lm_head`.

    Args:
        settings: sizes, RoPE parameters and attention.
    """

    codes: CodeSwitch | None = None
    """Switch of the 4-bit codes of its matrices, if it has any."""

    def __init__(self, settings: LlamaSettings) -> None:
        super().__init__()
        self.config, shape = settings, settings.shape
        self.model = Decoder(settings)
        self.lm_head = Linear(shape.hidden_size, shape.vocab_size, bias=False)

    @property
    def device(self) -> torch.device:
        """Device of the weights; of several, the one that takes token ids."""
        return self.model.embed_tokens.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Compute dtype."""
        return self.model.norm.weight.dtype

    def forward(
        self,
        input_ids: torch.Tensor,
        cache: PreallocatedCache | None = None,
        logits_to_keep: int = 0,
    ) -> SimpleNamespace:
        """Read tokens after those in the cache.

        Args:
            input_ids: (batch, T).
            cache: tokens read before, to which these are added; None reads the T tokens only.
            logits_to_keep: number of last tokens to return logits for; 0 for all.

        Returns:
            `logits`: (batch, logits_to_keep or T, vocab).
        """
        hidden = self.model(input_ids, cache).last_hidden_state
        return SimpleNamespace(logits=self.logits(hidden[:, -logits_to_keep:]))

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return the logits (…, vocab) of states (…, hidden) after the last norm."""
        found: torch.Tensor = self.lm_head(states.to(self.lm_head.weight.device))
        return found


class Decoder(nn.Module):
    """Embeddings, layers and the last norm.

    Args:
        settings: sizes, RoPE parameters and attention.
    """

    def __init__(self, settings: LlamaSettings) -> None:
        super().__init__()
        shape = settings.shape
        self.attention = settings.attention
        self.rotary = Rotary(settings.rope, shape.head_dim, settings.scaled_from)
        self.embed_tokens = Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(settings) for _ in range(shape.num_hidden_layers))
        self.norm = RMSNorm(shape.hidden_size, settings.rms_norm_eps)

    @property
    def devices(self) -> list[torch.device]:
        """Device of each layer."""
        layers: Any = self.layers  # torch types them as plain modules
        return [layer.input_layernorm.weight.device for layer in layers]

    def forward(
        self, input_ids: torch.Tensor, cache: PreallocatedCache | None = None
    ) -> SimpleNamespace:
        """Return the states of tokens that follow those in the cache.

        Returns:
            `last_hidden_state`: (batch, T, hidden), after the last norm.
        """
        start = cache.length if cache is not None else 0
        held = cache.held if cache is not None else [None] * len(self.layers)
        end = start + input_ids.shape[1]
        states = self.run(
            input_ids,
            torch.arange(start, end, device=input_ids.device),
            [partial(attend_new, held=each, attention=self.attention) for each in held],
            length=end,
        )
        return SimpleNamespace(last_hidden_state=states)

    def run(
        self,
        input_ids: torch.Tensor,
        positions: torch.Tensor,
        attends: Sequence[Attend],
        *,
        length: int,
    ) -> torch.Tensor:
        """Return the states of tokens, with a given attention for each layer.

        Args:
            input_ids: (batch, T).
            positions: (T,).
            attends: attention of each layer.
            length: number of tokens of the text, up to and including these.

        Returns:
            (batch, T, hidden), after the last norm.
        """
        hidden = self.embed_tokens(input_ids)
        cos, sin = self.rotary.angles(positions, hidden.dtype, length)
        for layer, device, attend in zip(self.layers, self.devices, attends, strict=True):
            if hidden.device != device:  # the layers are spread over several devices
                hidden, cos, sin = hidden.to(device), cos.to(device), sin.to(device)
            hidden = layer(hidden, cos, sin, attend)
        states: torch.Tensor = self.norm(hidden.to(self.norm.weight.device))
        return states


class DecoderLayer(nn.Module):
    """Attention and MLP, each with a norm before it and a residual around it.

    Args:
        settings: sizes, the norms' eps, the activation.
    """

    def __init__(self, settings: LlamaSettings) -> None:
        super().__init__()
        shape, eps = settings.shape, settings.rms_norm_eps
        self.input_layernorm = RMSNorm(shape.hidden_size, eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden_size, eps)
        self.mlp = MLP(shape, settings.hidden_act)

    def forward(
        self, hidden: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, attend: Attend
    ) -> torch.Tensor:
        """Return the states after the layer.

        Args:
            hidden: (batch, T, hidden) states.
            cos: (T, 1, head_dim / 2).
            sin: (T, 1, head_dim / 2).
            attend: attention of this layer.

        Returns:
            (batch, T, hidden).
        """
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), cos, sin, attend)
        summed: torch.Tensor = hidden + self.mlp(self.post_attention_layernorm(hidden))
        return summed


class Attention(nn.Module):
    """Causal attention with rotated queries and keys.

    Args:
        shape: the model's shape.
    """

    codes: CodeMatrix | None = None
    """The weights of `q_proj`, `k_proj` and `v_proj` together, as 4-bit codes for few tokens."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.head_dim, self.kv_heads = shape.head_dim, shape.num_key_value_heads
        self.scaling = shape.head_dim**-0.5
        self.q_proj = Linear(shape.hidden_size, shape.attention_size, bias=shape.attention_bias)
        self.k_proj = Linear(shape.hidden_size, shape.key_value_size, bias=shape.attention_bias)
        self.v_proj = Linear(shape.hidden_size, shape.key_value_size, bias=shape.attention_bias)
        self.o_proj = Linear(shape.attention_size, shape.hidden_size, bias=shape.attention_bias)

    def forward(
        self, hidden: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, attend: Attend
    ) -> torch.Tensor:
        """Return the attention output, projected by `o_proj`.

        Args:
            hidden: (batch, T, hidden) normed states.
            cos: (T, 1, head_dim / 2).
            sin: (T, 1, head_dim / 2).
            attend: attention of this layer.

        Returns:
            (batch, T, hidden).
        """
        batch, tokens, _ = hidden.shape
        query, key, value = (each.transpose(1, 2) for each in self._projected(hidden, cos, sin))
        output = attend(query, key, value, self.scaling)
        mixed: torch.Tensor = self.o_proj(output.transpose(1, 2).reshape(batch, tokens, -1))
        return mixed

    def _projected(
        self, hidden: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return rotated queries, rotated keys and values, each (batch, T, heads, head_dim)."""
        each_head = (*hidden.shape[:2], -1, self.head_dim)
        if self.codes is not None and self.codes.takes(hidden):
            together = self.codes(hidden).view(each_head)
            turned = rotated(together[:, :, : -self.kv_heads], cos, sin)
            query, key = turned[:, :, : -self.kv_heads], turned[:, :, -self.kv_heads :]
            return query, key, together[:, :, -self.kv_heads :]
        query = rotated(self.q_proj(hidden).view(each_head), cos, sin)
        key = rotated(self.k_proj(hidden).view(each_head), cos, sin)
        return query, key, self.v_proj(hidden).view(each_head)
