"""A checkpoint in any format: its shape, RoPE parameters, tokenizer, weights and identity.

Each format is a subclass, chosen by `formats.open_checkpoint`; no other code depends on the format.
Torch is imported only when tensors are read.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from longsum.checkpoint.adapters import Adapter, answer_adapter_for, shipped, window_adapter_for
from longsum.checkpoint.families import zero_biases
from longsum.checkpoint.files import ModelShape, quantized_on_disk, read_config, read_shape
from longsum.checkpoint.identity import content_identity, local_identity, weights_fingerprint
from longsum.checkpoint.lazy import LazyTensor
from longsum.checkpoint.rope import Rope, read_rope
from longsum.checkpoint.tokenizer import Tokenizer, load_tokenizer
from longsum.errors import ModelNotFound

if TYPE_CHECKING:
    import torch

    from longsum.checkpoint.gguf import GgufTensor


@dataclass(eq=False)
class Checkpoint(ABC):
    """A Llama on this disk whose configuration is read and whose weights are not loaded."""

    folder: Path
    """Folder with config.json and the tokenizer."""
    config: dict[str, Any]
    """Content of config.json, as that of a Llama."""
    shape: ModelShape
    rope: Rope
    """Window and RoPE parameters in use: the checkpoint's own until `with_rope` changes them."""
    tuned_window: int
    """Tokens its weights were tuned for, even if a smaller window is in use."""
    adapter: Adapter | None = None
    """Adapter whose products are added to the weights."""
    base: Self | None = None
    """The checkpoint without its window adapter; None if it has none."""

    @classmethod
    @abstractmethod
    def is_at(cls, folder: Path) -> bool:
        """Return whether a folder holds a checkpoint of this format."""

    @classmethod
    def open(cls, folder: Path, known_window: int | None = None) -> Self:
        """Read everything except the tokenizer and the weights.

        Args:
            folder: the checkpoint.
            known_window: tuned window in tokens, if the catalogue has it.

        Raises:
            ModelNotFound: there is no such folder.
            UnsupportedModel: it is not a Llama that longsum runs.
        """
        config = read_config(folder)
        shape = read_shape(config)
        rope = read_rope(config, known_window=known_window)
        return cls(folder, config, shape, rope, rope.window)

    def with_rope(self, rope: Rope) -> Self:
        """Return the checkpoint with another window or other RoPE parameters."""
        other = copy.copy(self)  # with the tokenizer, if it is loaded
        other.rope = rope
        return other

    def widened(self) -> Self | None:
        """Return the checkpoint with the window adapter made for it; None if there is none."""
        if self.adapter or self.rope.rope_type != "default" or not shipped():
            return None  # the weights are fingerprinted only where an adapter may be theirs
        found = window_adapter_for(self.fingerprint())
        if found is None or not found.window or found.window <= self.tuned_window:
            return None
        other = self.with_rope(found.rope(self.rope))
        other.adapter, other.tuned_window, other.base = found, found.window, self
        return other

    @property
    def answer_adapter(self) -> Adapter | None:
        """The answer adapter that comes with longsum for its weights; None if there is none."""
        return answer_adapter_for(self.fingerprint()) if shipped() else None

    def answering(self) -> Self | None:
        """Return the checkpoint with the answer adapter made for it; None if there is none."""
        found = None if self.adapter else self.answer_adapter
        if found is None:
            return None
        other = copy.copy(self)
        other.adapter = found
        return other

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer, loaded by the first call.

        Raises:
            UnsupportedModel: there is none, or it cannot be read.
        """
        return self._tokenizer

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return load_tokenizer(self.folder)

    @property
    def name(self) -> str:
        """Name to show: `owner/model` in Hugging Face's cache, or the folder's name.

        A folder of that cache is `models--owner--model/snapshots/<commit>`.
        """
        repository = self.folder.parent.parent.name
        if self.folder.parent.name == "snapshots" and repository.startswith("models--"):
            return repository.removeprefix("models--").replace("--", "/")
        return self.folder.resolve().name

    @property
    def quantized(self) -> str | None:
        """How bitsandbytes quantized the stored weights: `nf4`, `fp4`, `int8`, or None.

        Raises:
            UnsupportedModel: they are quantized by another method.
        """
        return quantized_on_disk(self.config)

    @property
    def can_be_quantized(self) -> bool:
        """Whether the weights may be quantized while they are loaded."""
        return True

    @property
    def read_by_transformers(self) -> bool:
        """Whether `transformers` reads the files itself; otherwise it is given `tensors`."""
        return False

    def packing(self) -> Mapping[str, int]:
        """Return the number of tensors by packed type, the type with the most bytes first."""
        return {}

    def codes(self) -> Mapping[str, GgufTensor]:
        """Return the matrices that are stored as 4-bit codes, by Hugging Face's name.

        There are none where an adapter is added: the sums are not codes.
        """
        return {}

    @abstractmethod
    def weight_files(self) -> tuple[Path, ...]:
        """Return the weight files, after checking that all are present and complete.

        Raises:
            UnsupportedModel: there are none, one is missing, or a download was cut short.
        """

    def tensors(self, dtype: torch.dtype) -> Mapping[str, LazyTensor]:
        """Return the weights by their Hugging Face names; each is read when it is indexed.

        Args:
            dtype: compute dtype; weights stored in it are mapped, not read.

        Raises:
            UnsupportedModel: as `weight_files`, or the files are damaged.
        """
        stored = {**self._zeros(dtype), **self.stored_tensors(dtype)}
        if self.adapter is None:
            return stored
        import torch

        return {**stored, **self.adapter.applied(self.stored_tensors(torch.float32), dtype)}

    def _zeros(self, dtype: torch.dtype) -> dict[str, LazyTensor]:
        """Return the biases that the forward pass adds and no file holds: they are zeros."""
        import torch

        zeros = LazyTensor(partial(torch.zeros, self.shape.hidden_size, dtype=dtype))
        return dict.fromkeys(zero_biases(self.config, self.shape.num_hidden_layers), zeros)

    @abstractmethod
    def stored_tensors(self, dtype: torch.dtype) -> Mapping[str, LazyTensor]:
        """Return the weights as they are stored, without an adapter; see `tensors`."""

    def weights_bytes(self) -> int:
        """Return the size of the weight files in bytes."""
        return sum(path.stat().st_size for path in self.weight_files())

    def hashed_files(self) -> tuple[Path, ...]:
        """Return the files that hold the stored weights, unchecked, in a fixed order."""
        return self.weight_files()

    def _deciding_files(self) -> tuple[Path, ...]:
        """Return the files that decide the identities."""
        return (*self.hashed_files(), *((self.adapter.weights,) if self.adapter else ()))

    def fingerprint(self) -> str:
        """Return 32 hexadecimal digits that identify the stored weights, whatever their name."""
        return weights_fingerprint(self.hashed_files())

    def identity(self) -> str:
        """Return 64 hexadecimal digits that identify the state of its files on this machine."""
        return local_identity(self.folder, self._deciding_files())

    def content_identity(self) -> str:
        """Return 16 hexadecimal digits that are equal for the same model on every machine."""
        return content_identity(self.folder, self._deciding_files(), self.rope)


class FilelessCheckpoint(Checkpoint):
    """A checkpoint without files, known from the catalogue or from a model in memory."""

    stated_fingerprint: str = ""
    """Fingerprint of its weights, if the catalogue has it."""

    @classmethod
    def is_at(cls, folder: Path) -> bool:
        """Return False, as it has no files."""
        return False

    def weight_files(self) -> tuple[Path, ...]:
        """Refuse, as there are none.

        Raises:
            ModelNotFound: always.
        """
        raise ModelNotFound(f"{self.folder} is not on this disk")

    def fingerprint(self) -> str:
        """Return the fingerprint that the catalogue states."""
        return self.stated_fingerprint

    def stored_tensors(self, dtype: torch.dtype) -> Mapping[str, LazyTensor]:
        """Refuse, as there are none; see `weight_files`."""
        raise ModelNotFound(f"{self.folder} is not on this disk")
