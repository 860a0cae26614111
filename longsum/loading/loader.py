"""Turn a checkpoint's folder and a plan into a model that is ready to read."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from longsum.checkpoint.files import check_weights, quantized_on_disk, read_shape
from longsum.checkpoint.gguf_folder import is_unpacked, read_index
from longsum.checkpoint.packed import is_packed, unpack
from longsum.checkpoint.rope import Rope
from longsum.engine.adopt import adopted
from longsum.engine.attention import register
from longsum.engine.llama import AnyLlama, Llama, LlamaSettings, is_supported
from longsum.errors import UnsupportedModel, UsageError
from longsum.events import Listener
from longsum.loading.dequantized import lazy_tensors, read_tensor
from longsum.loading.load_errors import library_errors, loading_memory_errors
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
    folder: Path,
    config: dict[str, Any],
    rope: Rope,
    plan: MemoryPlan,
    *,
    listener: Listener,
    attention: str = "auto",
) -> AnyLlama:
    """Load the weights as the plan says.

    They are run by our own forward pass where it knows the model and one device holds it, else by
    `transformers`, which also loads all but whole weights on a CPU: these need no more of it than
    its tokenizers. Weights quantized on the way are cached (`quantized_cache.py`).

    Args:
        folder: the checkpoint.
        config: its config.json.
        rope: window and RoPE parameters to use.
        plan: device, dtype and quantization.
        listener: hears of quantized weights that are kept, or damaged.
        attention: `auto` (our exact chunked attention), `sdpa` or `eager`.

    Raises:
        UnsupportedModel: when the weights are damaged or do not fit the configuration.
        UsageError: when the bundled model is to be quantized again.
        InsufficientMemory: when the device runs out of memory after all.
    """
    if attention == "auto" and plan.device == "cpu" and plan.quantize == "none":
        own = _load_own(folder, config, rope, getattr(torch, plan.dtype))
        if own is not None:
            return own
    model = load_pretrained(folder, config, rope, plan, listener=listener, attention=attention)
    if attention != "auto":
        return model
    return adopted(model, config, rope) or model


def load_pretrained(
    folder: Path,
    config: dict[str, Any],
    rope: Rope,
    plan: MemoryPlan,
    *,
    listener: Listener,
    attention: str = "auto",
) -> LlamaForCausalLM:
    """Load the weights into a model of `transformers`; see `load_model`."""
    files = check_weights(folder)
    dtype: torch.dtype = getattr(torch, plan.dtype)
    with _quiet_transformers(), loading_memory_errors():
        built = build_config(config, rope)
        if len(files) == 1 and not is_unpacked(folder) and _is_packed(files[0]):
            _require_unquantized(plan)
            model = _load_packed(files[0], built, dtype)
            with library_errors(folder):
                model.to(torch.device(plan.device))  # type: ignore[arg-type]  # of transformers
        else:
            model = _load_pretrained(folder, built, dtype, plan, listener)
    model.set_attn_implementation(register() if attention == "auto" else attention)
    # the engine decodes; a checkpoint's own sampling has no say
    model.generation_config = None  # type: ignore[assignment]
    model.eval().requires_grad_(False)
    if plan.device == "cpu" and plan.quantize in ("nf4", "fp4"):
        from longsum.loading.cpu4bit import dequantize_by_chunk

        dequantize_by_chunk(model)
    return model


def _load_own(folder: Path, config: dict[str, Any], rope: Rope, dtype: torch.dtype) -> Llama | None:
    """Load weights into our own forward pass; None where it is not for them.

    Weights that are not exactly those the configuration describes are left to `transformers`, too,
    which knows older names, and to the report on it.
    """
    shape = read_shape(config)
    if quantized_on_disk(config) or not is_supported(config, shape, rope):
        return None
    if (folder / "adapter_config.json").exists():  # refused below
        return None
    with torch.device("meta"):
        model = Llama(LlamaSettings(config, shape, rope))
    with loading_memory_errors():
        weights = _read_folder(folder, dtype, tied=shape.tie_word_embeddings)
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    if {name: tensor.shape for name, tensor in weights.items()} != wanted:
        return None
    model.load_state_dict(weights, strict=True, assign=True)
    return model.eval().requires_grad_(False)


def _read_folder(folder: Path, dtype: torch.dtype, *, tied: bool) -> dict[str, torch.Tensor]:
    """Return all weights of a checkpoint, safetensors or GGUF; see `_read_weights`."""
    if not is_unpacked(folder):
        return _read_weights(check_weights(folder), dtype, tied=tied)
    weights = {tensor.name: read_tensor(tensor, dtype) for tensor in read_index(folder)}
    if tied and "model.embed_tokens.weight" in weights:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    return weights


def _read_weights(
    files: Sequence[Path], dtype: torch.dtype, *, tied: bool
) -> dict[str, torch.Tensor]:
    """Return all weights in a dtype; those that have it already are mapped, not read.

    Args:
        files: plain or packed.
        dtype: to compute in.
        tied: the embeddings are the head as well.
    """
    from safetensors.torch import load_file

    weights: dict[str, torch.Tensor] = {}
    for file in files:
        with library_errors(file.parent):
            stored = load_file(file)
        if _is_packed(file):
            weights |= unpack(stored, dtype)
        else:
            weights |= {name: tensor.to(dtype) for name, tensor in stored.items()}
    if tied and "model.embed_tokens.weight" in weights:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    return weights


def _is_packed(file: Path) -> bool:
    """Tell whether a weight file is in the bundled model's format."""
    with library_errors(file.parent):
        return is_packed(file)


