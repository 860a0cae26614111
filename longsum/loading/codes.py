"""Give a model the 4-bit codes of its matrices, beside its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch

from longsum.checkpoint.gguf import GgufTensor
from longsum.checkpoint.gguf_codes import GROUP, Codes, codes_per_weight, read_codes
from longsum.engine.codes import ROWS, CodeMatrix, CodeSwitch, takes_codes
from longsum.engine.llama import Attention, Llama
from longsum.engine.modules import MLP, Linear

Stored = Mapping[str, GgufTensor]

TOGETHER = {
    "self_attn": ("q_proj", "k_proj", "v_proj"),
    "mlp": ("gate_proj", "up_proj"),
}
"""Matrices that are multiplied by the same states, in one call if all of them are codes."""


def add_codes(model: Llama, stored: Stored) -> None:
    """Let a model multiply few tokens by codes, where this torch can.

    The codes of tied embeddings serve as those of `lm_head`.

    Args:
        model: a model on a CPU with dequantized weights.
        stored: the matrices that their file holds as codes, by Hugging Face's name.
    """
    if not stored or not multiplies_codes():
        return
    model.codes = switch = CodeSwitch()
    for name, layer in model.named_modules():
        if isinstance(layer, Attention | MLP):
            parts = [f"{name}.{part}.weight" for part in TOGETHER[name.rpartition(".")[2]]]
            layer.codes = _codes_of(model, switch, stored, parts)
        elif isinstance(layer, Linear):
            tied = layer is model.lm_head and model.config.shape.tie_word_embeddings
            own = "model.embed_tokens.weight" if tied else f"{name}.weight"
            layer.codes = _codes_of(model, switch, stored, [own])


def _codes_of(
    model: Llama, switch: CodeSwitch, stored: Stored, names: Sequence[str]
) -> CodeMatrix | None:
    """Return the codes of weights together; None if there is no kernel for one of them."""
    if not all(name in stored and takes_codes(model.get_parameter(name)) for name in names):
        return None
    tensors = [stored[name] for name in names]
    if len({codes_per_weight(tensor) for tensor in tensors}) > 1:
        return None
    bias = _bias_of(model, names)
    return CodeMatrix(switch, *(partial(read_codes, tensor) for tensor in tensors), bias=bias)


def _bias_of(model: Llama, names: Sequence[str]) -> torch.Tensor | None:
    """Return the biases of weights, one after the other; None if they have none."""
    stored = dict(model.named_parameters())
    biases = [name.removesuffix("weight") + "bias" for name in names]
    found: list[torch.Tensor] = [stored[bias] for bias in biases if bias in stored]
    return torch.cat(found) if found else None


def multiplies_codes() -> bool:
    """Return whether this torch has the kernel, and it computes what it is known to compute."""
    values = (np.arange(ROWS * GROUP) % 16).astype(np.uint8).reshape(ROWS, GROUP)
    ones = np.ones((ROWS, 1), np.float32)
    matrix = CodeMatrix(CodeSwitch(), lambda: Codes(values, ones, -3 * ones))
    x = torch.eye(GROUP, dtype=torch.bfloat16)[:2]
    try:
        found = matrix(x)
    except (AttributeError, RuntimeError, NotImplementedError):  # no public function of torch
        return False
    return torch.equal(found.float(), torch.from_numpy(values[:, :2].T.astype(np.float32) - 3))
