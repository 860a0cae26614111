"""The limits of a machine, measured: its matrix product rate and its copy bandwidth.

The best of many repetitions counts, as other work on the machine can only slow them down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

COPY_BYTES = 1 << 29
"""Bytes of the tensor that is copied: more than any processor cache holds."""
PRODUCT_SIZE = {"cpu": 2048, "mps": 4096, "cuda": 8192}
"""Rows and columns of the square matrices that are multiplied, per device type."""
MEASURED_S = 1.0
"""Duration of each measurement after its warm-up, in seconds."""


@dataclass(frozen=True)
class MachineLimits:
    """The highest rates this machine sustains."""

    matmul_flops: float
    """Floating-point operations per second of a large matrix product in the model's dtype."""
    copy_bytes: float
    """Bytes per second of a large copy, reads and writes both counted."""


def measure_limits(device: torch.device, dtype: torch.dtype) -> MachineLimits:
    """Measure both limits of a device, which takes about three seconds."""
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
    """Return the duration of the fastest of many repetitions, in seconds."""
    best, end = float("inf"), None
    while end is None or time.perf_counter() < end:
        started = time.perf_counter()
        work()
        _wait(device)
        if end is None:  # warm-up
            end = time.perf_counter() + MEASURED_S
        else:
            best = min(best, time.perf_counter() - started)
    return best if best < float("inf") else time.perf_counter() - started


def _wait(device: torch.device) -> None:
    """Wait until the device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
