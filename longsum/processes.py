"""What every process that this program starts does first. Light: reading processes import it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def without_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from a process while it starts, which would answer with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def be_first_when_memory_is_short() -> None:
    """Ask Linux to end this process, not its parent, when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
