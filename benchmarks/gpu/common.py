"""Functions that all parts share: findings as JSON lines, timing, exact attention."""

from __future__ import annotations

import gc
import json
import os
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

DRY = bool(os.environ.get("DRY"))
"""Whether to run everything tiny, on a CPU."""
DEVICE = "cpu" if DRY else "cuda"
KIND = torch.float32 if DRY else torch.bfloat16
GIB = 1 << 30
REPEATED = 8
"""Calls in one recording."""


def say(**found: Any) -> None:
    """Print a finding and add it to `$OUT/results.jsonl`."""
    line = json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in found.items()})
    print(line, flush=True)
    with Path(os.environ.get("OUT", "."), "results.jsonl").open("a") as file:
        file.write(line + "\n")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Report the time of a step; a failure is reported, and the next steps still run."""
    started = time.perf_counter()
    try:
        yield
    except Exception as error:
        where = traceback.format_exc()[-600:]
        say(step=name, failed=f"{type(error).__name__}: {error}"[:400], where=where)
    say(step=name, took_s=time.perf_counter() - started)


def wait() -> None:
    """Wait for the GPU."""
    if not DRY:
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], minimum: float = 0.1, warm: int = 2) -> float:
    """Return the median time of repetitions, each synchronized, including Python's overhead.

    Args:
        work: what to measure.
        minimum: minimum total seconds.
        warm: number of runs before measuring.
    """
    for _ in range(warm):
        work()
    wait()
    found: list[float] = []
    end = time.perf_counter() + minimum
    while time.perf_counter() < end or len(found) < 3:
        started = time.perf_counter()
        work()
        wait()
        found.append(time.perf_counter() - started)
    return sorted(found)[len(found) // 2]


def recorded_seconds(works: list[Callable[[], object]]) -> float:
    """Return the seconds of one of these calls in a CUDA graph, without Python's overhead.

    Args:
        works: run in turn, so that none finds its data in the GPU's cache.
    """
    if DRY:
        return seconds(works[0], minimum=0.0, warm=1)
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for work in works:
            work()
    wait()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for number in range(max(REPEATED, len(works))):
            works[number % len(works)]()
    return seconds(graph.replay, minimum=0.02, warm=1) / max(REPEATED, len(works))


def rnd(*shape: int, scale: float = 1.0) -> torch.Tensor:
    """Return random values."""
    return (torch.randn(*shape, device=DEVICE) * scale).to(KIND)


def rel(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the relative error."""
    exact = exact.double()
    return ((found.double() - exact).norm() / exact.norm()).item()


def exact(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend causally in float32, one head at a time.

    Args:
        query: (1, heads, T, head_dim), of the last T tokens.
        key: (1, kv_heads, S, head_dim).
        value: (1, kv_heads, S, head_dim).
        scale: factor on the scores.
    """
    t, s, groups = query.shape[-2], key.shape[-2], query.shape[1] // key.shape[1]
    seen = torch.ones(t, s, dtype=torch.bool, device=query.device).tril(s - t)
    found = []
    for head in range(query.shape[1]):
        own = head // groups
        scores = (query[:, head].float() @ key[:, own].float().transpose(-1, -2)) * scale
        weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
        found.append(weights @ value[:, own].float())
    return torch.stack(found, 1)


def peak(*, reset: bool = False) -> dict[str, float]:
    """Return the GPU's peak memory in GiB: allocated, reserved, and as seen by the driver."""
    if DRY:
        return {}
    if reset:
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    free, total = torch.cuda.mem_get_info()
    return {
        "allocated_gib": torch.cuda.max_memory_allocated() / GIB,
        "reserved_gib": torch.cuda.max_memory_reserved() / GIB,
        "driver_gib": (total - free) / GIB,
    }


def profiled(run: Callable[[], object]) -> Any:
    """Return the profiler's rows for one run, the longest first."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as found:
        run()
        wait()
    return sorted(found.key_averages(), key=lambda row: -row.self_device_time_total)
