"""Turn a checkpoint and a plan into a model that is ready to read."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from longsum.checkpoint.checkpoint import Checkpoint, LazyTensor
from longsum.checkpoint.load_errors import library_errors, loading_memory_errors
from longsum.checkpoint.rope import Rope
from longsum.config import WeightsConfig
from longsum.engine.adopt import adopted
from longsum.engine.attention import register
from longsum.engine.llama import AnyLlama, Llama, LlamaSettings, is_supported
from longsum.errors import UnsupportedModel, UsageError
from longsum.events import Listener
from longsum.loading.quantize import quantization_config
from longsum.loading.quantized_cache import kept_weights
from longsum.model.memory import MemoryPlan

if TYPE_CHECKING:
    from transformers import BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM

_NOT_TAKEN = (
    *("rope_scaling", "rope_theta", "original_max_position_embeddings"),  # in rope_parameters
    *("dtype", "torch_dtype"),  # the plan's
    "pad_token_id",  # nothing is padded; some checkpoints name one outside the vocabulary
    "auto_map",  # code
)
"""Keys of config.json that have no say in how a model is built."""


def build_config(config: dict[str, Any], rope: Rope) -> LlamaConfig:
    """Return the checkpoint's configuration with our RoPE parameters and window.

    The parameters are complete (`rope_theta` with them), because `transformers` 5 loses the theta
    when scaling is set by another way.
    """
    from transformers import LlamaConfig

    known = {key: value for key, value in config.items() if key not in _NOT_TAKEN}
    known["rope_parameters"] = dict(rope.parameters)
    known["max_position_embeddings"] = max(
        rope.window, int(config.get("max_position_embeddings") or 0)
    )
    with library_errors("config.json"):
        built: LlamaConfig = LlamaConfig.from_dict(known)
    return built


def load_model(
    checkpoint: Checkpoint,
    plan: MemoryPlan,
    *,
    listener: Listener,
    attention: str = "auto",
    weights: WeightsConfig | None = None,
) -> AnyLlama:
    """Load the weights as the plan says.

    They are run by our own forward pass where it knows the model and one device holds it, else by
    `transformers`, which also loads all but whole weights on a CPU: these need no more of it than
    its tokenizers. Weights quantized on the way are cached (`quantized_cache.py`).

    Args:
        checkpoint: with the window and RoPE parameters to use.
        plan: device, dtype and quantization.
        listener: hears of quantized weights that are cached, or damaged.
        attention: `auto` (our exact chunked attention), `sdpa` or `eager`.
        weights: how much of quantized weights is cached; None caches none.

    Raises:
        UnsupportedModel: when the weights are damaged or do not fit the configuration.
        UsageError: when the bundled model is to be quantized again.
        InsufficientMemory: when the device runs out of memory after all.
    """
    if attention == "auto" and plan.device == "cpu" and plan.quantize == "none":
        own = _load_own(checkpoint, getattr(torch, plan.dtype))
        if own is not None:
            return own
    model = load_pretrained(
        checkpoint, plan, listener=listener, attention=attention, weights=weights
    )
    if attention != "auto":
        return model
    return adopted(model, checkpoint.config, checkpoint.rope) or model


def load_pretrained(
    checkpoint: Checkpoint,
    plan: MemoryPlan,
    *,
    listener: Listener,
    attention: str = "auto",
    weights: WeightsConfig | None = None,
) -> LlamaForCausalLM:
    """Load the weights into a model of `transformers`; see `load_model`."""
    checkpoint.weight_files()  # what is missing is refused first
    with _quiet_transformers(), loading_memory_errors():
        config = build_config(checkpoint.config, checkpoint.rope)
        model = _load_pretrained(checkpoint, config, plan, listener, weights)
    model.set_attn_implementation(register() if attention == "auto" else attention)
    # the engine decodes; a checkpoint's own sampling has no say
    model.generation_config = None  # type: ignore[assignment]
    model.eval().requires_grad_(False)
    if plan.device == "cpu" and plan.quantize in ("nf4", "fp4"):
        from longsum.loading.cpu4bit import dequantize_by_chunk

        dequantize_by_chunk(model)
    return model


def _load_own(checkpoint: Checkpoint, dtype: torch.dtype) -> Llama | None:
    """Load weights into our own forward pass; None where it is not for them.

    Weights that are not exactly those the configuration describes are left to `transformers`, too,
    which knows older names, and to the report on it.
    """
    config, shape, rope = checkpoint.config, checkpoint.shape, checkpoint.rope
    if checkpoint.quantized or not is_supported(config, shape, rope):
        return None
    if _holds_adapter(checkpoint):  # refused below
        return None
    with torch.device("meta"):
        model = Llama(LlamaSettings(config, shape, rope))
    with loading_memory_errors():
        weights = {name: each[...] for name, each in checkpoint.tensors(dtype).items()}
    if shape.tie_word_embeddings and "model.embed_tokens.weight" in weights:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    if {name: tensor.shape for name, tensor in weights.items()} != wanted:
        return None
    model.load_state_dict(weights, strict=True, assign=True)
    return model.eval().requires_grad_(False)


def _holds_adapter(checkpoint: Checkpoint) -> bool:
    """Return whether a LoRA adapter is beside the weights."""
    return (checkpoint.folder / "adapter_config.json").exists()


def _load_pretrained(
    checkpoint: Checkpoint,
    config: LlamaConfig,
    plan: MemoryPlan,
    listener: Listener,
    weights: WeightsConfig | None,
) -> LlamaForCausalLM:
    """Load a checkpoint through `transformers`, quantized now or before if the plan says so."""
    if plan.quantize != "none" and not checkpoint.can_be_quantized:
        raise UsageError(
            f"--quantize {plan.quantize}, but the bundled model's weights have a format of their "
            "own",
            hint="leave --quantize out; it is for larger models",
        )
    if _holds_adapter(checkpoint):
        # with peft installed, transformers would load the model it names instead of this one
        raise UnsupportedModel(
            f"{checkpoint.folder} holds a LoRA adapter beside the weights",
            hint="remove adapter_config.json, or merge the adapter with merge_and_unload()",
        )
    dtype: torch.dtype = getattr(torch, plan.dtype)
    stored = getattr(config, "quantization_config", None)
    quantization = None if stored else quantization_config(plan.quantize, dtype)
    folder = checkpoint.folder
    state = None if checkpoint.read_by_transformers else checkpoint.tensors(dtype)
    if quantization is None:
        return _from_pretrained(folder, state, config, plan)
    kept = kept_weights(checkpoint, plan, quantization, weights, listener)
    if kept and (quantized := kept.folder()):
        whole = copy.deepcopy(config)
        whole.quantization_config = quantization.to_dict()
        try:
            return _from_pretrained(quantized, None, whole, plan)
        except (torch.OutOfMemoryError, MemoryError):
            raise
        except Exception as error:  # whatever it stumbles over: the original weights are there
            kept.refuse(" ".join(str(error).split())[:200])
    started = time.perf_counter()
    model = _from_pretrained(folder, state, config, plan, quantization)
    if kept:
        kept.keep(model, time.perf_counter() - started)
    return model


def _from_pretrained(
    folder: Path,
    state: Mapping[str, LazyTensor] | None,
    config: LlamaConfig,
    plan: MemoryPlan,
    quantization: BitsAndBytesConfig | None = None,
) -> LlamaForCausalLM:
    """Load weights onto the plan's devices.

    Args:
        folder: the checkpoint, or cached weights.
        state: its weights where `transformers` cannot read them itself.
        config: of the model.
        plan: device and dtype.
        quantization: how to quantize them on the way.

    Raises:
        UnsupportedModel: when they are not those that the configuration describes.
    """
    from transformers import GenerationConfig, LlamaForCausalLM

    with library_errors(folder):
        loaded: tuple[LlamaForCausalLM, dict[str, Any]] = LlamaForCausalLM.from_pretrained(  # type: ignore[assignment]
            None if state else folder,
            state_dict=state,
            config=config,
            dtype=getattr(torch, plan.dtype),
            device_map=_device_map(plan),
            quantization_config=quantization,
            generation_config=GenerationConfig(),  # else it is looked for, and has no say anyway
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # reported below, where the message can name the first
            output_loading_info=True,
        )
    model, report = loaded
    _check_report(folder, report)
    return model


def _device_map(plan: MemoryPlan) -> Any:
    """Return where the layers go: one device, the freest GPU that holds all, or several GPUs.

    A model on one GPU needs no copies between layers, and its steps can be recorded.
    """
    if plan.device != "cuda" or torch.cuda.device_count() < 2:
        return {"": plan.device}
    free = [torch.cuda.mem_get_info(index)[0] for index in range(torch.cuda.device_count())]
    freest = max(range(len(free)), key=lambda index: free[index])
    return {"": freest} if plan.total_bytes <= free[freest] else "auto"  # accelerate spreads them


def _check_report(folder: Path, report: dict[str, Any]) -> None:
    """Refuse weights that are not exactly those the configuration describes."""
    found = {
        "is missing": report["missing_keys"],
        "has another shape": {name for name, *_ in report["mismatched_keys"]},
        "has no place in it": {
            # others, such as a vision tower's, are none of ours
            name
            for name in report["unexpected_keys"]
            if name.startswith(("model.", "lm_head."))
        },
    }
    for what, names in found.items():
        if names:
            raise UnsupportedModel(
                f"the weights in {folder} do not fit config.json: {min(names)} {what}",
                hint="the folder mixes files of two models, or a download was cut short",
            )


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Keep the library's bars and advice off the user's terminal while loading."""
    from transformers.utils import logging as transformers_logging

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
