"""Load a checkpoint's weights, as a plan says, into a model that is ready to read."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.lazy import LazyTensor
from longsum.checkpoint.load_errors import library_errors
from longsum.checkpoint.rope import Rope
from longsum.config import Attention, WeightsConfig
from longsum.engine.adopt import adopted
from longsum.engine.llama import DEFAULT_EPS, Llama, LlamaSettings
from longsum.errors import UnsupportedModel, UsageError
from longsum.events import Listener
from longsum.loading.codes import add_codes
from longsum.loading.quantize import quantization_config
from longsum.loading.quantized_cache import cached_weights
from longsum.model.memory import MemoryPlan
from longsum.settings import Setting
from longsum.system_memory import is_out_of_memory, memory_errors

if TYPE_CHECKING:
    from transformers import BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM

_NOT_TAKEN = (
    *("rope_scaling", "rope_theta", "original_max_position_embeddings"),  # in rope_parameters
    *("dtype", "torch_dtype"),  # the plan's
    "pad_token_id",  # nothing is padded; some checkpoints name one outside the vocabulary
    "auto_map",  # code
)
"""Keys of config.json that are ignored when a model is built."""

_NUMBERS = ("attention_factor", "mscale", "mscale_all_dim", "beta_fast", "beta_slow")
"""Numeric keys of a YaRN block."""

MEMORY_HINT = (
    f"add {Setting('kv_cache', 'int8')}, {Setting('quantize', 'nf4')} "
    f"or a smaller {Setting('context')}"
)


def build_config(config: dict[str, Any], rope: Rope) -> LlamaConfig:
    """Return the checkpoint's configuration with our RoPE parameters and window.

    The parameters include `rope_theta`, because `transformers` 5 loses it if scaling is set any
    other way.
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
    attention: Attention = "auto",
    weights: WeightsConfig | None = None,
) -> Llama:
    """Load the weights, as the plan says, into our own forward pass.

    `transformers` loads them, except unquantized weights on a CPU, which do without it. Weights
    that are quantized while loading are cached (`quantized_cache.py`).

    Args:
        checkpoint: a checkpoint with the window and RoPE parameters to use.
        plan: device, dtype and quantization.
        listener: receives notices about cached or damaged quantized weights.
        attention: `auto` (exact, in chunks), or a slower implementation with the same result.
        weights: settings of the cache of quantized weights; None disables it.

    Returns:
        The model in evaluation mode.

    Raises:
        UnsupportedModel: the weights are damaged or do not fit the configuration.
        UsageError: the plan quantizes the bundled model, which is already quantized.
        InsufficientMemory: the device ran out of memory.
    """
    on_cpu, config, rope = plan.device == "cpu", checkpoint.config, checkpoint.rope
    if on_cpu and plan.quantize == "none":
        own = _load_own(checkpoint, getattr(torch, plan.dtype), attention)
        if own is not None:
            if plan.codes:
                add_codes(own, checkpoint.codes())
            return own
    model = load_pretrained(checkpoint, plan, listener=listener, weights=weights)
    if on_cpu and plan.quantize in ("nf4", "fp4"):
        from longsum.loading.cpu4bit import chunked

        return adopted(model, config, rope, attention=attention, in_place_of=chunked)
    return adopted(model, config, rope, attention=attention)


def load_pretrained(
    checkpoint: Checkpoint,
    plan: MemoryPlan,
    *,
    listener: Listener,
    weights: WeightsConfig | None = None,
) -> LlamaForCausalLM:
    """Load the weights, as the plan says, into a model of `transformers`.

    Args:
        checkpoint: a checkpoint with the window and RoPE parameters to use.
        plan: device, dtype and quantization.
        listener: receives notices about cached or damaged quantized weights.
        weights: settings of the cache of quantized weights; None disables it.

    Returns:
        The model in evaluation mode, with all weights frozen.

    Raises:
        UnsupportedModel: the weights are damaged or do not fit the configuration.
        UsageError: the plan quantizes the bundled model, which is already quantized.
        InsufficientMemory: the device ran out of memory.
    """
    checkpoint.weight_files()  # refuses missing files first
    with _quiet_transformers(), _memory_errors():
        config = build_config(checkpoint.config, checkpoint.rope)
        model = _load_pretrained(checkpoint, config, plan, listener, weights)
    model.set_attn_implementation("sdpa")  # for training, which needs no cache
    # the engine decodes: a checkpoint's sampling settings are not used
    model.generation_config = None  # type: ignore[assignment]
    model.eval().requires_grad_(False)
    return model


def _memory_errors() -> AbstractContextManager[None]:
    """Turn out-of-memory errors while loading into our error."""
    return memory_errors(MEMORY_HINT, during="while loading the weights")


