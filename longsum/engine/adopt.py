"""Move the weights of a model that `transformers` loaded into our own forward pass.

`transformers` handles quantizers, shards and older names; its modules have the same names as ours.
No weights are copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from longsum.checkpoint.files import read_shape
from longsum.checkpoint.rope import Rope
from longsum.config import Attention
from longsum.engine.llama import Llama, LlamaSettings
from longsum.engine.modules import RMSNorm
from longsum.errors import InsufficientMemory
from longsum.settings import Setting

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM


def adopted(
    model: LlamaForCausalLM,
    config: Mapping[str, Any],
    rope: Rope,
    *,
    attention: Attention = "auto",
    in_place_of: Callable[[nn.Module], nn.Module] = lambda module: module,
) -> Llama:
    """Return our model with the modules of one of `transformers`.

    Args:
        model: a loaded model on one or more devices; its linear layers may be quantized.
        config: content of its config.json.
        rope: window and RoPE parameters to use.
        attention: how attention is computed.
        in_place_of: returns the replacement for a module.

    Raises:
        UnsupportedModel: the configuration is not a Llama's.
        InsufficientMemory: some weights were left on disk.
    """
    if any(hasattr(module, "_hf_hook") for module in model.modules()):
        from accelerate.hooks import (  # type: ignore[import-untyped]  # not annotated
            remove_hook_from_submodules,
        )

        remove_hook_from_submodules(model)  # they move tensors between devices, as `run` does
    with torch.device("meta"):
        ours = Llama(LlamaSettings(config, read_shape(config), rope, attention))
    for name, module in list(ours.named_modules()):
        if isinstance(module, RMSNorm):
            module.weight = model.get_submodule(name).weight  # type: ignore[assignment]
        elif not list(module.children()):  # a matrix, embeddings, or an activation
            holder, _, own = name.rpartition(".")
            setattr(ours.get_submodule(holder), own, in_place_of(model.get_submodule(name)))
    if any(weight.is_meta for weight in ours.parameters()):
        raise InsufficientMemory(
            "the weights do not fit the devices: some of them were left on disk",
            hint=f"add {Setting('quantize', 'nf4')}, or use a smaller model",
        )
    return ours.eval()
