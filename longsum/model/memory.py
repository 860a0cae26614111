"""Does a run fit this machine? Bytes of weights, KV cache and activations, before anything loads.

Pure arithmetic on a `ModelShape` and a number of free bytes. It counts batch 1 and an engine that
preallocates the KV cache, prefills in chunks, asks for the last position's logits only, and never
expands grouped keys and values to all heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

from longsum.bytesize import MIB, format_bytes
from longsum.checkpoint.catalog import KNOWN_MODELS
from longsum.checkpoint.files import ModelShape
from longsum.checkpoint.kv_format import KV_DTYPES, KV_FORMATS, bytes_of_kv_cache
from longsum.config import KVCache
from longsum.errors import InsufficientMemory, UsageError
from longsum.model.footprint import DTYPE_BYTES, bytes_of_activations, bytes_of_weights
from longsum.settings import Setting

CHUNKS = (4096, 2048, 1024, 512)
"""Prefill chunk sizes (tokens) tried, the fastest first."""
OVERHEAD_BYTES = {"cuda": 512 * MIB, "mps": 512 * MIB, "cpu": 512 * MIB}
"""Set aside for each device. cuda: kernels loaded on first use, cuBLAS workspaces, holes between
the allocator's blocks (the context itself is gone from the free bytes once they were asked for);
cpu: code and heap of torch and transformers; mps: both. An estimate, rounded up."""
CPU_REASON = (
    "not quantized on the CPU: whole weights read faster, "
    f"{Setting('quantize', 'nf4')} takes less memory"
)
MPS_REASON = "not quantized on mps: longsum brings no bitsandbytes to macOS"
KV_CACHES = cast("tuple[KVCache, ...]", ("native", *KV_FORMATS))
"""All ways to hold keys and values, the least lossy first."""
WEIGHT_LOSS = {"none": 0.0, "nf4": 0.005}
"""As `KVFormat.loss`: 4-bit weights are between an int8 and an int4 cache."""
STEP = 1024
"""Contexts are suggested in multiples of this many tokens."""


@dataclass(frozen=True)
class MemoryPlan:
    """What a run needs, what there is, and how weights and cache are kept."""

    weights_bytes: int
    kv_cache_bytes: int
    activation_bytes: int
    overhead_bytes: int
    total_bytes: int
    free_bytes: int
    fits: bool
    quantize: str
    """`none`, `nf4`, `int8`, or `fp4` where the checkpoint is stored so."""
    kv_cache: KVCache
    """`native` or a name of `KV_FORMATS`."""
    kv_dtype: str
    """`bf16`, `fp16` or `fp32` for a native cache, else as `kv_cache`."""
    chunk_tokens: int
    """Tokens a prefill step reads."""
    device: str
    dtype: str
    reason: str
    """Why this quantization."""
    kv_reason: str
    """Why this dtype of the KV cache."""
    remedies: tuple[str, ...]
    """Marked settings, any of which makes the run fit; empty when it does, or when none does."""


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
        """Return the share of the perplexity that a choice of `auto` costs at most."""
        cache = KV_FORMATS.get(self.kv_cache)
        return WEIGHT_LOSS[self.quantize] + (cache.loss if cache else 0)


@dataclass(frozen=True)
class _Run:
    """What the arithmetic depends on, besides the choice and the chunk size."""

    shape: ModelShape
    tokens: int
    device: str
    dtype: str
    devices: int
    stored: str | None

    def kv_dtype(self, kv_cache: KVCache) -> str:
        """Return what the cache's values are held in."""
        return KV_DTYPES[self.dtype] if kv_cache == "native" else kv_cache

    def parts(self, choice: WeightChoice, chunk_tokens: int) -> Parts:
        """Return the bytes needed."""
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
            kv_dtype=kv_dtype,
        )
        # A layer is not split: every further device may leave one layer's room empty.
        layer = (weights + kv_cache) // self.shape.num_hidden_layers
        overhead = OVERHEAD_BYTES[self.device] * self.devices + layer * (self.devices - 1)
        return Parts(weights, kv_cache, activations, overhead)