def _is_plain(checkpoint: Checkpoint) -> bool:
    """Return whether a model can be loaded without `transformers`.

    Malformed configurations are left to `transformers`, which reports them.
    """
    config, block = checkpoint.config, checkpoint.rope.parameters
    return (
        checkpoint.rope.rope_type != "longrope"
        and config.get("hidden_act", "silu") == "silu"
        and isinstance(config.get("rms_norm_eps", DEFAULT_EPS), float | None)
        and checkpoint.shape.head_dim % 2 == 0
        and all(isinstance(block.get(name), int | float | None) for name in _NUMBERS)
        and isinstance(block.get("truncate", True), bool)
    )


def _load_own(checkpoint: Checkpoint, dtype: torch.dtype, attention: Attention) -> Llama | None:
    """Load weights into our own forward pass; None if `transformers` is needed.

    Weights that are not exactly those the configuration describes are also left to `transformers`,
    which knows older names and reports what does not fit.
    """
    config, shape, rope = checkpoint.config, checkpoint.shape, checkpoint.rope
    if checkpoint.quantized or not _is_plain(checkpoint):
        return None
    if _holds_adapter(checkpoint):  # refused by `_load_pretrained`
        return None
    with torch.device("meta"):
        model = Llama(LlamaSettings(config, shape, rope, attention))
    with _memory_errors():
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
    """Load a checkpoint through `transformers`, quantizing it or reading cached 4-bit weights."""
    if plan.quantize != "none" and not checkpoint.can_be_quantized:
        raise UsageError(
            f"{Setting('quantize')} {plan.quantize}, but the bundled model's weights have a format "
            "of their own",
            hint=f"leave {Setting('quantize')} out; it is for larger models",
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
    cached = cached_weights(checkpoint, plan, quantization, weights, listener)
    if cached and (quantized := cached.folder()):
        whole = copy.deepcopy(config)
        whole.quantization_config = quantization.to_dict()
        try:
            return _from_pretrained(quantized, None, whole, plan)
        except Exception as error:  # any failure: the original weights are still there
            if is_out_of_memory(error):
                raise
            cached.discard(" ".join(str(error).split())[:200])
    started = time.perf_counter()
    model = _from_pretrained(folder, state, config, plan, quantization)
    if cached:
        cached.save(model, time.perf_counter() - started)
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
        folder: the checkpoint, or cached quantized weights.
        state: its weights if `transformers` cannot read them itself, otherwise None.
        config: configuration of the model.
        plan: device and dtype.
        quantization: how to quantize the weights while loading; None leaves them as they are.

    Raises:
        UnsupportedModel: the weights are not those the configuration describes.
    """
    from transformers import GenerationConfig, LlamaForCausalLM

    with library_errors(folder):
        loaded: tuple[LlamaForCausalLM, dict[str, Any]] = LlamaForCausalLM.from_pretrained(  # type: ignore[assignment]
            None if state else folder,
            state_dict=state,
            config=config,
            dtype=getattr(torch, plan.dtype),
            device_map=_device_map(plan, tied=bool(config.tie_word_embeddings)),
            quantization_config=quantization,
            generation_config=GenerationConfig(),  # else it is looked for, and not used anyway
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # reported below, naming the first
            output_loading_info=True,
        )
    model, report = loaded
    _check_report(folder, report)
    return model


def _device_map(plan: MemoryPlan, *, tied: bool) -> dict[str, str | int]:
    """Return the device map: one device for the model, or each layer on the one the plan gives it.

    A model on one GPU needs no copies between layers, and its steps can be recorded.

    Args:
        plan: a plan with the number of layers on each device.
        tied: whether `lm_head` shares the embeddings' weights.
    """
    used = [device for device, count in enumerate(plan.layers) if count]
    if len(plan.layers) < 2 or not used:
        return {"": plan.device}
    if len(used) == 1:
        return {"": used[0]}
    of_layers = [device for device in used for _ in range(plan.layers[device])]
    first, last = used[0], used[-1]
    return {
        "model.embed_tokens": first,
        "model.rotary_emb": first,
        **{f"model.layers.{number}": device for number, device in enumerate(of_layers)},
        "model.norm": last,
        "lm_head": first if tied else last,
    }


def _check_report(folder: Path, report: dict[str, Any]) -> None:
    """Refuse weights that are not exactly those the configuration describes."""
    found = {
        "is missing": report["missing_keys"],
        "has another shape": {name for name, *_ in report["mismatched_keys"]},
        "has no place in it": {
            # others, such as a vision tower's, are ignored
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
    """Silence the library's progress bars and warnings while loading."""
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
