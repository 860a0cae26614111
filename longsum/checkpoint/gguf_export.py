"""Write a checkpoint as one GGUF file, which llama.cpp, ollama and LM Studio read.

Position Interpolation becomes linear scaling in the metadata, Llama 3's scaling a tensor of
divisors. Weights are converted one at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.gguf import FREQUENCIES, NAMES, WHOLE, read_gguf
from longsum.checkpoint.gguf_checkpoint import GGUFCheckpoint
from longsum.checkpoint.gguf_config import llama3_divisors
from longsum.checkpoint.gguf_vocabulary import tokenizer_fields
from longsum.checkpoint.gguf_weights import in_halves
from longsum.checkpoint.rope import Rope
from longsum.errors import UnsupportedModel
from longsum.files import replacing

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType, GGUFWriter

GgufType = Literal["f32", "f16", "bf16", "q8_0"]
_FILE_TYPE = {"f32": 0, "f16": 1, "q8_0": 7, "bf16": 32}
"""Values of `general.file_type`."""
_OUR_NAMES = {ours: theirs for theirs, ours in (NAMES | WHOLE).items()}
_BLOCK = 32
"""Values in a block of Q8_0."""

Progress = Callable[[int, int], None]
"""Called with the number of tensors written, and of all."""


def export_gguf(
    checkpoint: Checkpoint, path: Path, kind: GgufType, progress: Progress | None = None
) -> None:
    """Write a checkpoint as GGUF, whole or not at all.

    Args:
        checkpoint: with the window and RoPE parameters to write.
        path: the file.
        kind: type of the matrices; norms are float32.
        progress: called after every tensor.

    Raises:
        UnsupportedModel: llama.cpp has no equivalent of the model or its tokenizer.
        OutputError: the file cannot be written.
    """
    import gguf
    import torch

    fields = _fields(checkpoint, kind)
    lazy = checkpoint.tensors(torch.float32)
    if checkpoint.shape.tie_word_embeddings:
        lazy = {name: each for name, each in lazy.items() if name != "lm_head.weight"}
    shapes = {name: _shape(checkpoint, name) for name in lazy}
    types = {name: _type(shape, kind) for name, shape in shapes.items()}
    with replacing(path) as partial, closing(gguf.GGUFWriter(partial, "llama")) as writer:
        for name, value in fields.items():
            _put(writer, name, value)
        divisors = _divisors(checkpoint.rope, checkpoint.shape.head_dim)
        if divisors is not None:
            _announce(writer, FREQUENCIES, divisors.shape, gguf.GGMLQuantizationType.F32)
        for name in lazy:
            _announce(writer, gguf_name(name), shapes[name], types[name])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        if divisors is not None:
            writer.write_tensor_data(divisors)
        for number, (name, each) in enumerate(lazy.items(), 1):
            weight = _in_pairs(checkpoint, name, each[...].numpy())
            writer.write_tensor_data(gguf.quants.quantize(weight, types[name]))
            if progress:
                progress(number, len(lazy))


def gguf_name(name: str) -> str:
    """Return llama.cpp's name of a tensor.

    Raises:
        UnsupportedModel: llama.cpp's Llama has no such tensor.
    """
    if name in _OUR_NAMES:
        return _OUR_NAMES[name]
    layer, _, rest = name.removeprefix("model.layers.").partition(".")
    part = rest.removesuffix(".weight")
    if part not in _OUR_NAMES or not layer.isdecimal():
        raise UnsupportedModel(
            f"its weight {name} has no equivalent in GGUF", hint="biases are not exported"
        )
    return f"blk.{layer}.{_OUR_NAMES[part]}.weight"


def _fields(checkpoint: Checkpoint, kind: GgufType) -> dict[str, Any]:
    """Return the fields of the file: shape, rotation, tokenizer."""
    shape, config, rope = checkpoint.shape, checkpoint.config, checkpoint.rope
    if config.get("hidden_act", "silu") != "silu":
        raise UnsupportedModel(
            f"its activation is {config['hidden_act']}; a Llama in GGUF has silu"
        )
    fields: dict[str, Any] = {
        "general.name": checkpoint.name,
        "general.file_type": _FILE_TYPE[kind],
        "general.quantization_version": 2,
        "llama.context_length": rope.window,
        "llama.embedding_length": shape.hidden_size,
        "llama.block_count": shape.num_hidden_layers,
        "llama.feed_forward_length": shape.intermediate_size,
        "llama.attention.head_count": shape.num_attention_heads,
        "llama.attention.head_count_kv": shape.num_key_value_heads,
        "llama.attention.key_length": shape.head_dim,
        "llama.attention.value_length": shape.head_dim,
        "llama.attention.layer_norm_rms_epsilon": float(config.get("rms_norm_eps") or 1e-6),
        "llama.rope.dimension_count": shape.head_dim,
        "llama.rope.freq_base": float(rope.rope_theta),
        "llama.vocab_size": shape.vocab_size,
    }
    return fields | _scaling(rope) | _tokenizer(checkpoint)


def _scaling(rope: Rope) -> dict[str, Any]:
    """Return the fields of how positions are scaled.

    Raises:
        UnsupportedModel: llama.cpp has no such scaling.
    """
    if rope.rope_type in ("default", "llama3"):
        return {}
    if rope.rope_type not in ("linear", "yarn"):
        raise UnsupportedModel(f"its position scaling {rope.rope_type} has no equivalent in GGUF")
    at = "llama.rope.scaling."
    found: dict[str, Any] = {f"{at}type": rope.rope_type, f"{at}factor": float(rope.factor)}
    if rope.rope_type == "yarn" or rope.window == round(rope.native_window * rope.factor):
        found[f"{at}original_context_length"] = rope.native_window
    if rope.rope_type == "yarn":
        for name in ("beta_fast", "beta_slow"):
            if rope.parameters.get(name) is not None:
                found[f"{at}yarn_{name}"] = float(rope.parameters[name])
        unusual = {"attention_factor", "mscale", "mscale_all_dim"} & {
            key for key, value in rope.parameters.items() if value is not None
        }
        if unusual:
            raise UnsupportedModel(f"its YaRN states {min(unusual)}, which is not exported")
    return found


def _divisors(rope: Rope, head_dim: int) -> np.ndarray | None:
    """Return the divisors of the rotation frequencies in Llama 3's scaling, else None."""
    if rope.rope_type != "llama3":
        return None
    return np.array(llama3_divisors(rope.rope_theta, head_dim, rope.factor), np.float32)