def plan_memory(
    shape: ModelShape,
    *,
    tokens: int,
    device: str,
    dtype: str,
    free_bytes: int,
    quantize: str = "auto",
    kv_cache: str = "auto",
    on_disk_quantization: str | None = None,
    chunk_tokens: int | None = None,
    devices: int = 1,
) -> MemoryPlan:
    """Choose how weights and cache are held and a chunk's size, and say whether the run fits.

    Args:
        shape: the model's.
        tokens: capacity of the KV cache: prompt, document and answer.
        device: `cuda`, `mps` or `cpu`.
        dtype: compute dtype, a key of `DTYPE_BYTES`.
        free_bytes: free memory, summed over the devices.
        quantize: `auto`, `none`, `nf4` or `int8`.
        kv_cache: `auto`, `native` (in the compute dtype), or a name of `KV_FORMATS`.
        on_disk_quantization: how the checkpoint is stored, from `quantized_on_disk`.
        chunk_tokens: None takes the largest of `CHUNKS` that fits.
        devices: number of devices the layers are spread over.

    Raises:
        UsageError: an option is unknown, or contradicts how the checkpoint is stored.
    """
    _check_options(tokens, device, dtype, quantize, kv_cache, on_disk_quantization, chunk_tokens)
    run = _Run(shape, tokens, device, dtype, devices, on_disk_quantization)
    choices = _choices(quantize, kv_cache, device, on_disk_quantization)
    chunks = (chunk_tokens,) if chunk_tokens else CHUNKS
    found = _first_fit(run, choices, chunks, free_bytes)
    choice, chunk = found or (choices[-1], chunks[-1])
    parts = run.parts(choice, chunk)
    return MemoryPlan(
        weights_bytes=parts.weights,
        kv_cache_bytes=parts.kv_cache,
        activation_bytes=parts.activations,
        overhead_bytes=parts.overhead,
        total_bytes=sum(parts),
        free_bytes=free_bytes,
        fits=found is not None,
        quantize=choice.quantize,
        kv_cache=choice.kv_cache,
        kv_dtype=run.kv_dtype(choice.kv_cache),
        chunk_tokens=chunk,
        device=device,
        dtype=dtype,
        reason=_reason(run, quantize, choice, chunks[-1], fits=found is not None),
        kv_reason=_kv_reason(run, kv_cache, choice, chunks[-1]),
        remedies=() if found else _remedies(run, choice, chunks, free_bytes),
    )


def require_fit(plan: MemoryPlan, *, limited: bool = False) -> None:
    """Raise unless a plan fits.

    Args:
        plan: of the run.
        limited: the user says how much there is, not the machine.

    Raises:
        InsufficientMemory: with the remedies as its hint.
    """
    if not plan.fits:
        facts = {"needed_bytes": plan.total_bytes, "free_bytes": plan.free_bytes}
        needs, free = format_bytes(plan.total_bytes), format_bytes(plan.free_bytes)
        hint = f"add {', or '.join(plan.remedies)}" if plan.remedies else None
        if limited:
            hint = f"raise {Setting('memory')}, or {hint}" if hint else f"raise {Setting('memory')}"
            said = f"needs {needs}, but {Setting('memory')} allows {free}"
            raise InsufficientMemory(said, hint=hint, facts=facts)
        raise InsufficientMemory(
            f"needs {needs}, {free} free",
            hint=hint or "close other programs, or use a larger machine",
            facts=facts,
        )


def _check_options(
    tokens: int,
    device: str,
    dtype: str,
    quantize: str,
    kv_cache: str,
    stored: str | None,
    chunk_tokens: int | None,
) -> None:
    """Refuse unknown options and contradictions."""
    known: tuple[tuple[str, str | None, Sequence[str]], ...] = (
        (str(Setting("device")), device, tuple(OVERHEAD_BYTES)),
        (str(Setting("dtype")), dtype, tuple(DTYPE_BYTES)),
        (str(Setting("quantize")), quantize, ("auto", "none", "nf4", "int8")),
        (str(Setting("kv_cache")), kv_cache, ("auto", *KV_CACHES)),
        ("stored quantization", stored, ("nf4", "fp4", "int8")),
    )
    for name, value, allowed in known:
        if value is not None and value not in allowed:
            raise UsageError(f"{name} cannot be {value!r}; choose {', '.join(allowed)}")
    if tokens < 1 or (chunk_tokens is not None and chunk_tokens < 1):
        raise UsageError("context and prefill chunk must be at least one token")
    if stored and quantize not in ("auto", stored):
        raise UsageError(
            f"{Setting('quantize')} {quantize}, but the checkpoint is stored as {stored}",
            hint=f"leave {Setting('quantize')} out, or take the unquantized checkpoint",
        )


def _choices(quantize: str, kv_cache: str, device: str, stored: str | None) -> list[WeightChoice]:
    """Return what to try, the least lossy first."""
    if stored or quantize != "auto":
        weights = [stored or quantize]
    else:
        weights = ["none", "nf4"] if device == "cuda" else ["none"]
    caches = [each for each in KV_CACHES if kv_cache in ("auto", each)]
    tried = [WeightChoice(each, held) for held in caches for each in weights]
    if len(weights) > 1:
        tried.sort(key=lambda choice: choice.loss)
    return tried


def _first_fit(
    run: _Run, choices: Sequence[WeightChoice], chunks: Sequence[int], free_bytes: int
) -> tuple[WeightChoice, int] | None:
    """Return the first choice, with its largest chunk, that fits."""
    for choice in choices:
        for chunk in chunks:
            if sum(run.parts(choice, chunk)) <= free_bytes:
                return choice, chunk
    return None


