"""One session and the store: take back what was read before, keep what took long to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum import __version__
from longsum.bytesize import format_bytes
from longsum.config import LoadConfig, StoreConfig
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
    """What the store has, or is to have, of one document as one model reads it.

    Args:
        root: the store's folder.
        config: its size, and what is worth keeping.
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
        """Further tensors that belong to the document: read with it, and kept with it."""
        self._settled = False

    def restore(self, engine: Engine, token_ids: Sequence[int], listener: Listener) -> bool:
        """Fill the engine with what was read before; tell whether that could be done."""
        assert len(token_ids) == self.key.tokens
        if self.key not in self.store:
            return False
        try:
            engine.restore(token_ids, self._fill)
        except DamagedFile as error:
            listener.warning(f"a damaged entry of the cache is read anew: {error}")
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
                raise DamagedFile(f"{name} has no place in this model")
            view.copy_(tensor)
            missing.discard(name)

        extra = self.store.load(self.key, take)
        if extra is None:
            raise LookupError(self.key.digest)
        if missing:
            raise DamagedFile(f"it lacks {min(missing)}")
        self.extra = extra

    def save(self, engine: Engine, listener: Listener) -> None:
        """Write what was read, once, if it took long enough; a failure is no more than told."""
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
        listener.phase("keeping what was read")
        try:
            self.store.save(self.key, tensors, extra=self.extra, about=self.about)
        except OSError as error:
            said = error.strerror or str(error)
            listener.warning(f"what was read is not kept in {self.store.root}: {said}")
            return
        if first:
            listener.notice(
                f"kept what was read ({shown}) in {self.store.root}: later questions about this "
                "document start at once. It holds the document's content; see `longsum cache`, "
                f"{Setting('no_cache')} keeps nothing"
            )
        else:
            listener.notice(f"cached for later questions ({shown})")


def stored_prefix(
    document: str,
    token_ids: Sequence[int],
    model: Model,
    plan: MemoryPlan,
    load: LoadConfig,
    config: StoreConfig,
) -> StoredPrefix:
    """Return what the store has of a prefix, read by this model in this way.

    Args:
        document: its name, for people.
        token_ids: up to the end of the document.
        model: its weights and positions.
        plan: how weights and cache are held.
        load: for the attention.
        config: of the store.
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
    about = {"document": document, "model": model.source.name}
    return StoredPrefix(prefix_folder(), config, key, about)
