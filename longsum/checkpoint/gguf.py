"""A checkpoint in GGUF, the format of llama.cpp: what its fields say and where its tensors are.

Works on files and numbers; knows no torch and reads no weights. The fields are turned into what a
`config.json` would say, the scaling of positions included: `rope.scaling.*` and `rope_freqs.weight`
decide how a window was extended, and a reader that ignores them reads wrong positions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.errors import ModelNotFound, UnsupportedModel

if TYPE_CHECKING:
    import numpy as np  # a tenth of a second, for those who only ask for help

SUFFIX = ".gguf"
MAGIC = b"GGUF"
TYPES = frozenset(
    ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K")
)
"""Types of tensors that are read."""
NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
FREQUENCIES = "rope_freqs.weight"
"""Divisors of the rotation frequencies, by which llama.cpp states Llama 3's scaling."""
LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
LLAMA3_FACTORS = (8.0, 32.0)
"""Of Llama 3.1 and of Llama 3.2."""

_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


@dataclass(frozen=True)
class GgufTensor:
    """Where a weight is, and how it is packed."""

    name: str
    """Its name in Hugging Face's format."""
    file: Path
    type_name: str
    """One of `TYPES`."""
    shape: tuple[int, ...]
    """(rows, columns), or (size,) of a norm."""
    offset: int
    """Bytes from the beginning of the file."""
    nbytes: int
    heads: int = 0
    """Of queries and keys, whose rows llama.cpp keeps in pairs; 0 for the others."""


@dataclass(frozen=True)
class GgufCheckpoint:
    """What the header of a GGUF file says."""

    files: tuple[Path, ...]
    config: dict[str, Any]
    """As a `config.json` has it."""
    tensors: tuple[GgufTensor, ...]
    reader: Any
    """The library's, of the first file: it has the tokenizer."""


def is_gguf(path: Path) -> bool:
    """Tell whether a path is a GGUF file, by its first bytes or, where there is none, its name."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return path.suffix.lower() == SUFFIX and path.is_file()


def shards_of(path: Path) -> tuple[Path, ...]:
    """Return all files of a checkpoint, in order, given any of them.

    Raises:
        UnsupportedModel: one of several is missing.
    """
    found = _SHARD.search(path.name)
    if found is None:
        return (path,)
    count = int(found[2])
    stem = path.name[: found.start()]
    files = tuple(
        path.with_name(f"{stem}-{number:05d}-of-{count:05d}{SUFFIX}")
        for number in range(1, count + 1)
    )
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise UnsupportedModel(
            f"{path.name} is one of {count} files, and {missing[0]} is not beside it",
            hint="download the missing files into the same folder",
        )
    return files


def gguf_in(folder: Path) -> Path | None:
    """Return the GGUF checkpoint of a folder that holds nothing else; None where there is none.

    Raises:
        UnsupportedModel: there are several, so that one must be named.
    """
    files = sorted(folder.glob(f"*{SUFFIX}"))
    first = [f for f in files if (found := _SHARD.search(f.name)) is None or int(found[1]) == 1]
    if len(first) > 1:
        raise UnsupportedModel(
            f"{folder} has {len(first)} GGUF checkpoints: {', '.join(f.name for f in first[:4])}",
            hint=f"name the file: --model {first[0]}",
        )
    return first[0] if first else None


def read_gguf(path: Path) -> GgufCheckpoint:
    """Read the header of a GGUF checkpoint.

    Args:
        path: the file, or any of several.

    Raises:
        ModelNotFound: there is no such file.
        UnsupportedModel: it is damaged, cut short, not a Llama, or packed in a way that is not
            read.
    """
    if not path.is_file():
        raise ModelNotFound(f"{path}: no such file")
    files = shards_of(path)
    import numpy as np

    fields: dict[str, Any] = {}
    tensors: list[GgufTensor] = []
    frequencies: np.ndarray | None = None
    readers = []
    for file in files:
        with open_gguf(file) as reader:
            readers.append(reader)
            fields = fields or _fields_of(reader)
            for tensor in reader.tensors:
                if tensor.name == FREQUENCIES:
                    frequencies = np.array(tensor.data, dtype=np.float64)
                else:
                    tensors.append(_tensor_of(tensor, file, fields))
    config = config_of(fields, tensors, frequencies)
    return GgufCheckpoint(files, config, tuple(tensors), readers[0])


@contextmanager
def open_gguf(file: Path) -> Iterator[Any]:
    """Open one file with the library's reader; whatever a damaged file raises becomes our error."""
    from gguf import GGUFReader  # half a second

    try:
        yield GGUFReader(file)
    except UnsupportedModel:
        raise
    except OSError as error:
        raise ModelNotFound(f"cannot read {file}: {error.strerror or error}") from error
    except Exception as error:  # counts and offsets of a damaged file lead anywhere
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnsupportedModel(
            f"{file} is not a whole GGUF file: {said}", hint="download the file again"
        ) from error


