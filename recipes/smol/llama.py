"""smol for training and reading: frozen weights, LoRA matrices, arbitrary positions.

`transformers` is not used here: it treats a jump in positions as the border between two packed
texts (`find_packed_sequence_indices`) and hides the first from the second, so that rows with
skipped positions would not teach any distance.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from longsum.checkpoint.packed import unpack
from longsum.checkpoint.rope import Rope
from longsum.engine.product_attention import attend_by_products, takes_products
from longsum.engine.rotary import frequencies
from recipes.smol.base import EPS, HEAD_DIM, THETA

LINEAR = {
    "self_attn.q_proj": "q",
    "self_attn.k_proj": "k",
    "self_attn.v_proj": "v",
    "self_attn.o_proj": "o",
    "mlp.gate_proj": "gate",
    "mlp.up_proj": "up",
    "mlp.down_proj": "down",
}
LOGITS_AT_ONCE = 4096


@dataclass(frozen=True)
class Positions:
    """How positions become angles."""

    factor: float = 1.0
    """Factor of Position Interpolation, which divides positions (arXiv 2306.15595, eq. 4)."""
    theta: float = THETA
    """Base of the frequencies; a larger one is NTK-aware scaling."""
    yarn: float = 0.0
    """Factor of YaRN (arXiv 2309.00071) instead; 0 for none."""
    native: int = 8192
    """Window the base was trained with, for YaRN."""
    head_dim: int = HEAD_DIM

    def frequencies(self) -> tuple[torch.Tensor, float]:
        """Return the (head_dim / 2,) angles per token, and a factor on cosines and sines."""
        kind, factor = ("yarn", self.yarn) if self.yarn else ("linear", self.factor)
        block = {"factor": factor, "original_max_position_embeddings": self.native}
        window = int(factor * self.native)
        rope = Rope(kind, factor, self.native, window, self.theta, block, reason="")
        return frequencies(rope, self.head_dim)

    def table(self, tokens: int) -> torch.Tensor:
        """Return cosines and sines of all positions: (2, tokens, head_dim / 2) float32."""
        step, scale = self.frequencies()
        angles = torch.arange(tokens, dtype=torch.float64)[:, None] * step.double()
        return torch.stack((angles.cos(), angles.sin())).float() * scale


class Lora(nn.Module):
    """A frozen matrix and a trained product of two thin ones (arXiv 2106.09685).

    Args:
        weight: (rows, columns).
        rank: rank of the product; 0 for none.
        scale: factor on the product.
        seed: seed of the first thin matrix; the second starts with zeros.
    """

    def __init__(self, weight: torch.Tensor, rank: int, scale: float, seed: int) -> None:
        super().__init__()
        self.weight = nn.Buffer(weight)
        self.scale = scale
        rows, columns = weight.shape
        if rank:
            generator = torch.Generator().manual_seed(seed)
            a = torch.randn(rank, columns, generator=generator) / math.sqrt(columns)
            self.a, self.b = nn.Parameter(a), nn.Parameter(torch.zeros(rows, rank))
        else:
            self.a = self.b = None  # type: ignore[assignment]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (…, rows)."""
        y = F.linear(x, self.weight)
        if self.a is None:
            return y
        thin = F.linear(x, self.a.to(x.dtype))
        return y + F.linear(thin, self.b.to(x.dtype)) * self.scale


