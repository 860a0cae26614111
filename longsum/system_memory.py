"""What the system says of memory, on Linux, macOS and Windows alike. No torch at import."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from longsum.errors import InsufficientMemory

STATUS = Path("/proc/self/status")
"""What Linux says of this process."""

CPU_WORDS = ("can't allocate memory", "not enough memory")
"""What torch says when a CPU's memory runs out, by system."""


class SystemMemory(NamedTuple):
    """Memory of this machine, in bytes."""

    total: int
    available: int
    """What can be had without the system writing other programs' memory to disk."""


def system_memory() -> SystemMemory | None:
    """Return the machine's memory; None where the system does not tell.

    Knows no limit of a container.
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
    """Return the memory this process holds now; 0 on a system that does not tell."""
    return _of_process("rss")


def peak_resident_bytes() -> int:
    """Return the most memory this process has held so far; 0 on a system that does not tell.

    Linux's `ru_maxrss` begins with what the parent held, and outlives the program that replaces it:
    started from a large process, a small one would seem large.
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
    """Return `VmHWM`, which starts from nothing with each program; 0 without such a file."""
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
    """Return whether an error says that memory ran out, on whichever device."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in CPU_WORDS)


@contextmanager
def memory_errors(hint: str, *, during: str = "") -> Iterator[None]:
    """Turn a device's lack of memory into our error.

    Args:
        hint: what takes less of it.
        during: what was done, such as `while training`.

    Raises:
        InsufficientMemory: when memory ran out inside.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch's own error is a RuntimeError
        if not is_out_of_memory(error):
            raise
        what = f"the device ran out of memory {during}".rstrip()
        raise InsufficientMemory(what, hint=hint) from error
