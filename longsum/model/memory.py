"""Does a run fit this machine? How weights and cache are held, decided before anything loads.

Pure arithmetic on a `ModelShape` and the free bytes of each device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from longsum.bytesize import format_bytes
from longsum.checkpoint.files import ModelShape
from longsum.config import KVCache
from longsum.errors import InsufficientMemory, UsageError
from longsum.model.footprint import DTYPE_BYTES
from longsum.model.remedies import remedies_of
from longsum.model.run_memory import (
    KV_CACHES,
    OVERHEAD_BYTES,
    MemoryRun,
    WeightChoice,
    choices_of,
    first_fit,
)
from longsum.settings import Setting

CHUNKS = (4096, 2048, 1024, 512)
"""Prefill chunk sizes (tokens) tried, the fastest first."""
CPU_REASON = (
    "not quantized on the CPU: whole weights read faster, "
    f"{Setting('quantize', 'nf4')} takes less memory"
)
MPS_REASON = "not quantized on mps: longsum brings no bitsandbytes to macOS"


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
    layers: tuple[int, ...]
    """Layers on each device, in their order; empty when the run does not fit."""
    reason: str
    """Why this quantization."""
    kv_reason: str
    """Why this dtype of the KV cache."""
    remedies: tuple[str, ...]
    """Marked settings, any of which makes the run fit; empty when it does, or when none does."""
    codes: bool = False
    """Whether a CPU also keeps the file's 4-bit codes, by which it multiplies few tokens faster."""

    def with_codes(self, codes_bytes: int) -> MemoryPlan:
        """Return the plan with the file's codes beside the weights, where they help and fit.

        Args:
            codes_bytes: bytes they take; 0 if the file holds none.
        """
        total = self.total_bytes + codes_bytes
        helps = self.device == "cpu" and self.dtype == "bfloat16" and self.quantize == "none"
        if not (codes_bytes and helps and self.fits and total <= self.free_bytes):
            return self
        weights = self.weights_bytes + codes_bytes
        return replace(self, weights_bytes=weights, total_bytes=total, codes=True)


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
    free_each: Sequence[int] = (),
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
        free_each: of each device, where there are several.

    Raises:
        UsageError: an option is unknown, or contradicts how the checkpoint is stored.
    """
    _check_options(tokens, device, dtype, quantize, kv_cache, on_disk_quantization, chunk_tokens)
    run = MemoryRun(
        shape, tokens, device, dtype, tuple(free_each) or (free_bytes,), on_disk_quantization
    )
    choices = choices_of(quantize, kv_cache, device, on_disk_quantization)
    chunks = (chunk_tokens,) if chunk_tokens else CHUNKS
    found = first_fit(run, choices, chunks)
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
        layers=(run.placement(choice, chunk) or ()) if found else (),
        reason=_reason(run, quantize, choice, chunks[-1], fits=found is not None),
        kv_reason=_kv_reason(run, kv_cache, choice, chunks[-1]),
        remedies=() if found else remedies_of(run, choice, chunks),
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
        if plan.total_bytes <= plan.free_bytes:  # it is enough in all, but not where it is
            raise InsufficientMemory(
                f"needs {needs}, {free} free, but its layers fit no split over these GPUs",
                hint=hint or "use one larger GPU",
                facts=facts,
            )
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


def _reason(
    run: MemoryRun, asked: str, choice: WeightChoice, smallest_chunk: int, *, fits: bool
) -> str:
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


def _kv_reason(run: MemoryRun, asked: str, choice: WeightChoice, smallest_chunk: int) -> str:
    """Return why the KV cache is held as it is."""
    native = run.kv_dtype("native")
    if asked != "auto":
        return f"{Setting('kv_cache')} {asked} was asked for"
    if choice.kv_cache == "native":
        return f"the KV cache fits in {native}, lossless"
    whole = format_bytes(sum(run.parts(choice._replace(kv_cache="native"), smallest_chunk)))
    return f"KV cache in {choice.kv_cache}: in {native} it would take {whole} in all"
