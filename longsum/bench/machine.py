"""What a machine can do at most: its matrix product rate and its copy bandwidth, measured.

Best of several, as anything that disturbs makes them slower.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

COPY_BYTES = 1 << 29
"""Of the tensor copied: larger than any cache."""
PRODUCT_SIZE = {"cpu": 2048, "mps": 4096, "cuda": 8192}
"""Rows and columns of the matrices multiplied."""
MEASURED_S = 1.0
"""Of each measurement, once warm."""


@dataclass(frozen=True)
class MachineLimits:
    """Rates that nothing on this machine exceeds for long."""

    matmul_flops: float
    """Operations a second of a large matrix product in the model's dtype."""
    copy_bytes: float
    """Bytes a second of a large copy, read and written bytes both counted."""


def measure_limits(device: torch.device, dtype: torch.dtype) -> MachineLimits:
    """Measure both limits of the device the model is on, which takes about three seconds."""
    return MachineLimits(_matmul_flops(device, dtype), _copy_bytes(device))


def _matmul_flops(device: torch.device, dtype: torch.dtype) -> float:
    size = PRODUCT_SIZE[device.type]
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(left)
    return 2 * size**3 / _best_s(lambda: torch.mm(left, right, out=out), device)


def _copy_bytes(device: torch.device) -> float:
    source = torch.zeros(COPY_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * COPY_BYTES / _best_s(lambda: target.copy_(source), device)


@torch.inference_mode()
def _best_s(work: Callable[[], object], device: torch.device) -> float:
    """Return the seconds of the fastest of many repetitions."""
    best, end = float("inf"), None
    while end is None or time.perf_counter() < end:
        started = time.perf_counter()
        work()
        _wait(device)
        if end is None:  # the first warms up
            end = time.perf_counter() + MEASURED_S
        else:
            best = min(best, time.perf_counter() - started)
    return best if best < float("inf") else time.perf_counter() - started


def _wait(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