class Layer(nn.Module):
    """One decoder layer.

    Args:
        weights: weights by Hugging Face's names.
        number: number of the layer.
        rank: rank of the LoRA products; 0 for none.
        scale: factor on the LoRA products.
        head_dim: number of values per head.
    """

    def __init__(
        self,
        weights: Mapping[str, torch.Tensor],
        number: int,
        rank: int,
        scale: float,
        head_dim: int,
    ) -> None:
        super().__init__()
        self.head_dim = head_dim
        at = f"model.layers.{number}."
        for i, (name, short) in enumerate(LINEAR.items()):
            lora = Lora(weights[f"{at}{name}.weight"], rank, scale, seed=100 * number + i)
            setattr(self, short, lora)
        self.norm1 = nn.Buffer(weights[f"{at}input_layernorm.weight"])
        self.norm2 = nn.Buffer(weights[f"{at}post_attention_layernorm.weight"])

    def forward(self, h: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        """Return the states after the layer.

        Args:
            h: (B, T, hidden).
            cos: (B, 1, T, head_dim / 2).
            sin: (B, 1, T, head_dim / 2).

        Returns:
            (B, T, hidden).
        """
        return self.after(h, attended(*self.projected(h, cos, sin)))

    def projected(
        self, h: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return rotated queries, rotated keys and values.

        Args:
            h: (B, T, hidden).
            cos: (B, 1, T, head_dim / 2).
            sin: (B, 1, T, head_dim / 2).

        Returns:
            Three tensors (B, heads, T, head_dim).
        """
        x = F.rms_norm(h, h.shape[-1:], self.norm1, EPS)
        query, key, value = (
            each(x).view(*h.shape[:2], -1, self.head_dim).transpose(1, 2)
            for each in (self.q, self.k, self.v)
        )
        return rotated(query, cos, sin), rotated(key, cos, sin), value

    def after(self, h: torch.Tensor, mixed: torch.Tensor) -> torch.Tensor:
        """Return the states after the layer, given the attention output (B, T, heads * dim)."""
        h = h + self.o(mixed)
        x = F.rms_norm(h, h.shape[-1:], self.norm2, EPS)
        return h + self.down(F.silu(self.gate(x)) * self.up(x))


class Llama(nn.Module):
    """The decoder with its tied head.

    Args:
        weights: bfloat16 (or float32, for tests) weights by Hugging Face's names.
        rank: rank of the LoRA products; 0 for none.
        scale: factor on the LoRA products.
        head_dim: number of values per head.
    """

    def __init__(
        self,
        weights: Mapping[str, torch.Tensor],
        rank: int = 0,
        scale: float = 2.0,
        head_dim: int = HEAD_DIM,
    ) -> None:
        super().__init__()
        count = sum(name.endswith("input_layernorm.weight") for name in weights)
        self.embedding = nn.Buffer(weights["model.embed_tokens.weight"])
        self.norm = nn.Buffer(weights["model.norm.weight"])
        self.layers = nn.ModuleList(Layer(weights, i, rank, scale, head_dim) for i in range(count))
        self.heads = weights["model.layers.0.self_attn.q_proj.weight"].shape[0] // head_dim

    def forward(
        self, ids: torch.Tensor, positions: torch.Tensor, table: torch.Tensor
    ) -> torch.Tensor:
        """Return the last states, normed.

        Args:
            ids: (B, T).
            positions: (B, T) rows of the table.
            table: cosines and sines of `Positions`.

        Returns:
            (B, T, hidden).
        """
        h, cos, sin = self.embedded(ids, positions, table)
        for layer in self.layers:
            h = layer(h, cos, sin)
        return F.rms_norm(h, h.shape[-1:], self.norm, EPS)

    def embedded(
        self, ids: torch.Tensor, positions: torch.Tensor, table: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the input of the first layer, and its cosines and sines.

        Args:
            ids: (B, T).
            positions: (B, T) rows of the table.
            table: cosines and sines of `Positions`.

        Returns:
            (B, T, hidden), and two tensors (B, 1, T, head_dim / 2).
        """
        h = F.embedding(ids, self.embedding)
        cos, sin = table[:, positions].unsqueeze(2).to(h.dtype)  # (B, 1, T, head_dim / 2)
        return h, cos, sin

    def adapter(self) -> dict[str, torch.Tensor]:
        """Return the LoRA matrices under peft's names."""
        found = {}
        for number, layer in enumerate(self.layers):
            for name, short in LINEAR.items():
                lora = getattr(layer, short)
                at = f"base_model.model.model.layers.{number}.{name}.lora_"
                found[f"{at}A.weight"], found[f"{at}B.weight"] = lora.a, lora.b
        return found

    @torch.no_grad()
    def load_adapter(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Load the LoRA matrices of an adapter."""
        for name, parameter in self.adapter().items():
            parameter.copy_(tensors[name])


def merged(
    weights: Mapping[str, torch.Tensor], adapter: Mapping[str, torch.Tensor], scale: float = 2.0
) -> dict[str, torch.Tensor]:
    """Return weights with an adapter's products added, in the weights' dtype.

    Args:
        weights: weights by Hugging Face's names.
        adapter: LoRA matrices under peft's names.
        scale: factor on their products.
    """
    found = dict(weights)
    for name in adapter:
        if name.endswith("lora_A.weight"):
            target = name.removeprefix("base_model.model.").replace("lora_A.weight", "weight")
            a, b = adapter[name].float(), adapter[name.replace("lora_A", "lora_B")].float()
            found[target] = (weights[target].float() + scale * (b @ a)).to(weights[target].dtype)
    return found


def read_adapter(path: Path) -> tuple[dict[str, torch.Tensor], float]:
    """Return an adapter in peft's format, and the factor on its products.

    Args:
        path: its folder, or its safetensors file; also packed, as it is shipped.
    """
    file = path / "adapter_model.safetensors" if path.is_dir() else path
    tensors, config = unpack(load_file(file), torch.float32), file.parent / "adapter_config.json"
    stated = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    rank = next(down.shape[0] for name, down in tensors.items() if ".lora_A." in name)
    return tensors, stated.get("lora_alpha", 2 * rank) / stated.get("r", rank)


def attended(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attend causally.

    Args:
        query: (B, heads, T, head_dim).
        key: (B, kv_heads, T, head_dim).
        value: (B, kv_heads, T, head_dim).

    Returns:
        (B, T, heads * head_dim).
    """
    if takes_products(query) and not torch.is_grad_enabled():
        # as the program reads: faster where bfloat16 is multiplied fast
        mixed = attend_by_products(query, key, value, query.shape[-1] ** -0.5)
    else:
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
    return mixed.transpose(1, 2).flatten(2)


def rotated(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotate pairs (i, i + head_dim / 2) by their position's angles.

    Args:
        states: (B, heads, T, head_dim).
        cos: (B, 1, T, head_dim / 2).
        sin: (B, 1, T, head_dim / 2).
    """
    first, second = states.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class _SummedLoss(torch.autograd.Function):
    """Sum of the losses, with the states' gradient computed in parts, without storing logits."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: torch.autograd.function.FunctionCtx,
        states: torch.Tensor,
        targets: torch.Tensor,
        embedding: torch.Tensor,
    ) -> torch.Tensor:
        total, grads = states.new_zeros((), dtype=torch.float32), []
        for part, wanted in zip(
            states.split(LOGITS_AT_ONCE), targets.split(LOGITS_AT_ONCE), strict=True
        ):
            with torch.enable_grad():
                x = part.detach().requires_grad_()
                loss = F.cross_entropy(F.linear(x, embedding).float(), wanted, reduction="sum")
                grads.append(torch.autograd.grad(loss, x)[0])
            total += loss.detach()
        ctx.save_for_backward(torch.cat(grads))
        return total

    @staticmethod
    def backward(  # type: ignore[override]
        ctx: torch.autograd.function.FunctionCtx, grad: torch.Tensor
    ) -> tuple[torch.Tensor, None, None]:
        (of_states,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return of_states * grad, None, None


def mean_loss(model: Llama, states: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return the mean loss of predicting each next token of rows, in nats.

    Args:
        model: model whose head is used.
        states: (B, T, hidden).
        ids: (B, T).
    """
    targets = ids[:, 1:].reshape(-1)
    flat = states[:, :-1].reshape(-1, states.shape[-1])
    summed: torch.Tensor = _SummedLoss.apply(flat, targets, model.embedding)
    return summed / targets.numel()


@torch.no_grad()
def token_losses(model: Llama, states: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return the loss of predicting each next token, in nats.

    Args:
        model: model whose head is used.
        states: (B, T, hidden).
        ids: (B, T).

    Returns:
        (B, T - 1) float32.
    """
    rows = []
    for state, row in zip(states, ids, strict=True):
        parts = zip(state[:-1].split(LOGITS_AT_ONCE), row[1:].split(LOGITS_AT_ONCE), strict=True)
        found = [
            F.cross_entropy(F.linear(x, model.embedding).float(), y, reduction="none")
            for x, y in parts
        ]
        rows.append(torch.cat(found))
    return torch.stack(rows)