def _fields_of(reader: Any) -> dict[str, Any]:
    """Return the fields that are single values; lists, such as the vocabulary, are left out."""
    found = {}
    for name, field in reader.fields.items():
        kinds = [kind.name for kind in field.types]
        if kinds and kinds[0] != "ARRAY":
            found[name] = field.contents()
    architecture = found.get("general.architecture")
    if architecture != "llama":
        raise UnsupportedModel(
            f"the file holds a model of architecture {architecture!r}; longsum runs 'llama'",
            hint="`longsum models list` shows checkpoints that are known to work",
        )
    return found


def _tensor_of(tensor: Any, file: Path, fields: Mapping[str, Any]) -> GgufTensor:
    """Return where a tensor is, under Hugging Face's name.

    Raises:
        UnsupportedModel: it is not one of a plain Llama, or packed in a way that is not read.
    """
    name, type_name = hugging_face_name(tensor.name), tensor.tensor_type.name
    if name is None:
        raise UnsupportedModel(
            f"{file.name} has a tensor {tensor.name!r}, which a plain Llama does not have",
            hint="mixtures of experts and models with biases are not supported",
        )
    if type_name not in TYPES:
        raise UnsupportedModel(
            f"{file.name} packs {tensor.name} as {type_name}, which longsum does not read",
            hint="take a file in Q4_K_M, Q5_K_M, Q6_K, Q8_0, F16 or BF16",
        )
    offset, nbytes = int(tensor.data_offset), int(tensor.n_bytes)
    if offset + nbytes > file.stat().st_size:
        raise ValueError(f"{tensor.name} ends beyond the file: the download was cut short")
    key = {"q_proj": "head_count", "k_proj": "head_count_kv"}.get(name.split(".")[-2], "")
    heads = int(fields.get(f"llama.attention.{key}") or _count(fields, "attention.head_count"))
    shape = tuple(int(size) for size in reversed(tensor.shape.tolist()))
    return GgufTensor(name, file, type_name, shape, offset, nbytes, heads if key else 0)


def hugging_face_name(name: str) -> str | None:
    """Return what Hugging Face calls a tensor of llama.cpp; None for one it does not have."""
    if name in WHOLE:
        return WHOLE[name]
    found = re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", name)
    if found is None or found[2] not in NAMES:
        return None
    return f"model.layers.{int(found[1])}.{NAMES[found[2]]}.weight"


