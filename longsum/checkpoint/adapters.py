"""Adapters: LoRA matrices that change a checkpoint for one use.

They come with longsum, one folder each, in peft's format: `adapter_config.json` and
`adapter_model.safetensors`, whose matrices may be int8 rows with scales (`packed.py`). Beyond
peft's keys the configuration states the base it was trained on and what it is for, in `longsum`.

A window adapter takes a checkpoint to a window beyond its native one, only for a document that
needs it: inside the native one it would cost quality (arXiv 2306.15595, Table 5). An answer adapter
judges passages and points at the words that answer a question; it never reads a document, so that
what is cached of one does not depend on it. The products are added to the weights as these are
read. No torch until then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.checkpoint.context import interpolated
from longsum.checkpoint.lazy import LazyTensor
from longsum.checkpoint.load_errors import library_errors
from longsum.checkpoint.packed import SCALE, dequantize_rows
from longsum.checkpoint.rope import Rope
from longsum.errors import UnsupportedModel

if TYPE_CHECKING:
    import torch

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
ANSWER = "answer"
"""The task that an answer adapter states."""
_OWN = Path(__file__).parent.parent / "smol"
SHIPPED: tuple[Path, ...] = (_OWN / "window", _OWN / "answer")
"""Folders of the adapters that come with longsum."""
_PREFIX, _DOWN, _UP = "base_model.model.", ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True)
class Adapter:
    """An adapter on this disk; its matrices are not read."""

    folder: Path
    base: str
    """Fingerprint of the weights it was trained on, see `weights_fingerprint`."""
    scale: float
    """Factor on the products: alpha / rank."""
    window: int | None = None
    """L': tokens that a window adapter was trained for; None for an answer adapter."""

    @classmethod
    def open(cls, folder: Path) -> Adapter:
        """Read an adapter's configuration.

        Raises:
            UnsupportedModel: it is damaged, not a LoRA, or for an unknown use.
        """
        try:
            config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
            about, rank = config["longsum"], float(config["r"])
            plain = config["peft_type"] == "LORA" and not config.get("use_rslora")
            scale = float(config["lora_alpha"]) / rank
            answers = "task" in about and about["task"] == ANSWER
            window = None if answers else int(about["window"])
            found = cls(folder, str(about["base"]), scale, window)
        except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError) as error:
            raise UnsupportedModel(
                f"{folder} is damaged, or not an adapter of longsum", hint="install longsum again"
            ) from error
        if not plain:
            raise UnsupportedModel(f"{folder} is not a plain LoRA adapter")
        return found

    @property
    def weights(self) -> Path:
        """Return the file of its matrices."""
        return self.folder / WEIGHTS_NAME

    def rope(self, own: Rope) -> Rope:
        """Return the rotary embedding it was trained with: PI over the native window.

        Args:
            own: the checkpoint's own, which an answer adapter leaves as it is.
        """
        if self.window is None:
            return own
        window = f"{self.window:,} tokens by longsum's window adapter"
        return interpolated(own, self.window, f"takes {own.native_window:,} tokens to {window}")

    def applied(self, exact: Mapping[str, LazyTensor], dtype: torch.dtype) -> dict[str, LazyTensor]:
        """Return weights with the adapter's products added, each computed when it is indexed.

        Args:
            exact: all weights of the base by name, in float32.
            dtype: dtype of the result.

        Raises:
            UnsupportedModel: it adapts a weight that the base does not have.
        """
        found = {}
        for name in self._adapted:
            if name not in exact:
                raise UnsupportedModel(f"{self.folder} adapts {name}, which the model lacks")
            found[name] = LazyTensor(partial(self._merged, exact[name], name, dtype))
        return found

    def _merged(self, weight: LazyTensor, name: str, dtype: torch.dtype) -> torch.Tensor:
        """Return W + alpha / rank · B · A (arXiv 2106.09685, eq. 3), summed in float32."""
        stem = _PREFIX + name.removesuffix(".weight")
        with library_errors(self.folder):
            product = self._matrix(stem + _UP) @ self._matrix(stem + _DOWN)
            return (weight[...] + self.scale * product).to(dtype)

    def _matrix(self, name: str) -> torch.Tensor:
        """Return one of the thin matrices in float32."""
        import torch

        scale = self._file.get_tensor(name + SCALE) if name + SCALE in self._names else None
        return dequantize_rows(self._file.get_tensor(name), scale, torch.float32)

    @cached_property
    def _file(self) -> Any:
        from safetensors import safe_open

        with library_errors(self.folder):
            return safe_open(self.weights, "pt")

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._file.keys())

    @property
    def _adapted(self) -> list[str]:
        """Names of the base's weights that it adapts."""
        down = sorted(name for name in self._names if name.endswith(_DOWN))
        return [each.removeprefix(_PREFIX).removesuffix(_DOWN) + ".weight" for each in down]


def shipped() -> list[Adapter]:
    """Return the adapters that come with longsum."""
    return [Adapter.open(each) for each in SHIPPED if (each / CONFIG_NAME).is_file()]


def window_adapter_for(base: str) -> Adapter | None:
    """Return the window adapter of the weights with a fingerprint, if one is shipped."""
    return next((each for each in shipped() if each.base == base and each.window), None)


def answer_adapter_for(base: str) -> Adapter | None:
    """Return the answer adapter of the weights with a fingerprint, if one is shipped."""
    return next((each for each in shipped() if each.base == base and not each.window), None)
