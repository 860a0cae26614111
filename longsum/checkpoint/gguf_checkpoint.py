"""A checkpoint in GGUF: the folder unpacked from the file, and the file itself for the weights."""

from __future__ import annotations

from collections import Counter
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.gguf import GgufTensor
from longsum.checkpoint.gguf_codes import codes_per_weight
from longsum.checkpoint.gguf_folder import INDEX, changed_files, read_index
from longsum.checkpoint.lazy import LazyTensor
from longsum.errors import UnsupportedModel

if TYPE_CHECKING:
    import torch


class GGUFCheckpoint(Checkpoint):
    """One or more GGUF files, unpacked by `gguf_folder.unpacked`."""

    @classmethod
    def is_at(cls, folder: Path) -> bool:
        """Return whether a folder was unpacked from a GGUF file."""
        return (folder / INDEX).is_file()

    @property
    def name(self) -> str:
        """Name of the first file."""
        return self.hashed_files()[0].name

    def packing(self) -> dict[str, int]:
        """Return the number of tensors by packed type, the type with the most bytes first."""
        tensors: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        for entry in self._index["tensors"]:
            tensors[entry["type_name"]] += 1
            sizes[entry["type_name"]] += entry["nbytes"]
        return {name: tensors[name] for name, _ in sizes.most_common()}

    def weight_files(self) -> tuple[Path, ...]:
        """Return the GGUF files, after checking that none is missing or has changed."""
        if changed := changed_files(self._index):
            raise UnsupportedModel(
                f"{changed[0]} is missing or has changed", hint="name the file again"
            )
        return self.hashed_files()

    def stored_tensors(self, dtype: torch.dtype) -> dict[str, LazyTensor]:
        """Return the weights; each is dequantized when it is indexed."""
        from longsum.checkpoint.gguf_weights import read_tensor

        self.weight_files()
        placed = self._placed()
        return {each.name: LazyTensor(partial(read_tensor, each, dtype)) for each in placed}

    def codes(self) -> dict[str, GgufTensor]:
        """Return the matrices in Q4_0, Q4_1, Q4_K and Q8_0; none where an adapter is added."""
        placed = [] if self.adapter else self._placed()
        return {each.name: each for each in placed if codes_per_weight(each)}

    def _placed(self) -> list[GgufTensor]:
        """Return the locations of all weights."""
        return [
            GgufTensor(**{**entry, "file": Path(entry["file"]), "shape": tuple(entry["shape"])})
            for entry in self._index["tensors"]
        ]

    def hashed_files(self) -> tuple[Path, ...]:
        """Return the GGUF files, under their names at the time of unpacking."""
        return tuple(Path(entry["path"]) for entry in self._index["files"])

    @cached_property
    def _index(self) -> dict[str, Any]:
        return read_index(self.folder)
