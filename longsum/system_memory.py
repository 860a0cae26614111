"""Memory of the machine and of this process, on Linux, macOS and Windows. No torch at import."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from longsum.errors import InsufficientMemory

STATUS = Path("/proc/self/status")
"""Linux's account of this process."""

CPU_WORDS = ("can't allocate memory", "not enough memory")
"""Parts of torch's messages when a CPU's memory runs out, by system."""


class SystemMemory(NamedTuple):
    """Memory of this machine, in bytes."""

    total: int
    available: int
    """What can be allocated without swapping other programs' memory to disk."""


def system_memory() -> SystemMemory | None:
    """Return the machine's memory; None when the system does not report it.

    The limits of a container are not known here.
    """
    import psutil

    try:
        found = psutil.virtual_memory()
    except (OSError, RuntimeError, ValueError, psutil.Error):  # a container without /proc
        return None
    if found.total <= 0 or found.available < 0:
        return None
    return SystemMemory(found.total, found.available)


def resident_bytes() -> int:
    """Return the memory of this process in bytes; 0 when the system does not report it."""
    return _of_process("rss")


def peak_resident_bytes() -> int:
    """Return the peak memory of this process in bytes; 0 when the system does not report it.

    Linux's `ru_maxrss` starts from the parent's memory and survives `exec`, so that a small process
    started by a large one would seem large.
    """
    own = _high_water_mark()
    if own:
        return own
    try:
        import resource
    except ImportError:  # Windows
        return _of_process("peak_wset")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _high_water_mark() -> int:
    """Return Linux's `VmHWM`, which each program starts at zero; 0 on other systems."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else 0


def _of_process(name: str) -> int:
    import psutil

    try:
        return int(getattr(psutil.Process().memory_info(), name, 0))
    except (OSError, psutil.Error):
        return 0


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error reports that memory ran out, on any device."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in CPU_WORDS)


@contextmanager
def memory_errors(hint: str, *, during: str = "") -> Iterator[None]:
    """Raise `InsufficientMemory` for a device's out-of-memory error.

    Args:
        hint: how to use less memory.
        during: the work under way, such as `while training`.

    Raises:
        InsufficientMemory: when memory runs out in the block.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch's own error is a RuntimeError
        if not is_out_of_memory(error):
            raise
        what = f"the device ran out of memory {during}".rstrip()
        raise InsufficientMemory(what, hint=hint) from error
