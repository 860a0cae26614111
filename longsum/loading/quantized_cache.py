"""Weights that were quantized once and kept, so that the next start reads 4-bit files.

Quantizing reads all 16-bit weights and computes for a while; the result is a quarter of them. It
is kept beside the documents that were read, with a budget of its own: it holds the model, which
anybody has, and nothing of any document.
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
    """Return the folder of quantized weights, which need not exist."""
    return prefix_folder().with_name("weights")


def weights_config(quantize: str) -> WeightsConfig | None:
    """Return the settings of the environment; None where nothing is quantized.

    Raises:
        UsageError: when `LONGSUM_WEIGHTS_SIZE` is not a size.
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
    """Quantized weights of checkpoints, under the name that `transformers` looks for."""

    data_name = "model.safetensors"

    def checked_folder(self, key: WeightsKey) -> Path | None:
        """Return the folder of an entry after checking all of it; None when there is none.

        Raises:
            DamagedFile: when it is not as it was written; it has been removed.
        """
        entry = self.read(key, lambda *_: None)
        return entry.folder if entry else None


@dataclass(frozen=True)
class KeptWeights:
    """What is kept, or is to be, of one checkpoint quantized in one way."""

    store: WeightStore
    config: WeightsConfig
    key: WeightsKey
    name: str
    """The model's, for people."""
    listener: Listener

    def folder(self) -> Path | None:
        """Return the folder to load the quantized weights from; None when there is none."""
        try:
            return self.store.checked_folder(self.key)
        except DamagedFile as error:
            self.refuse(str(error))
            return None

    def refuse(self, why: str) -> None:
        """Say that what is kept is no good, and be rid of it."""
        self.listener.warning(f"damaged {self.key.quantize} weights are made anew: {why}")
        self.store.discard(self.key)

    def keep(self, model: LlamaForCausalLM, load_s: float) -> None:
        """Write a model that was just quantized, if that took long; a failure is no more than told.

        Call it before the first forward pass, in which bitsandbytes may lay the weights out anew.
        """
        if load_s < self.config.min_load_s:
            return
        tensors = tensors_of(model)
        if any(tensor.is_meta for tensor in tensors.values()):  # no room on the devices
            return
        size = bytes_of_tensors(tensors)
        shown, quantize = format_bytes(size), self.key.quantize
        if size > self.config.size_bytes:
            limit = format_bytes(self.config.size_bytes)
            self.listener.notice(
                f"the {quantize} weights are not kept: {shown} is over {WEIGHTS_SIZE} {limit}"
            )
            return
        self.listener.phase(f"keeping the {quantize} weights")
        try:
            self.store.write(self.key, tensors, {"model": self.name, "quantize": quantize})
        except OSError as error:
            said = error.strerror or str(error)
            self.listener.warning(
                f"the {quantize} weights ({shown}) are not kept in {self.store.root}: {said}"
            )
            return
        self.listener.notice(
            f"kept the {quantize} weights ({shown}) in {self.store.root}: the next start reads "
            f"these. See `longsum cache`; {WEIGHTS_SIZE}=0 keeps none"
        )


def kept_weights(
    checkpoint: Checkpoint,
    plan: MemoryPlan,
    quantization: BitsAndBytesConfig,
    config: WeightsConfig | None,
    listener: Listener,
) -> KeptWeights | None:
    """Return what is kept of a checkpoint; None where nothing is to be.

    Args:
        checkpoint: whose weights they are.
        plan: device, dtype and quantization.
        quantization: all settings of the latter.
        config: how much is kept; None keeps nothing.
        listener: hears what is kept, and what is damaged.
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
    return KeptWeights(store, config, key, checkpoint.name, listener)


def tensors_of(model: LlamaForCausalLM) -> Mapping[str, torch.Tensor]:
    """Return what `from_pretrained` needs of a quantized model, tied weights once."""
    tensors: dict[str, Any] = model.state_dict()
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    return tensors
