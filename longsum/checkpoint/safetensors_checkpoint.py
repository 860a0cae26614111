"""A checkpoint in safetensors: one file, shards with an index, or the bundled model's int8 rows.

Only the headers of weight files are read until a tensor is indexed.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.families import zero_biases
from longsum.checkpoint.files import what_else
from longsum.checkpoint.lazy import LazyTensor
from longsum.checkpoint.load_errors import library_errors
from longsum.checkpoint.packed import SCALE, dequantize_rows, is_packed
from longsum.errors import UnsupportedModel

if TYPE_CHECKING:
    import torch

WEIGHTS_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"


class SafetensorsCheckpoint(Checkpoint):
    """A folder in Hugging Face's format."""

    @classmethod
    def is_at(cls, folder: Path) -> bool:
        """Return True: a folder in no other format is reported as an incomplete one of this."""
        return True

    @property
    def can_be_quantized(self) -> bool:
        """Whether the weights are not the bundled model's int8 rows."""
        return not self._is_packed()

    @property
    def read_by_transformers(self) -> bool:
        """Whether `transformers` reads the files itself.

        It cannot read the int8 rows, and does not know of biases that are zeros.
        """
        has_zeros = bool(zero_biases(self.config, self.shape.num_hidden_layers))
        return self.adapter is None and not has_zeros and not self._is_packed()

    def weight_files(self) -> tuple[Path, ...]:
        """Return the weight files, after checking that all are present and complete."""
        return check_weights(self.folder)

    def stored_tensors(self, dtype: torch.dtype) -> dict[str, LazyTensor]:
        """Return the weights, unpacked if needed; each is read or mapped when it is indexed."""
        from safetensors import safe_open

        found: dict[str, LazyTensor] = {}
        for path in self.weight_files():
            with library_errors(self.folder):
                file: Any = safe_open(path, "pt")
                names = frozenset(file.keys())
            for name in sorted(name for name in names if not name.endswith(SCALE)):
                scale = name + SCALE if name + SCALE in names else None
                found[name] = LazyTensor(partial(self._read, file, name, scale, dtype))
        return found

    def hashed_files(self) -> tuple[Path, ...]:
        """Return all safetensors files, including the selection head's."""
        return tuple(sorted(self.folder.glob("*.safetensors")))

    def _is_packed(self) -> bool:
        """Return whether the weights are the bundled model's int8 rows."""
        files = self.weight_files()
        with library_errors(self.folder):
            return len(files) == 1 and is_packed(files[0])

    def _read(self, file: Any, name: str, scale: str | None, dtype: torch.dtype) -> torch.Tensor:
        """Return a tensor of an open file, dequantized if it has scales."""
        with library_errors(self.folder):
            stored = file.get_tensor(name)
            scales = file.get_tensor(scale) if scale else None
        return dequantize_rows(stored, scales, dtype)


def check_weights(folder: Path) -> tuple[Path, ...]:
    """Return the weight files of a folder, after checking that all are present and complete.

    Raises:
        UnsupportedModel: there are none, a shard is missing, or a file is truncated.
    """
    whole, index = folder / WEIGHTS_NAME, folder / INDEX_NAME
    if whole.is_file():
        files: tuple[Path, ...] = (whole,)
    elif index.is_file():
        files = tuple(folder / name for name in _shard_names(index))
        missing = [path.name for path in files if not path.is_file()]
        if missing:
            raise UnsupportedModel(
                f"{folder} lacks {len(missing)} of {len(files)} weight files, such as {missing[0]}",
                hint="download the model again",
            )
    else:
        pickled = any(folder.glob("pytorch_model*.bin"))
        found = "only pytorch_model.bin" if pickled else f"no {WEIGHTS_NAME}"
        raise UnsupportedModel(
            f"{folder} has {found}; longsum loads safetensors only", hint=what_else(folder)
        )
    for path in files:
        _check_complete(path)
    return files


def _shard_names(index: Path) -> list[str]:
    """Return the unique file names in an index, after checking that they are in its folder."""
    try:
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        names = sorted(set(weight_map.values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnsupportedModel(f"{index} is damaged", hint="download the model again") from error
    if not names or not all(isinstance(name, str) and _is_plain(name) for name in names):
        raise UnsupportedModel(f"{index} names no files, or files outside its folder")
    return names


def _is_plain(name: str) -> bool:
    """Return whether a name is that of a file directly in its folder, on any system."""
    return name not in ("", ".", "..") and not any(sign in name for sign in "/\\:\0")


def _check_complete(path: Path) -> None:
    """Refuse a safetensors file that is shorter than its header says.

    The format: 8 bytes little-endian header length, a JSON header with `data_offsets`, the data.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > size:
                raise ValueError("header longer than the file")
            header = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
        if 8 + length + max(ends, default=0) > size:
            raise ValueError("data cut short")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UnsupportedModel(
            f"{path} is incomplete or not a safetensors file", hint="download the model again"
        ) from error
