"""The base model of smol: SmolLM2-135M-Instruct, read from its GGUF file.

Gives plain tensors under Hugging Face's names. GGUF files of llama.cpp hold the rows of queries and
keys in pairs (i, i + 1), where Hugging Face rotates pairs (i, i + head_dim / 2): they are put back.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader
from gguf.quants import dequantize

HIDDEN, MLP, LAYERS, HEADS, KV_HEADS, HEAD_DIM = 576, 1536, 30, 9, 3, 64
VOCABULARY, THETA, EPS, WINDOW = 49152, 100_000.0, 1e-5, 8192
END = 2
"""The token `<|im_end|>`."""

_PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TOP = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}


def read_base(path: Path) -> dict[str, torch.Tensor]:
    """Read the weights of a GGUF file into memory.

    Args:
        path: of the file.

    Returns:
        bfloat16 tensors by their Hugging Face names; the head is tied to `embed_tokens`.
    """
    weights = {}
    for tensor in GGUFReader(path).tensors:
        values = np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        weight = torch.from_numpy(values).bfloat16()
        name = _name_of(tensor.name)
        heads = {"q_proj": HEADS, "k_proj": KV_HEADS}.get(name.split(".")[-2])
        weights[name] = weight if heads is None else _in_halves(weight, heads)
    return weights


def _name_of(name: str) -> str:
    """Return the Hugging Face name of a tensor of llama.cpp."""
    if name in _TOP:
        return _TOP[name]
    _, layer, part, kind = name.split(".")
    return f"model.layers.{layer}.{_PARTS[part]}.{kind}"


def _in_halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Put rows that are rotated together half a head apart instead of side by side."""
    rows, columns = weight.shape
    pairs = weight.view(heads, rows // heads // 2, 2, columns)
    return pairs.transpose(1, 2).reshape(rows, columns)
