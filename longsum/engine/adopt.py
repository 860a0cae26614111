"""Move the weights of a model that `transformers` loaded into our own forward pass.

`transformers` knows quantizers, shards and older names; what it has loaded are modules, and ours
bear the same names. Nothing is copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from longsum.checkpoint.files import read_shape
from longsum.checkpoint.rope import Rope
from longsum.engine.llama import Llama, LlamaSettings, RMSNorm, is_supported

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM


def adopted(model: LlamaForCausalLM, config: Mapping[str, Any], rope: Rope) -> Llama | None:
    """Return our model with the modules of one of `transformers`, which is not to be used again.

    Args:
        model: loaded, on any device, its linear layers whole or quantized.
        config: the content of its config.json.
        rope: window and RoPE parameters to use.

    Returns:
        None where the model is not for our forward pass, or spread over several devices.
    """
    shape = read_shape(config)
    if not is_supported(config, shape, rope) or len({p.device for p in model.parameters()}) != 1:
        return None
    if any(hasattr(module, "_hf_hook") for module in model.modules()):
        from accelerate.hooks import (  # type: ignore[import-untyped]  # not annotated
            remove_hook_from_submodules,
        )

        remove_hook_from_submodules(model)  # they move tensors between devices; there is one
    with torch.device("meta"):
        ours = Llama(LlamaSettings(config, shape, rope))
    for name, module in list(ours.named_modules()):
        if isinstance(module, RMSNorm):
            module.weight = model.get_submodule(name).weight  # type: ignore[assignment]
        elif isinstance(module, nn.Linear | nn.Embedding):
            holder, _, own = name.rpartition(".")
            setattr(ours.get_submodule(holder), own, model.get_submodule(name))
    return ours.eval().requires_grad_(False)