def _reason(run: _Run, asked: str, choice: WeightChoice, smallest_chunk: int, *, fits: bool) -> str:
    """Return why the weights are kept as they are."""
    if run.stored:
        return f"the checkpoint is stored as {run.stored}"
    if asked != "auto":
        return f"{Setting('quantize')} {asked} was asked for"
    if run.device != "cuda":
        return CPU_REASON if run.device == "cpu" else MPS_REASON
    if choice.quantize == "none":
        return f"{run.dtype} weights fit, nothing is quantized"
    whole = format_bytes(sum(run.parts(choice._replace(quantize="none"), smallest_chunk)))
    verdict = "nf4 fits" if fits else "nf4 does not fit either"
    return (
        f"{run.dtype} weights would bring it to {whole}; {verdict} "
        f"(int8 is slower than both, only on {Setting('quantize', 'int8')})"
    )


def _kv_reason(run: _Run, asked: str, choice: WeightChoice, smallest_chunk: int) -> str:
    """Return why the KV cache is held as it is."""
    native = run.kv_dtype("native")
    if asked != "auto":
        return f"{Setting('kv_cache')} {asked} was asked for"
    if choice.kv_cache == "native":
        return f"the KV cache fits in {native}, lossless"
    whole = format_bytes(sum(run.parts(choice._replace(kv_cache="native"), smallest_chunk)))
    return f"KV cache in {choice.kv_cache}: in {native} it would take {whole} in all"


def _remedies(
    run: _Run, choice: WeightChoice, chunks: Sequence[int], free_bytes: int
) -> tuple[str, ...]:
    """Return the flags any one of which makes the run fit, each checked by the same arithmetic."""
    smaller = _smaller(run, choice)
    fitting = [each for each, less in smaller if _first_fit(run, (less,), chunks, free_bytes)]
    first = {each[0].name: each for each in reversed(fitting)}
    found = [first[name] for name in ("kv_cache", "quantize") if name in first]
    single = [each for each in found if not each[1:]]
    found = single or found[:1]
    before: tuple[Setting, ...] = ()
    tokens = _most_tokens(run, choice, chunks, free_bytes)
    if not tokens and smaller and not found:
        before, smallest = smaller[-1]
        tokens = _most_tokens(run, smallest, chunks, free_bytes)
    texts = [" ".join(map(str, each)) for each in found]
    if tokens:
        texts.append(" ".join(map(str, (*before, Setting("context", f"{tokens // STEP}k")))))
        pages = " ".join(map(str, (*before, Setting("pages"))))
        texts.append(f"{pages} with at most {tokens:,} tokens, prompt and answer included")
    model = _other_model(run, chunks, free_bytes)
    if model:
        texts.append(str(Setting("model", model)))
    return tuple(texts)


def _smaller(run: _Run, choice: WeightChoice) -> list[tuple[tuple[Setting, ...], WeightChoice]]:
    """Return what takes less memory than a choice, with its settings: one change, then two."""
    caches = KV_CACHES[KV_CACHES.index(choice.kv_cache) + 1 :]
    quantizable = choice.quantize in ("none", "int8") and not run.stored and run.device != "mps"
    found: list[tuple[tuple[Setting, ...], WeightChoice]] = [
        ((Setting("kv_cache", each),), choice._replace(kv_cache=each)) for each in caches
    ]
    if quantizable:
        nf4 = Setting("quantize", "nf4")
        both = [((nf4, *each), less._replace(quantize="nf4")) for each, less in found]
        found += [((nf4,), choice._replace(quantize="nf4")), *both]
    return found


def _most_tokens(run: _Run, choice: WeightChoice, chunks: Sequence[int], free_bytes: int) -> int:
    """Return the largest multiple of `STEP` below the run's tokens that fits, or 0."""
    low, high = 0, (run.tokens - 1) // STEP
    while low < high:
        middle = (low + high + 1) // 2
        smaller = replace(run, tokens=middle * STEP)
        if _first_fit(smaller, (choice,), chunks, free_bytes):
            low = middle
        else:
            high = middle - 1
    return low * STEP


def _other_model(run: _Run, chunks: Sequence[int], free_bytes: int) -> str | None:
    """Return the alias of the largest known model that fits, one that summarizes before `mini`."""
    choices = _choices("auto", "auto", run.device, None)
    fitting = [
        known
        for known in KNOWN_MODELS
        if (known.recommended or known.alias == "mini")
        and known.window >= run.tokens
        and known.shape != run.shape
        and _first_fit(replace(run, shape=known.shape, stored=None), choices, chunks, free_bytes)
    ]
    best = max(fitting, key=lambda known: (known.recommended, known.parameters), default=None)
    return best.alias if best else None
