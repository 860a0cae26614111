"""The cache entry of one document and model: restored before reading, written after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum import __version__
from longsum.bytesize import format_bytes
from longsum.config import LoadConfig, StoreConfig
from longsum.documents.document import Document
from longsum.events import Listener
from longsum.model.find import Model
from longsum.model.memory import MemoryPlan
from longsum.paths import prefix_folder
from longsum.settings import Setting
from longsum.store.key import PrefixKey, rope_text, token_hash
from longsum.store.prefixes import PrefixStore
from longsum.store.tensors import DamagedFile, bytes_of_tensors

if TYPE_CHECKING:
    import torch

    from longsum.engine.engine import Engine


class StoredPrefix:
    """The cache entry of one document as one model reads it, whether it exists yet or not.

    Args:
        root: the store's folder.
        config: the store's size, and the shortest reading worth caching.
        key: the document and the model.
        about: their names, for people.
    """

    def __init__(
        self, root: Path, config: StoreConfig, key: PrefixKey, about: Mapping[str, Any]
    ) -> None:
        self.store = PrefixStore(root, config.size_bytes)
        self.config = config
        self.key = key
        self.about = about
        self.extra: dict[str, torch.Tensor] = {}
        """Further tensors of the document, restored and saved with it."""
        self._settled = False

    def restore(self, engine: Engine, token_ids: Sequence[int], listener: Listener) -> bool:
        """Fill the engine with the cached prefix, if there is one.

        Args:
            engine: one that has read nothing.
            token_ids: the prefix, of `key.tokens` tokens.
            listener: receives a warning about a damaged entry.

        Returns:
            Whether the engine holds the prefix now.
        """
        assert len(token_ids) == self.key.tokens
        if self.key not in self.store:
            return False
        try:
            engine.restore(token_ids, self._fill)
        except DamagedFile as error:
            listener.warning(f"the cached document is damaged and is read again: {error}")
            return False
        except LookupError:  # another process has just removed it
            return False
        self._settled = True
        return True

    def _fill(self, views: Mapping[str, torch.Tensor]) -> None:
        """Copy an entry's tensors from its memory map into the engine's buffers."""
        missing = set(views)

        def take(name: str, tensor: torch.Tensor) -> None:
            view = views.get(name)
            if view is None or (view.shape, view.dtype) != (tensor.shape, tensor.dtype):
                raise DamagedFile(f"{name} does not fit this model")
            view.copy_(tensor)
            missing.discard(name)

        extra = self.store.load(self.key, take)
        if extra is None:
            raise LookupError(self.key.digest)
        if missing:
            raise DamagedFile(f"{min(missing)} is missing")
        self.extra = extra

    def save(self, engine: Engine, listener: Listener) -> None:
        """Cache what was read, once, if reading took long; a failure is reported, not raised."""
        if self._settled or engine.stats.prefill_s < self.config.min_prefill_s:
            return
        self._settled = True
        tensors = engine.tensors(self.key.tokens)
        size = bytes_of_tensors(tensors) + bytes_of_tensors(self.extra)
        shown = format_bytes(size)
        if size > self.config.size_bytes:
            limit = format_bytes(self.config.size_bytes)
            listener.notice(
                f"not cached for later questions: {shown} is over {Setting('cache_size')} {limit}"
            )
            return
        first = not self.store.root.is_dir()
        listener.phase("caching the document")
        try:
            self.store.save(self.key, tensors, extra=self.extra, about=self.about)
        except OSError as error:
            reason = error.strerror or str(error)
            listener.warning(f"could not cache the document in {self.store.root}: {reason}")
            return
        if first:
            listener.notice(
                f"cached this document ({shown}) in {self.store.root}: later questions start at "
                "once. The cache holds the document's content; see `longsum cache`, or turn it "
                f"off with {Setting('no_cache')}"
            )
        else:
            listener.notice(f"cached for later questions ({shown})")


def stored_prefix(
    document: Document,
    token_ids: Sequence[int],
    model: Model,
    plan: MemoryPlan,
    load: LoadConfig,
    config: StoreConfig,
) -> StoredPrefix:
    """Return the cache entry of a prefix as this model reads it with this plan.

    Args:
        document: the document read.
        token_ids: tokens up to the end of the document.
        model: weights and positions.
        plan: formats of weights and KV cache.
        load: attention implementation.
        config: limits of the store.
    """
    key = PrefixKey(
        weights=model.checkpoint.identity(),
        rope=rope_text(model.rope.parameters),
        quantize=plan.quantize,
        dtype=plan.dtype,
        kv_dtype=plan.kv_dtype,
        attention=load.attention,
        tokens=len(token_ids),
        token_ids=token_hash(token_ids),
        version=__version__,
    )
    about = {"document": document.name, "sha256": document.sha256, "model": model.source.name}
    return StoredPrefix(prefix_folder(), config, key, about)
