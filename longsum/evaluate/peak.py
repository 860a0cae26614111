"""Peak memory of a part of a run: reset before it, read after it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from longsum.evaluate.loading import Opened

PEAK_NOTE = "memory: reserved on a GPU; on a CPU the growth of the process since before loading"
"""Note under a table with peak memory."""


def reset_peak(device: torch.device) -> None:
    """Reset the peak memory counter, where the system allows it."""
    if device.type == "cuda":
        import torch

        torch.cuda.empty_cache()
        for i in range(torch.cuda.device_count()):
            torch.cuda.reset_peak_memory_stats(i)
        return
    with contextlib.suppress(OSError):  # Linux only: proc(5), clear_refs
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_bytes(opened: Opened) -> int:
    """Return the peak memory of a model in bytes, since `reset_peak`.

    On a GPU it is what is reserved, on a CPU how far the process grew since before loading.
    """
    from longsum.engine.engine import peak_memory_bytes

    device = opened.model.device
    peak = peak_memory_bytes(device)
    return peak if device.type == "cuda" else max(0, peak - opened.resident_before)
