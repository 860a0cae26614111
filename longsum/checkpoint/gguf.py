"""A checkpoint in GGUF, the format of llama.cpp: its files and tensors, under our names.

Reads headers only: no weights, no torch.
"""

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longsum.checkpoint.gguf_config import AGAIN, BIASED, ELSEWHERE, config_of, is_qwen2
from longsum.checkpoint.gguf_header import MAGIC, RawTensor, read_header
from longsum.errors import ModelNotFound, UnsupportedModel
from longsum.settings import Setting

SUFFIX = ".gguf"
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
"""Tensor of divisors of the rotation frequencies, in which llama.cpp stores Llama 3's scaling."""

_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


@dataclass(frozen=True)
class GgufTensor:
    """The location of a weight, and how it is packed."""

    name: str
    """Hugging Face's name of it."""
    file: Path
    type_name: str
    """One of `gguf_header.BLOCKS`."""
    shape: tuple[int, ...]
    """(rows, columns), or (size,) for a norm."""
    offset: int
    """Bytes from the beginning of the file."""
    nbytes: int
    heads: int = 0
    """Number of heads of queries or keys, whose rows llama.cpp pairs; 0 for other weights."""


@dataclass(frozen=True)
class GgufHeaders:
    """The content of a checkpoint's headers."""

    files: tuple[Path, ...]
    config: dict[str, Any]
    """The equivalent config.json."""
    tensors: tuple[GgufTensor, ...]
    fields: Mapping[str, Any]
    """All fields of the first file, including the tokenizer."""


def is_gguf(path: Path) -> bool:
    """Return whether a path is a GGUF file, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def shards_of(path: Path) -> tuple[Path, ...]:
    """Return all files of a checkpoint, in order, given any of them.

    Raises:
        UnsupportedModel: one of several is missing.
    """
    files = tuple(path.with_name(name) for name in shard_names(path.name))
    missing = [file.name for file in files if not file.is_file()]
    if missing and len(files) > 1:
        raise UnsupportedModel(
            f"{path.name} is one of {len(files)} files, and {missing[0]} is not in its folder",
            hint="download the missing files into the same folder",
        )
    return files


def shard_names(name: str) -> tuple[str, ...]:
    """Return the names of all files of a checkpoint, in order, given the name of any of them."""
    found = _SHARD.search(name)
    if found is None or int(found[2]) < 1:
        return (name,)
    stem, count = name[: found.start()], int(found[2])
    return tuple(f"{stem}-{number:05d}-of-{count:05d}{SUFFIX}" for number in range(1, count + 1))


def first_shards(names: list[str]) -> list[str]:
    """Return the names of single files and of first shards."""
    return [name for name in names if (found := _SHARD.search(name)) is None or int(found[1]) == 1]


def gguf_in(folder: Path) -> Path | None:
    """Return the GGUF checkpoint in a folder; None if there is none.

    Raises:
        UnsupportedModel: there are several, so one must be named.
    """
    names = sorted(path.name for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    first = first_shards(names)
    if len(first) > 1:
        raise UnsupportedModel(
            f"{folder} has {len(first)} GGUF checkpoints: {', '.join(first[:4])}"
            f"{', …' if len(first) > 4 else ''}",
            hint=f"name one of them: {Setting('model', str(folder / first[0]))}",
        )
    # if the first shard is missing, any other leads to the list of missing files
    return folder / (first or names)[0] if names else None


def read_gguf(path: Path) -> GgufHeaders:
    """Read the headers of a GGUF checkpoint.

    Args:
        path: the file, or any of its shards.

    Raises:
        ModelNotFound: there is no such file.
        UnsupportedModel: it is damaged, truncated, neither a Llama nor a Qwen2, or packed in an
            unsupported type.
    """
    if not path.is_file():
        raise ModelNotFound(f"{path}: no such file")
    files = shards_of(path)
    headers = [read_header(file) for file in files]
    fields = headers[0].fields
    _check_count(files, fields)
    raw = [
        (file, each) for file, header in zip(files, headers, strict=True) for each in header.tensors
    ]
    named = [(file, each) for file, each in raw if each.name != FREQUENCIES]
    stated = [(file, each) for file, each in raw if each.name == FREQUENCIES]
    with named_errors(path):
        shapes = {_our_name(each.name, fields): each.shape for _, each in named}
        if len(shapes) < len(named):
            raise UnsupportedModel("two of the files have a tensor in common", hint=AGAIN)
        config = config_of(fields, shapes, _frequencies(*stated[0]) if stated else None)
    tensors = tuple(_tensor_of(each, file, fields, config) for file, each in named)
    config["dtype"] = _dtype_of(tensors)
    return GgufHeaders(files, config, tensors, fields)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Prefix errors with a file's name."""
    try:
        yield
    except UnsupportedModel as error:
        message, hint = error.rendered(str)
        raise UnsupportedModel(f"{path.name}: {message}", hint=hint) from error