def _tokenizer(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the fields of the tokenizer; those of a GGUF file as they are."""
    if isinstance(checkpoint, GGUFCheckpoint):
        fields: Mapping[str, Any] = read_gguf(checkpoint.weight_files()[0]).fields
        return {name: each for name, each in fields.items() if name.startswith("tokenizer.")}
    return tokenizer_fields(checkpoint.folder, checkpoint.shape.vocab_size)


def _type(shape: tuple[int, ...], kind: GgufType) -> GGMLQuantizationType:
    """Return the type of a weight of a shape."""
    from gguf import GGMLQuantizationType

    wanted = kind.upper() if len(shape) > 1 else "F32"
    if wanted == "Q8_0" and shape[-1] % _BLOCK:
        wanted = "F16"
    return GGMLQuantizationType[wanted]


def _shape(checkpoint: Checkpoint, name: str) -> tuple[int, ...]:
    """Return the shape of a weight, from the model's.

    Raises:
        UnsupportedModel: llama.cpp's Llama has no such tensor.
    """
    shape = checkpoint.shape
    hidden, queries, keys = shape.hidden_size, shape.attention_size, shape.key_value_size
    inner, vocabulary = shape.intermediate_size, shape.vocab_size
    sizes = {
        "q_proj": (queries, hidden),
        "k_proj": (keys, hidden),
        "v_proj": (keys, hidden),
        "o_proj": (hidden, queries),
        "gate_proj": (inner, hidden),
        "up_proj": (inner, hidden),
        "down_proj": (hidden, inner),
        "embed_tokens": (vocabulary, hidden),
        "lm_head": (vocabulary, hidden),
    }
    gguf_name(name)
    return sizes.get(name.split(".")[-2], (hidden,))


def _in_pairs(checkpoint: Checkpoint, name: str, weight: np.ndarray) -> np.ndarray:
    """Return a weight with the rows of queries and keys in llama.cpp's order."""
    heads = {
        "q_proj": checkpoint.shape.num_attention_heads,
        "k_proj": checkpoint.shape.num_key_value_heads,
    }.get(name.split(".")[-2])
    if heads is None:
        return np.ascontiguousarray(weight)
    return np.ascontiguousarray(weight[in_halves(len(weight), heads).argsort()])


def _announce(
    writer: GGUFWriter, name: str, shape: tuple[int, ...], kind: GGMLQuantizationType
) -> None:
    """Announce a tensor, whose data comes later.

    Args:
        writer: the file.
        name: llama.cpp's name.
        shape: shape of the weight.
        kind: its type.
    """
    from gguf.constants import GGML_QUANT_SIZES

    block, size = GGML_QUANT_SIZES[kind]
    nbytes = math.prod(shape) // block * size
    # a dtype other than uint8 says that the shape counts values, not bytes
    writer.add_tensor_info(name, shape, np.dtype(np.float32), nbytes, raw_dtype=kind)


def _put(writer: GGUFWriter, name: str, value: Any) -> None:
    """Write a field in the kind that its value suggests."""
    if isinstance(value, bool):
        writer.add_bool(name, value)
    elif isinstance(value, int):
        writer.add_uint32(name, value)
    elif isinstance(value, float):
        writer.add_float32(name, value)
    elif isinstance(value, str):
        writer.add_string(name, value)
    else:
        writer.add_array(name, value)
