"""Turn a checkpoint's folder and a plan into a model that is ready to read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.utils import logging as transformers_logging

from longsum.engine.attention import register
from longsum.errors import InsufficientMemory, UnsupportedModel
from longsum.model.checkpoint import check_weights
from longsum.model.memory import MemoryPlan
from longsum.model.mini import is_packed, unpack
from longsum.model.quantize import quantization_config
from longsum.model.rope import Rope


def build_config(config: dict[str, Any], rope: Rope) -> LlamaConfig:
    """Return the checkpoint's configuration with our RoPE parameters and window.

    The parameters are complete (`rope_theta` with them), because `transformers` 5 loses the theta
    when scaling is set by another way.
    """
    known = {k: v for k, v in config.items() if k not in ("rope_scaling", "rope_theta", "auto_map")}
    known["rope_parameters"] = dict(rope.parameters)
    known["max_position_embeddings"] = max(
        rope.window, int(config.get("max_position_embeddings") or 0)
    )
    built: LlamaConfig = LlamaConfig.from_dict(known)
    return built


def load_model(
    folder: Path, config: dict[str, Any], rope: Rope, plan: MemoryPlan, *, attention: str = "auto"
) -> LlamaForCausalLM:
    """Load the weights as the plan says.

    Args:
        folder: the checkpoint.
        config: its config.json.
        rope: window and RoPE parameters to use.
        plan: device, dtype and quantization.
        attention: `auto` (our exact chunked attention), `sdpa` or `eager`.

    Raises:
        UnsupportedModel: when the weights are damaged or do not fit the configuration.
        InsufficientMemory: when the device runs out of memory after all.
    """
    files = check_weights(folder)
    dtype: torch.dtype = getattr(torch, plan.dtype)
    built = build_config(config, rope)
    with _quiet_transformers(), _load_errors(folder):
        if len(files) == 1 and is_packed(files[0]):
            model = _load_packed(files[0], built, dtype)
            model.to(torch.device(plan.device))  # type: ignore[arg-type]  # of transformers
        else:
            model = _load_pretrained(folder, built, dtype, plan)
    model.set_attn_implementation(register() if attention == "auto" else attention)
    # the engine decodes; a checkpoint's own sampling has no say
    model.generation_config = None  # type: ignore[assignment]
    model.eval().requires_grad_(False)
    return model


def _load_packed(path: Path, config: LlamaConfig, dtype: torch.dtype) -> LlamaForCausalLM:
    """Load the bundled model's int8 rows into a plain model of the compute dtype."""
    from safetensors.torch import load_file

    with torch.device("meta"):
        model: LlamaForCausalLM = LlamaForCausalLM(config)
    weights = unpack(load_file(path), dtype)
    if config.tie_word_embeddings:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    model.load_state_dict(weights, strict=True, assign=True)
    # RoPE's frequencies are no weights: they were made on the meta device and are made again
    model.model.rotary_emb = type(model.model.rotary_emb)(config=config)
    return model


def _load_pretrained(
    folder: Path, config: LlamaConfig, dtype: torch.dtype, plan: MemoryPlan
) -> LlamaForCausalLM:
    """Load a checkpoint through `transformers`, quantized on the way if the plan says so."""
    stored = getattr(config, "quantization_config", None)
    quantization = None if stored else quantization_config(plan.quantize, dtype)
    device_map: Any = {"": plan.device}
    if plan.device == "cuda" and torch.cuda.device_count() > 1:
        device_map = "auto"  # accelerate spreads the layers
    loaded: tuple[LlamaForCausalLM, dict[str, Any]] = LlamaForCausalLM.from_pretrained(  # type: ignore[assignment]
        folder,
        config=config,
        dtype=dtype,
        device_map=device_map,
        quantization_config=quantization,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
    )
    model, report = loaded
    missing = sorted(report["missing_keys"])
    if missing or report["mismatched_keys"]:
        first = missing[0] if missing else report["mismatched_keys"][0][0]
        raise UnsupportedModel(
            f"the weights in {folder} do not fit config.json ({first} first)",
            hint="the folder mixes files of two models, or a download was cut short",
        )
    return model


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Keep the library's bars and advice off the user's terminal while loading."""
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        transformers_logging.enable_progress_bar()


@contextmanager
def _load_errors(folder: Path) -> Iterator[None]:
    """Turn what the libraries raise into our errors."""
    from safetensors import SafetensorError

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise InsufficientMemory(
            "the device ran out of memory while loading the weights",
            hint="close other programs, or add --quantize nf4 or a smaller --context",
        ) from error
    except SafetensorError as error:
        raise UnsupportedModel(
            f"the weights in {folder} are damaged: {error}", hint="download the model again"
        ) from error
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        lines = str(error).strip().splitlines()
        first = lines[0] if lines else type(error).__name__
        raise UnsupportedModel(
            f"the weights in {folder} cannot be loaded: {first}",
            hint="the folder needs a Llama's config.json and *.safetensors",
        ) from error