def _check_count(files: tuple[Path, ...], fields: Mapping[str, Any]) -> None:
    """Refuse a renamed shard, whose other shards cannot be found."""
    count = fields.get("split.count")
    if isinstance(count, int) and count > 1 and len(files) != count:
        raise UnsupportedModel(
            f"{files[0].name} is one of {count} files",
            hint=f"rename them back: NAME-00001-of-{count:05d}.gguf and so on",
        )


def _our_name(name: str, fields: Mapping[str, Any]) -> str:
    """Return Hugging Face's name of a tensor.

    Raises:
        UnsupportedModel: a plain Llama has no such tensor, or a Qwen2 if the file holds one.
    """
    found = hugging_face_name(name, biases=is_qwen2(fields))
    if found is None:
        raise UnsupportedModel(
            f"it has a tensor {name[:80]!r}, which a plain Llama does not have",
            hint="mixtures of experts and Llamas with biases are not supported",
        )
    return found


def hugging_face_name(name: str, *, biases: bool = False) -> str | None:
    """Return Hugging Face's name of a llama.cpp tensor; None if it has no equivalent.

    Args:
        name: of a tensor in the file.
        biases: whether queries, keys and values have biases.
    """
    if name in WHOLE:
        return WHOLE[name]
    found = re.fullmatch(r"blk\.(0|[1-9]\d{0,5})\.(\w+)\.(weight|bias)", name, re.ASCII)
    if found is None or found[2] not in NAMES:
        return None
    if found[3] == "bias" and not (biases and NAMES[found[2]] in BIASED):
        return None
    return f"model.layers.{found[1]}.{NAMES[found[2]]}.{found[3]}"


def _frequencies(file: Path, tensor: RawTensor) -> tuple[float, ...]:
    """Return the divisors of the rotation frequencies."""
    if tensor.type_name != "F32" or len(tensor.shape) != 1:
        raise UnsupportedModel(f"{FREQUENCIES} is not a list in F32", hint=ELSEWHERE)
    with file.open("rb") as opened:
        opened.seek(tensor.offset)
        return struct.unpack(f"<{math.prod(tensor.shape)}f", opened.read(tensor.nbytes))


def _dtype_of(tensors: Sequence[GgufTensor]) -> str:
    """Return the dtype that suits the packed type of most weights."""
    packed = Counter[str]()
    for tensor in tensors:
        packed[tensor.type_name] += tensor.nbytes
    (kind, _), *_ = packed.most_common(1)
    return {"F32": "float32", "F16": "float16"}.get(kind, "bfloat16")


def _tensor_of(
    tensor: RawTensor, file: Path, fields: Mapping[str, Any], config: Mapping[str, Any]
) -> GgufTensor:
    """Return the location of a tensor, under our name."""
    name = _our_name(tensor.name, fields)
    key = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}.get(
        name.split(".")[-2], ""
    )
    # llama.cpp pairs the rows of a Llama only; those of a Qwen2 are in Hugging Face's order
    heads = int(config[key]) if key and not is_qwen2(fields) else 0
    return GgufTensor(
        name, file, tensor.type_name, tensor.shape, tensor.offset, tensor.nbytes, heads
    )