def _require_unquantized(plan: MemoryPlan) -> None:
    """Refuse a plan for other weights than the packed format gives."""
    if plan.quantize != "none":
        raise UsageError(
            f"--quantize {plan.quantize}, but the bundled model's weights have a format of their "
            "own",
            hint="leave --quantize out; it is for larger models",
        )


def _load_packed(path: Path, config: LlamaConfig, dtype: torch.dtype) -> LlamaForCausalLM:
    """Load the bundled model's int8 rows into a plain model of the compute dtype."""
    from transformers import LlamaForCausalLM

    with torch.device("meta"), library_errors(path.parent):
        model: LlamaForCausalLM = LlamaForCausalLM(config)
    weights = _read_weights([path], dtype, tied=config.tie_word_embeddings)
    with library_errors(path.parent):
        model.load_state_dict(weights, strict=True, assign=True)
    # RoPE's frequencies are no weights: they were made on the meta device and are made again
    model.model.rotary_emb = type(model.model.rotary_emb)(config=config)
    return model


def _load_pretrained(
    folder: Path, config: LlamaConfig, dtype: torch.dtype, plan: MemoryPlan, listener: Listener
) -> LlamaForCausalLM:
    """Load a checkpoint through `transformers`, quantized now or before if the plan says so."""
    if (folder / "adapter_config.json").exists():
        # with peft installed, transformers would load the model it names instead of this one
        raise UnsupportedModel(
            f"{folder} holds a LoRA adapter beside the weights",
            hint="remove adapter_config.json, or merge the adapter with merge_and_unload()",
        )
    stored = getattr(config, "quantization_config", None)
    quantization = None if stored else quantization_config(plan.quantize, dtype)
    if quantization is None:
        return _from_pretrained(folder, config, dtype, plan)
    kept = kept_weights(folder, plan, quantization, listener)
    if kept and (quantized := kept.folder()):
        whole = copy.deepcopy(config)
        whole.quantization_config = quantization.to_dict()
        try:
            return _from_pretrained(quantized, whole, dtype, plan)
        except (torch.OutOfMemoryError, MemoryError):
            raise
        except Exception as error:  # whatever it stumbles over: the original weights are there
            kept.refuse(" ".join(str(error).split())[:200])
    started = time.perf_counter()
    model = _from_pretrained(folder, config, dtype, plan, quantization)
    if kept:
        kept.keep(model, time.perf_counter() - started)
    return model


def _from_pretrained(
    folder: Path,
    config: LlamaConfig,
    dtype: torch.dtype,
    plan: MemoryPlan,
    quantization: BitsAndBytesConfig | None = None,
) -> LlamaForCausalLM:
    """Load safetensors in a folder onto the plan's devices.

    Raises:
        UnsupportedModel: when they are not those that the configuration describes.
    """
    from transformers import GenerationConfig, LlamaForCausalLM

    of_gguf = is_unpacked(folder)
    with library_errors(folder):
        loaded: tuple[LlamaForCausalLM, dict[str, Any]] = LlamaForCausalLM.from_pretrained(  # type: ignore[assignment]
            None if of_gguf else folder,
            state_dict=lazy_tensors(read_index(folder), dtype) if of_gguf else None,
            config=config,
            dtype=dtype,
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
