"""How many workers a machine gets, and which of its devices each of them sees.

Called by the process that distributes the work, which must not take GPU memory itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from longsum.batch.config import BatchConfig
from longsum.environment import BATCH_WORKERS, variable

MAX_READERS = 4
_GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""One of them exists on Linux with a GPU that torch can use: NVIDIA, AMD, WSL."""


def cpu_count() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cuda_devices() -> int:
    """Return the number of visible GPUs; imports torch only if there may be one."""
    if sys.platform == "linux" and not any(Path(name).exists() for name in _GPU_FILES):
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def has_cuda(device: str) -> bool:
    """Return whether a model requested for a device runs on CUDA."""
    return device in ("auto", "cuda") and cuda_devices() > 0


def reader_count(config: BatchConfig) -> int:
    """Return the number of processes that read ahead."""
    return config.readers or max(1, min(MAX_READERS, cpu_count() - 1))


def worker_environments(device: str, workers: int | None) -> list[dict[str, str]]:
    """Return the environment of each worker: its GPU, or its share of the cores.

    Args:
        device: as requested: `auto`, `cuda`, `mps` or `cpu`.
        workers: how many; None takes one per GPU, else one. A single worker sees all GPUs, for a
            model that needs several.
    """
    gpus = cuda_devices() if device in ("auto", "cuda") else 0
    count = workers or max(1, gpus)
    if count == 1:
        return [{}]
    shared = {BATCH_WORKERS: str(count)}
    if gpus:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = visible.split(",") if visible else [str(number) for number in range(gpus)]
        return [
            shared | {"CUDA_VISIBLE_DEVICES": names[worker % len(names)]} for worker in range(count)
        ]
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, cpu_count() // count))
    return [shared | {"OMP_NUM_THREADS": threads} for _ in range(count)]


def workers_here() -> int:
    """Return the number of workers on this machine, including the calling one."""
    return int(variable(BATCH_WORKERS) or 1)
