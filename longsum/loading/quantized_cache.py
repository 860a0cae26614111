"""A cache of quantized weights, so that the next start reads 4-bit files.

Quantizing reads all 16-bit weights and takes a while; the result is a quarter of their size. It is
cached next to the documents, with its own size limit, and contains nothing of any document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.bytesize import format_bytes, parse_bytes
from longsum.checkpoint.checkpoint import Checkpoint
from longsum.config import WeightsConfig
from longsum.environment import WEIGHTS_SIZE, variable
from longsum.errors import UsageError
from longsum.events import Listener
from longsum.model.memory import MemoryPlan
from longsum.paths import prefix_folder
from longsum.store.entries import EntryStore
from longsum.store.key import WeightsKey
from longsum.store.tensors import DamagedFile, bytes_of_tensors

if TYPE_CHECKING:
    import torch
    from transformers import BitsAndBytesConfig, LlamaForCausalLM


def weights_folder() -> Path:
    """Return the folder of the cache, which may not exist."""
    return prefix_folder().with_name("weights")


def weights_config(quantize: str) -> WeightsConfig | None:
    """Return the cache settings from the environment; None if nothing is quantized.

    Raises:
        UsageError: `LONGSUM_WEIGHTS_SIZE` is not a size.
    """
    if quantize == "none":
        return None
    asked = variable(WEIGHTS_SIZE)
    if asked is None:
        return WeightsConfig()
    if asked == "0":
        return WeightsConfig(size_bytes=0)
    try:
        return WeightsConfig(size_bytes=parse_bytes(asked))
    except UsageError as error:
        raise UsageError(
            f"{WEIGHTS_SIZE} is {error.message}", hint="write 20GiB, 8GB, or 0"
        ) from None


class WeightStore(EntryStore):
    """Quantized weights of checkpoints, under the file name that `transformers` looks for."""

    data_name = "model.safetensors"

    def checked_folder(self, key: WeightsKey) -> Path | None:
        """Return the folder of an entry after verifying all of it; None if there is none.

        Raises:
            DamagedFile: it is not as it was written; it has been removed.
        """
        entry = self.read(key, lambda *_: None)
        return entry.folder if entry else None


@dataclass(frozen=True)
class CachedWeights:
    """The cache entry of one checkpoint quantized in one way, which may not exist yet."""

    store: WeightStore
    config: WeightsConfig
    key: WeightsKey
    name: str
    """Name of the model, for people."""
    listener: Listener

    def folder(self) -> Path | None:
        """Return the folder to load the quantized weights from; None if there is none."""
        try:
            return self.store.checked_folder(self.key)
        except DamagedFile as error:
            self.discard(str(error))
            return None

    def discard(self, why: str) -> None:
        """Report the cached weights as damaged and delete them."""
        self.listener.warning(
            f"the cached {self.key.quantize} weights are damaged and are created again: {why}"
        )
        self.store.discard(self.key)

    def save(self, model: LlamaForCausalLM, load_s: float) -> None:
        """Cache a model that was just quantized, if that took long; report a failure to write.

        Call it before the first forward pass, in which bitsandbytes may change the weights' layout.
        """
        if load_s < self.config.min_load_s:
            return
        tensors = tensors_of(model)
        if any(tensor.is_meta for tensor in tensors.values()):  # left on disk
            return
        size = bytes_of_tensors(tensors)
        shown, quantize = format_bytes(size), self.key.quantize
        if size > self.config.size_bytes:
            limit = format_bytes(self.config.size_bytes)
            self.listener.notice(
                f"the {quantize} weights are not cached: {shown} is over {WEIGHTS_SIZE} {limit}"
            )
            return
        self.listener.phase(f"caching the {quantize} weights")
        try:
            self.store.write(self.key, tensors, {"model": self.name, "quantize": quantize})
        except OSError as error:
            reason = error.strerror or str(error)
            self.listener.warning(
                f"could not cache the {quantize} weights ({shown}) in {self.store.root}: {reason}"
            )
            return
        self.listener.notice(
            f"cached the {quantize} weights ({shown}) in {self.store.root}: the next start reads "
            f"them. See `longsum cache`; {WEIGHTS_SIZE}=0 disables this cache"
        )


def cached_weights(
    checkpoint: Checkpoint,
    plan: MemoryPlan,
    quantization: BitsAndBytesConfig,
    config: WeightsConfig | None,
    listener: Listener,
) -> CachedWeights | None:
    """Return the cache entry of a checkpoint's quantized weights; None if the cache is disabled.

    Args:
        checkpoint: the checkpoint.
        plan: device, dtype and quantization.
        quantization: all settings of the quantization.
        config: settings of the cache; None disables it.
        listener: receives notices about what is cached or damaged.
    """
    if config is None or not config.size_bytes:
        return None
    key = WeightsKey(
        weights=checkpoint.identity(),
        quantize=plan.quantize,
        dtype=plan.dtype,
        device=plan.device.partition(":")[0],
        settings=quantization.to_json_string(use_diff=False),
        bitsandbytes=version("bitsandbytes"),
        transformers=version("transformers"),
    )
    store = WeightStore(weights_folder(), config.size_bytes)
    return CachedWeights(store, config, key, checkpoint.name, listener)


def tensors_of(model: LlamaForCausalLM) -> Mapping[str, torch.Tensor]:
    """Return the tensors `from_pretrained` needs of a quantized model, tied weights once."""
    tensors: dict[str, Any] = model.state_dict()
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    return tensors
