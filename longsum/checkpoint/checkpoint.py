"""What a checkpoint's files say, whatever their format: numbers, tokenizer, weights, identity.

A format is a class of its own; `formats.open_checkpoint` picks it. Nothing else asks which one a
checkpoint has. Torch is imported only where tensors are asked for.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from longsum.checkpoint.files import ModelShape, quantized_on_disk, read_config, read_shape
from longsum.checkpoint.identity import content_identity, local_identity
from longsum.checkpoint.rope import Rope, read_rope
from longsum.checkpoint.tokenizer import Tokenizer, load_tokenizer
from longsum.errors import ModelNotFound

if TYPE_CHECKING:
    import torch


class LazyTensor:
    """A weight that is read when it is indexed, as `from_pretrained` takes state.

    Args:
        read: reads it.
    """

    def __init__(self, read: Callable[[], torch.Tensor]) -> None:
        self._read = read

    def __getitem__(self, _: object) -> torch.Tensor:
        """Return all of it, whatever the index."""
        return self._read()


@dataclass(eq=False)
class Checkpoint(ABC):
    """A Llama on this disk that is understood but not loaded."""

    folder: Path
    """Holds config.json and the tokenizer."""
    config: dict[str, Any]
    """The content of config.json."""
    shape: ModelShape
    rope: Rope
    """Window and RoPE parameters in use: the checkpoint's own until `with_rope` changes them."""
    tuned_window: int
    """Tokens its weights were tuned for; larger than the window in use when less was asked for."""
    adapters: tuple[Path, ...] = ()
    """LoRA adapters to apply to the weights; none yet."""

    @classmethod
    @abstractmethod
    def is_at(cls, folder: Path) -> bool:
        """Return whether a folder holds a checkpoint of this format."""

    @classmethod
    def open(cls, folder: Path, known_window: int | None = None) -> Self:
        """Read everything but tokenizer and weights.

        Args:
            folder: the checkpoint.
            known_window: tokens, where the catalogue knows what the config does not say.

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
        other = copy.copy(self)  # with the tokenizer, where it was loaded
        other.rope = rope
        return other

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer, loaded at the first call.

        Raises:
            UnsupportedModel: there is none that can be read.
        """
        return self._tokenizer

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return load_tokenizer(self.folder)

    @property
    def name(self) -> str:
        """Return what people call it: `owner/model` in Hugging Face's cache, or the folder's name.

        A folder of that cache is `models--owner--model/snapshots/<commit>`.
        """
        repository = self.folder.parent.parent.name
        if self.folder.parent.name == "snapshots" and repository.startswith("models--"):
            return repository.removeprefix("models--").replace("--", "/")
        return self.folder.resolve().name

    @property
    def quantized(self) -> str | None:
        """Return how bitsandbytes quantized the stored weights: `nf4`, `fp4`, `int8`, or None.

        Raises:
            UnsupportedModel: they are quantized by another method.
        """
        return quantized_on_disk(self.config)

    @property
    def can_be_quantized(self) -> bool:
        """Return whether the weights may be quantized while they are loaded."""
        return True

    @property
    def read_by_transformers(self) -> bool:
        """Return whether `transformers` reads the files itself; else it is given `tensors`."""
        return False

    def packing(self) -> Mapping[str, int]:
        """Return how many tensors are of each packed type, the one of most bytes first."""
        return {}

    @abstractmethod
    def weight_files(self) -> tuple[Path, ...]:
        """Return the files of the weights, all present and complete.

        Raises:
            UnsupportedModel: there are none, one is missing, or a download was cut short.
        """

    @abstractmethod
    def tensors(self, dtype: torch.dtype) -> Mapping[str, LazyTensor]:
        """Return the weights by Hugging Face's names; each is read when it is indexed.

        Args:
            dtype: to compute in; what is stored in it is mapped, not read.

        Raises:
            UnsupportedModel: as `weight_files`, or the files are damaged.
        """

    def weights_bytes(self) -> int:
        """Return the size of the weight files on disk."""
        return sum(path.stat().st_size for path in self.weight_files())

    def hashed_files(self) -> tuple[Path, ...]:
        """Return the files that the identities are made of, unchecked, in a fixed order."""
        return self.weight_files()

    def identity(self) -> str:
        """Return 64 hexadecimal digits that tell two states of its files on this machine apart."""
        return local_identity(self.folder, self.hashed_files())

    def content_identity(self) -> str:
        """Return 16 hexadecimal digits that are the same for the same model on every machine."""
        return content_identity(self.folder, self.hashed_files(), self.rope)


class FilelessCheckpoint(Checkpoint):
    """A checkpoint of which only numbers are known: from the catalogue, or of a model in memory."""

    @classmethod
    def is_at(cls, folder: Path) -> bool:
        """Return False: it has no files anywhere."""
        return False

    def weight_files(self) -> tuple[Path, ...]:
        """Refuse, as there are none.

        Raises:
            ModelNotFound: always.
        """
        raise ModelNotFound(f"{self.folder} is not on this disk")

    def tensors(self, dtype: torch.dtype) -> Mapping[str, LazyTensor]:
        """Refuse, as there are none; see `weight_files`."""
        raise ModelNotFound(f"{self.folder} is not on this disk")