def config_of(
    fields: Mapping[str, Any],
    tensors: Sequence[GgufTensor],
    frequencies: np.ndarray | None = None,
) -> dict[str, Any]:
    """Return what a `config.json` would say of the same model.

    Args:
        fields: of the file, single values.
        tensors: of all files.
        frequencies: (head_dim / 2,) divisors of the rotation frequencies, where there are any.

    Raises:
        UnsupportedModel: a field is missing, or the positions are rotated in a way not known.
    """
    shapes = {tensor.name: tensor.shape for tensor in tensors}
    if "model.embed_tokens.weight" not in shapes:
        raise UnsupportedModel("the file has no token embeddings: it holds a part of a model")
    heads, hidden = _count(fields, "attention.head_count"), _count(fields, "embedding_length")
    head_dim = int(fields.get("llama.attention.key_length") or hidden // heads)
    rotated = int(fields.get("llama.rope.dimension_count") or head_dim)
    if rotated != head_dim:
        raise UnsupportedModel(f"{rotated} of {head_dim} values of a head are rotated, not all")
    config = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_act": "silu",
        "num_hidden_layers": _count(fields, "block_count"),
        "hidden_size": hidden,
        "intermediate_size": _count(fields, "feed_forward_length"),
        "num_attention_heads": heads,
        "num_key_value_heads": int(fields.get("llama.attention.head_count_kv") or heads),
        "head_dim": head_dim,
        "vocab_size": shapes["model.embed_tokens.weight"][0],
        "max_position_embeddings": _count(fields, "context_length"),
        "rms_norm_eps": float(fields.get("llama.attention.layer_norm_rms_epsilon") or 1e-5),
        "tie_word_embeddings": "lm_head.weight" not in shapes,
        "rope_parameters": rope_of(fields, head_dim, frequencies),
    }
    for key in ("bos", "eos"):
        number = fields.get(f"tokenizer.ggml.{key}_token_id")
        if number is not None:
            config[f"{key}_token_id"] = int(number)
    return config


def rope_of(
    fields: Mapping[str, Any], head_dim: int, frequencies: np.ndarray | None
) -> dict[str, Any]:
    """Return `rope_parameters`: the base, and the scaling that the fields state.

    Raises:
        UnsupportedModel: the scaling is none that `transformers` computes.
    """
    import numpy as np

    theta = float(fields.get("llama.rope.freq_base") or 10_000.0)
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": theta}
    kind = str(fields.get("llama.rope.scaling.type") or "none")
    # before scaling types there was a factor alone, of linear scaling
    factor = fields.get("llama.rope.scaling.factor") or fields.get("llama.rope.scale_linear")
    if kind == "none" and "llama.rope.scaling.type" not in fields and factor:
        kind = "linear"
    if kind not in ("none", "linear", "yarn"):
        raise UnsupportedModel(f"rope.scaling.type {kind!r} is not known")
    original = fields.get("llama.rope.scaling.original_context_length")
    if kind != "none" and float(factor or 1) != 1:
        rope |= {"rope_type": kind, "factor": float(factor or 1)}
        if original:
            rope["original_max_position_embeddings"] = int(original)
    if frequencies is not None and not np.allclose(frequencies, 1):
        if kind != "none":
            raise UnsupportedModel(f"rope_freqs.weight and {kind} scaling together are not known")
        rope |= {"rope_type": "llama3", "factor": _llama3_factor(theta, head_dim, frequencies)}
        rope |= LLAMA3
    return rope


def _llama3_factor(theta: float, head_dim: int, frequencies: np.ndarray) -> float:
    """Return the factor of Llama 3's scaling whose divisors these are.

    Raises:
        UnsupportedModel: they are those of another scaling.
    """
    import numpy as np

    for factor in LLAMA3_FACTORS:
        expected = llama3_divisors(theta, head_dim, factor)
        if frequencies.shape == expected.shape and np.allclose(frequencies, expected, rtol=1e-3):
            return factor
    raise UnsupportedModel("rope_freqs.weight is not Llama 3's scaling by 8 or 32")


def llama3_divisors(theta: float, head_dim: int, factor: float) -> np.ndarray:
    """Return by what Llama 3.1 divides each rotation frequency: (head_dim / 2,) float64."""
    import numpy as np

    original = float(LLAMA3["original_max_position_embeddings"])
    low, high = LLAMA3["low_freq_factor"], LLAMA3["high_freq_factor"]
    turns = original * theta ** (-np.arange(0, head_dim, 2) / head_dim) / (2 * math.pi)
    smooth = (turns - low) / (high - low)
    between = 1 / ((1 - smooth) / factor + smooth)
    divisors: np.ndarray = np.where(turns < low, factor, np.where(turns > high, 1.0, between))
    return divisors


def _count(fields: Mapping[str, Any], name: str) -> int:
    """Return a positive whole number among the fields."""
    value = fields.get(f"llama.{name}")
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        found = "is missing" if value is None else f"is {value!r}"
        raise UnsupportedModel(f"llama.{name} in the GGUF file {found}")
    return value
