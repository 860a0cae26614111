"""Cached documents: one entry per document and model, with its keys and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from longsum.store.entries import RECORD, Entry, EntryStore
from longsum.store.key import PrefixKey

if TYPE_CHECKING:
    import torch

__all__ = ["DATA", "EXTRA", "RECORD", "Entry", "PrefixStore"]

DATA = "prefix.safetensors"
EXTRA = "extra."
"""Prefix of the names of tensors stored beside keys and values."""


class PrefixStore(EntryStore):
    """KV caches of documents."""

    data_name = DATA

    def load(
        self, key: PrefixKey, take: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor] | None:
        """Pass an entry's tensors to `take`, and mark the entry as used.

        Args:
            key: the entry's key.
            take: called with each name and tensor, except the extra ones.

        Returns:
            Copies of the extra tensors; None when there is no such entry.

        Raises:
            DamagedFile: when the entry is not as it was written; it has been removed.
        """
        extra: dict[str, torch.Tensor] = {}

        def sort(name: str, tensor: torch.Tensor) -> None:
            if name.startswith(EXTRA):
                extra[name.removeprefix(EXTRA)] = tensor.clone()
            else:
                take(name, tensor)

        return extra if self.read(key, sort) else None

    def save(
        self,
        key: PrefixKey,
        tensors: Mapping[str, torch.Tensor],
        *,
        extra: Mapping[str, torch.Tensor] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> Entry | None:
        """Write an entry, evicting older ones where necessary.

        Args:
            key: what it is.
            tensors: keys and values.
            extra: further tensors, which `load` returns.
            about: for people: the document's and the model's name.

        Returns:
            The entry; None when it is larger than the store.

        Raises:
            OSError: when it cannot be written; nothing of it is left.
        """
        everything = dict(tensors) | {EXTRA + name: each for name, each in (extra or {}).items()}
        return self.write(key, everything, {"tokens": key.tokens, **(about or {})})
