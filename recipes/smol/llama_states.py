"""Read documents with a small Llama: hidden states, the cache, and where later words look.

The whole document is one pass; what is asked is a second one over its cache, many questions at
once, whose attention probabilities are computed and added up sentence by sentence. Few kernels, no
waiting for the device: for reading tens of millions of tokens in a minute.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from recipes.smol.base import EPS, HEAD_DIM, HEADS, KV_HEADS, LAYERS, THETA
from recipes.smol.llama import merged as with_products

Weights = Mapping[str, torch.Tensor]
_JOINED = {
    "self_attn.qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "mlp.gate_up": ("mlp.gate_proj", "mlp.up_proj"),
}
MOST_SCORES = 1 << 28
"""Attention scores of one layer that are held at once, 4 bytes each."""


@dataclass(frozen=True)
class Form:
    """The shape of a Llama, and how it turns positions."""

    layers: int = LAYERS
    heads: int = HEADS
    kv_heads: int = KV_HEADS
    head_dim: int = HEAD_DIM
    theta: float = THETA
    eps: float = EPS
    factor: float = 1.0
    """Of Position Interpolation."""


@dataclass(frozen=True)
class Read:
    """What a document left behind."""

    keys: list[torch.Tensor]
    """Of each layer (tokens, kv_heads, head_dim), turned."""
    values: list[torch.Tensor]
    states: dict[int, torch.Tensor]
    """After the layers wanted, normalized: (tokens, hidden)."""


def merged(weights: Weights, adapter: Path | None) -> dict[str, torch.Tensor]:
    """Return weights with a LoRA adapter in peft's format added to them.

    Args:
        weights: by their Hugging Face names.
        adapter: its folder or safetensors file; None changes nothing.
    """
    if adapter is None:
        return dict(weights)
    file = adapter / "adapter_model.safetensors" if adapter.is_dir() else adapter
    tensors = load_file(file)
    config = file.parent / "adapter_config.json"
    told = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    rank = next(down.shape[0] for name, down in tensors.items() if ".lora_A." in name)
    return with_products(weights, tensors, told.get("lora_alpha", 64) / told.get("r", rank))


class Llama:
    """The forward pass.

    Args:
        weights: by their Hugging Face names.
        form: the shape.
        device: where it runs.
        dtype: of weights and states.
        most_tokens: longest document with what is asked.
    """

    def __init__(
        self,
        weights: Weights,
        form: Form,
        device: torch.device,
        dtype: torch.dtype,
        most_tokens: int,
    ) -> None:
        self.form = form
        self.expand = not shares_keys(device, dtype)
        self.embedding = weights["model.embed_tokens.weight"].to(device, dtype)
        self.norm = weights["model.norm.weight"].to(device, dtype)
        self.layers: list[dict[str, torch.Tensor]] = []
        for number in range(form.layers):
            prefix = f"model.layers.{number}."
            own = {
                name.removeprefix(prefix).removesuffix(".weight"): tensor.to(device, dtype)
                for name, tensor in weights.items()
                if name.startswith(prefix)
            }
            for name, parts in _JOINED.items():
                own[name] = torch.cat([own.pop(part) for part in parts])
            self.layers.append(own)
        pairs = torch.arange(0, form.head_dim, 2, dtype=torch.float32) / form.head_dim
        places = torch.arange(most_tokens, dtype=torch.float32) / form.factor
        angles = torch.outer(places, 1.0 / form.theta**pairs)  # (tokens, head_dim / 2)
        cos, sin = angles.cos(), angles.sin()
        self.cos = torch.cat([cos, cos], dim=1).to(device, dtype)
        self.sin = torch.cat([-sin, sin], dim=1).to(device, dtype)
        """Its first half is negative: it meets the second half of what is turned."""

    def _turned(self, x: torch.Tensor, start: int) -> torch.Tensor:
        """Rotate (…, tokens, heads, head_dim), whose first token has the position `start`."""
        tokens, half = x.shape[-3], x.shape[-1] // 2
        cos = self.cos[start : start + tokens, None]
        sin = self.sin[start : start + tokens, None]
        crossed = torch.cat([x[..., half:], x[..., :half]], dim=-1)
        return torch.addcmul(x * cos, crossed, sin)

    def _projected(
        self, layer: dict[str, torch.Tensor], x: torch.Tensor, start: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return queries, keys and values of (…, tokens, hidden), each (…, tokens, heads, dim)."""
        f = self.form
        normal = F.rms_norm(x, x.shape[-1:], layer["input_layernorm"], f.eps)
        joined = F.linear(normal, layer["self_attn.qkv"])
        joined = joined.view(*x.shape[:-1], f.heads + 2 * f.kv_heads, f.head_dim)
        turned = self._turned(joined[..., : f.heads + f.kv_heads, :], start)
        return (
            turned[..., : f.heads, :],
            turned[..., f.heads :, :],
            joined[..., f.heads + f.kv_heads :, :],
        )

    def _after(
        self, layer: dict[str, torch.Tensor], x: torch.Tensor, attended: torch.Tensor
    ) -> torch.Tensor:
        """Return the states after a layer: (…, hidden), of (…, heads * head_dim)."""
        x = x + F.linear(attended, layer["self_attn.o_proj"])
        normal = F.rms_norm(x, x.shape[-1:], layer["post_attention_layernorm"], self.form.eps)
        gate, up = F.linear(normal, layer["mlp.gate_up"]).chunk(2, dim=-1)
        return x + F.linear(F.silu(gate) * up, layer["mlp.down_proj"])

    def _normal(self, x: torch.Tensor, number: int) -> torch.Tensor:
        """Return the states after a layer, counted from 1, each token's of the same length."""
        weight = self.norm if number == self.form.layers else None
        return F.rms_norm(x, x.shape[-1:], weight, self.form.eps)

    def read(self, ids: torch.Tensor, wanted: tuple[int, ...]) -> Read:
        """Read a document.

        Args:
            ids: (tokens,).
            wanted: layers after which states are returned, counted from 1.
        """
        x = F.embedding(ids, self.embedding)
        found = Read([], [], {})
        for number, layer in enumerate(self.layers, 1):
            query, key, value = self._projected(layer, x, 0)
            shared = self.form.heads // self.form.kv_heads if self.expand else 1
            attended = F.scaled_dot_product_attention(
                query.transpose(0, 1)[None],
                many(key, shared).transpose(0, 1)[None],
                many(value, shared).transpose(0, 1)[None],
                is_causal=True,
                enable_gqa=not self.expand,
            )
            x = self._after(layer, x, attended[0].transpose(0, 1).flatten(1))
            found.keys.append(key)
            found.values.append(value)
            if number in wanted:
                found.states[number] = self._normal(x, number)
        return found

    def looks(
        self, read: Read, ids: torch.Tensor, weights: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield where what is asked looks in the document, layer after layer.

        Args:
            read: the document.
            ids: (rows, T), each row one text that follows the document, padded on the right.
            weights: (rows, groups, T) float32; how the tokens of a row are added up.

        Yields:
            Attention probabilities (rows, groups, heads, tokens) float32, and the states after
            the layer (rows, T, hidden), normalized.
        """
        start = read.keys[0].shape[0]
        x = F.embedding(ids, self.embedding)
        for number, layer in enumerate(self.layers, 1):
            query, key, value = self._projected(layer, x, start)
            attended, seen = self._attended(
                query, key, value, read.keys[number - 1], read.values[number - 1], weights
            )
            x = self._after(layer, x, attended.to(x.dtype))
            yield seen, self._normal(x, number)

    def _attended(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        past_key: torch.Tensor,
        past_value: torch.Tensor,
        weights: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Attend to a document and to the row itself, in float32; see `looks`."""
        f = self.form
        rows, length = query.shape[:2]
        shared, tokens = f.heads // f.kv_heads, past_key.shape[0]
        # (kv_heads, rows, shared * T, head_dim)
        q = query.reshape(rows, length, f.kv_heads, shared, f.head_dim).permute(2, 0, 3, 1, 4)
        q = (q.float() * f.head_dim**-0.5).reshape(f.kv_heads, rows, shared * length, f.head_dim)
        k, v = (each.permute(2, 0, 1, 3).float() for each in (key, value))
        before = q.flatten(1, 2) @ past_key.permute(1, 2, 0).float()
        own = q @ k.transpose(-1, -2)  # (kv_heads, rows, shared * T, T)
        hidden = torch.ones(length, length, dtype=torch.bool, device=q.device).triu(1)
        own = own.masked_fill(hidden.repeat(shared, 1), float("-inf"))
        scores = torch.cat([before.view(f.kv_heads, rows, shared * length, tokens), own], dim=-1)
        probabilities = scores.softmax(-1)
        past = probabilities[..., :tokens]
        out = past.flatten(1, 2) @ past_value.transpose(0, 1).float()
        out = out.view_as(q) + probabilities[..., tokens:] @ v
        out = out.view(f.kv_heads, rows, shared, length, f.head_dim).permute(1, 3, 0, 2, 4)
        spread = weights[None, :, None].expand(f.kv_heads, -1, shared, -1, -1)
        seen = spread @ past.view(f.kv_heads, rows, shared, length, tokens)
        seen = seen.permute(1, 3, 0, 2, 4).reshape(rows, weights.shape[1], f.heads, tokens)
        return out.reshape(rows, length, f.heads * f.head_dim), seen


def many(x: torch.Tensor, times: int) -> torch.Tensor:
    """Repeat each head: (tokens, heads, head_dim)."""
    return x if times == 1 else x.repeat_interleave(times, 1)


def shares_keys(device: torch.device, dtype: torch.dtype) -> bool:
    """Tell whether the flash kernel lets query heads share a key head."""
    if device.type != "cuda":
        return True
    query = torch.zeros(1, 2, 16, 64, device=device, dtype=dtype)
    try:
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            F.scaled_dot_product_attention(
                query, query[:, :1], query[:, :1], is_causal=True, enable_gqa=True
            )
    except RuntimeError:
        return False
    return True


def rows_at_once(heads: int, length: int, tokens: int) -> int:
    """Return how many rows `looks` may take at once."""
    return max(1, MOST_SCORES // (heads * length * (tokens + length)))
