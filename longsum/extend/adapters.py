"""Choose the trainable weights, and merge LoRA's into plain ones.

LoRA (arXiv 2106.09685) learns W + α/r · B·A with W frozen; peft makes the matrices. LongLoRA (arXiv
2309.12307, table 2) found that for longer windows the norms and the embedding must be trained, too:
perplexity 8.12 against 11.44 at 32k, where full fine-tuning reached 8.08.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import torch
from transformers import LlamaForCausalLM

from longsum.errors import UsageError
from longsum.extend.config import ExtendConfig
from longsum.settings import Setting

NORM_AND_EMBEDDING = ("norm.weight", "layernorm.weight", "embed_tokens.weight")
"""Name suffixes of the weights that LongLoRA trains besides the matrices."""

_BASE, _DOWN, _UP = ".base_layer.weight", ".lora_A.default.weight", ".lora_B.default.weight"


def set_trainable(model: LlamaForCausalLM, config: ExtendConfig) -> None:
    """Choose the trainable weights, adding LoRA's, and convert them to float32.

    In bfloat16's eight bits of precision, AdamW's steps at a learning rate of 2e-5 would be lost.

    Raises:
        UsageError: when peft is not installed, or `targets` names no layer.
    """
    if config.method == "full":
        model.requires_grad_(True)
    else:
        _inject(model, config)
        for name, weight in model.named_parameters():
            also_trained = config.train_norm_and_embedding and name.endswith(NORM_AND_EMBEDDING)
            weight.requires_grad_(also_trained or ".lora_" in name)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()


def require_peft() -> None:
    """Raise unless peft is installed.

    Raises:
        UsageError: when it is not, with the command that installs it.
    """
    # it imports bitsandbytes, which logs remarks about kernels that are not used here
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    try:
        import peft  # noqa: F401 - only to see whether it is installed
    except ImportError as error:
        raise UsageError(
            f"{Setting('method', 'lora')} and qlora need peft, which is not installed",
            hint="pip install 'longsum[train]'",
        ) from error


def _inject(model: LlamaForCausalLM, config: ExtendConfig) -> None:
    """Add LoRA matrices to the target layers."""
    require_peft()
    from peft import LoraConfig, inject_adapter_in_model

    settings = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,  # type: ignore[arg-type]  # any number works
        lora_dropout=0.0,
        target_modules=list(config.targets),
        bias="none",
    )
    try:
        inject_adapter_in_model(settings, model)
    except ValueError as error:
        raise UsageError(
            f"{Setting('targets')} {','.join(config.targets)} is in no layer of the model",
            hint="layers are q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj",
        ) from error


def merged(
    weights: Mapping[str, torch.Tensor], config: ExtendConfig, dtype: torch.dtype
) -> dict[str, torch.Tensor]:
    """Return plain weights: LoRA's products added to the weights they adapt.

    Args:
        weights: all weights of the model, gathered on one device; none of them quantized.
        config: rank and alpha.
        dtype: dtype of the result; sums are computed in float32.

    Returns:
        The weights by name, without LoRA's.
    """
    plain: dict[str, torch.Tensor] = {}
    for name, weight in weights.items():
        if ".lora_" in name:
            continue
        if not name.endswith(_BASE):
            plain[name.replace(".base_layer.", ".")] = weight.to(dtype)  # a bias, too
            continue
        layer = name.removesuffix(_BASE)
        delta = weights[layer + _UP].float() @ weights[layer + _DOWN].float()
        full = weight.float() + config.alpha / config.rank * delta.to(weight.device)
        plain[f"{layer}.weight"] = full.to(dtype)
    return plain


def dequantized(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights of a model, those in 4 bits dequantized.

    Merging LoRA's products into these gives exactly the model that was trained.
    """
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Params4bit  # type: ignore[attr-defined]

    weights = {}
    for name, weight in model.named_parameters():
        full = weight.data
        if isinstance(weight, Params4bit):
            full = dequantize_4bit(full, weight.quant_state)
        weights[name] = full.cpu()
    return weights
