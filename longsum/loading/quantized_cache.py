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
from longsum.checkpoint.gguf_folder import files_of, is_unpacked
from longsum.checkpoint.identity import weights_identity
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


def weights_config() -> WeightsConfig:
    """Return the settings of the environment.

    Raises:
        UsageError: when `LONGSUM_WEIGHTS_SIZE` is no size.
    """
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
    folder: Path, plan: MemoryPlan, quantization: BitsAndBytesConfig, listener: Listener
) -> KeptWeights | None:
    """Return what is kept of a checkpoint; None where nothing is to be.

    Args:
        folder: the checkpoint.
        plan: device, dtype and quantization.
        quantization: all settings of the latter.
        listener: hears what is kept, and what is no good.
    """
    config = weights_config()
    if not config.size_bytes:
        return None
    key = WeightsKey(
        weights=weights_identity(folder),
        quantize=plan.quantize,
        dtype=plan.dtype,
        device=plan.device.partition(":")[0],
        settings=quantization.to_json_string(use_diff=False),
        bitsandbytes=version("bitsandbytes"),
        transformers=version("transformers"),
    )
    store = WeightStore(weights_folder(), config.size_bytes)
    return KeptWeights(store, config, key, _name(folder), listener)


def _name(folder: Path) -> str:
    """Return what people call a checkpoint: `owner/model` in Hugging Face's cache, or the folder's.

    A folder of that cache is `models--owner--model/snapshots/<commit>`. What was unpacked of a GGUF
    file has the file's name.
    """
    if is_unpacked(folder):
        return files_of(folder)[0].name
    repository = folder.parent.parent.name
    if folder.parent.name == "snapshots" and repository.startswith("models--"):
        return repository.removeprefix("models--").replace("--", "/")
    return folder.resolve().name


def tensors_of(model: LlamaForCausalLM) -> Mapping[str, torch.Tensor]:
    """Return what `from_pretrained` needs of a quantized model, tied weights once."""
    tensors: dict[str, Any] = model.state_dict()
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    return tensors
