"""The bytes a run takes, by how weights and cache are held, and whether they fit the devices.

Pure arithmetic, for batch 1 and an engine that preallocates the KV cache, prefills in chunks,
computes only the last position's logits, and never expands grouped keys and values to all heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from longsum.bytesize import MIB
from longsum.checkpoint.files import ModelShape
from longsum.checkpoint.kv_format import KV_DTYPES, KV_FORMATS, bytes_of_kv_cache
from longsum.config import KVCache
from longsum.model.footprint import DTYPE_BYTES, bytes_of_activations, bytes_of_weights
from longsum.model.placement import PlacedBytes, place_layers

OVERHEAD_BYTES = {"cuda": 512 * MIB, "mps": 512 * MIB, "cpu": 512 * MIB}
"""Bytes reserved on each device. cuda: kernels loaded on first use, cuBLAS workspaces, gaps between
the allocator's blocks (the context itself is no longer in the reported free bytes); cpu: code and
heap of torch and transformers; mps: both. An estimate, rounded up."""
KV_CACHES = cast("tuple[KVCache, ...]", ("native", *KV_FORMATS))
"""All formats of the cache, least lossy first."""
WEIGHT_LOSS = {"none": 0.0, "nf4": 0.005}
"""Loss as in `KVFormat.loss`: 4-bit weights are between an int8 and an int4 cache."""


class Parts(NamedTuple):
    """The bytes a run needs, by purpose."""

    weights: int
    kv_cache: int
    activations: int
    overhead: int


class WeightChoice(NamedTuple):
    """How weights and cache are held."""

    quantize: str
    kv_cache: KVCache

    @property
    def loss(self) -> float:
        """Maximum relative increase of the perplexity."""
        cache = KV_FORMATS.get(self.kv_cache)
        return WEIGHT_LOSS[self.quantize] + (cache.loss if cache else 0)


@dataclass(frozen=True)
class MemoryRun:
    """A run to plan, without the choice and the chunk size."""

    shape: ModelShape
    tokens: int
    device: str
    dtype: str
    free: tuple[int, ...]
    """Free bytes of each device."""
    stored: str | None
    """How the checkpoint is quantized on disk; None if it is not."""

    def kv_dtype(self, kv_cache: KVCache) -> str:
        """Return the format or dtype of the cache's values."""
        return KV_DTYPES[self.dtype] if kv_cache == "native" else kv_cache

    def parts(self, choice: WeightChoice, chunk_tokens: int) -> Parts:
        """Return the bytes needed, on all devices used."""
        weights, kv_cache, activations = self._needs(choice, chunk_tokens)
        counts = self.placement(choice, chunk_tokens)
        used = sum(map(bool, counts)) if counts else len(self.free)
        return Parts(weights, kv_cache, activations * used, OVERHEAD_BYTES[self.device] * used)

    def fits(self, choice: WeightChoice, chunk_tokens: int) -> bool:
        """Return whether the run fits the devices."""
        return self.placement(choice, chunk_tokens) is not None

    def placement(self, choice: WeightChoice, chunk_tokens: int) -> tuple[int, ...] | None:
        """Return the number of layers on each device; None if they do not fit."""
        weights, kv_cache, activations = self._needs(choice, chunk_tokens)
        each = activations + OVERHEAD_BYTES[self.device]
        layers = self.shape.num_hidden_layers
        if len(self.free) == 1:
            return (layers,) if weights + kv_cache + each <= self.free[0] else None
        embeddings = self.shape.vocab_size * self.shape.hidden_size * DTYPE_BYTES[self.dtype]
        last = 0 if self.shape.tie_word_embeddings else embeddings
        layer = -(-(weights - embeddings - last + kv_cache) // layers)
        return place_layers(layers, PlacedBytes(layer, embeddings, last, each), self.free)

    def _needs(self, choice: WeightChoice, chunk_tokens: int) -> tuple[int, int, int]:
        """Return the bytes of weights and cache, and of the activations on one device."""
        quantize, kv_dtype = choice.quantize, self.kv_dtype(choice.kv_cache)
        single = self.stored in ("nf4", "fp4")  # may lack double quantization: count without it
        on_cpu = self.device == "cpu" and quantize in ("nf4", "fp4")
        kind = "nf4-single" if single else "nf4-cpu" if on_cpu else quantize
        weights = bytes_of_weights(self.shape, quantize=kind, dtype=self.dtype)
        kv_cache = bytes_of_kv_cache(self.shape, self.tokens, kv_dtype)
        activations = bytes_of_activations(
            self.shape,
            min(chunk_tokens, self.tokens),
            dtype=self.dtype,
            tokens=self.tokens,
            quantized_weights=quantize != "none",
            codes=on_cpu,
            scores=self.device == "cpu" and self.dtype == "bfloat16",
            kv_dtype=kv_dtype,
        )
        return weights, kv_cache, activations


def choices_of(quantize: str, kv_cache: str, device: str, stored: str | None) -> list[WeightChoice]:
    """Return the choices to try, least lossy first.

    Args:
        quantize: `auto`, `none`, `int8` or `nf4`.
        kv_cache: `auto`, or one of `KV_CACHES`.
        device: `cuda`, `mps` or `cpu`.
        stored: how the checkpoint is quantized on disk; None if it is not.
    """
    if stored or quantize != "auto":
        weights = [stored or quantize]
    else:
        weights = ["none", "nf4"] if device == "cuda" else ["none"]
    caches = [each for each in KV_CACHES if kv_cache in ("auto", each)]
    tried = [WeightChoice(each, held) for held in caches for each in weights]
    if len(weights) > 1:
        tried.sort(key=lambda choice: choice.loss)
    return tried


def first_fit(
    run: MemoryRun, choices: Sequence[WeightChoice], chunks: Sequence[int]
) -> tuple[WeightChoice, int] | None:
    """Return the first choice that fits, with its first chunk size that fits, or None.

    Args:
        run: the run.
        choices: choices in order of preference.
        chunks: chunk sizes in tokens, in order of preference.
    """
    for choice in choices:
        for chunk in chunks:
            if run.fits(choice, chunk):
                return choice, chunk
    return None
