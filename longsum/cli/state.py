"""State between runs, apart from caches: notices already shown, questions already asked.

Losing it costs nothing, so files that cannot be read or written are ignored.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from longsum.paths import state_folder

MAX_HISTORY = 1000
"""Number of questions saved."""


def first_time(notice: str) -> bool:
    """Return whether a notice was never shown before, and record that it is now."""
    path = state_folder() / f"seen-{hashlib.sha256(notice.encode()).hexdigest()[:16]}"
    if path.exists():
        return False
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    return True


@contextlib.contextmanager
def history(remember: bool) -> Iterator[None]:
    """Let the arrow keys recall questions; with `remember`, those of earlier sessions as well."""
    try:
        import readline
    except ImportError:  # Windows does not have it
        yield
        return
    path = state_folder() / "questions"
    if remember:
        with contextlib.suppress(OSError):
            readline.read_history_file(path)
    try:
        yield
    finally:
        if remember:
            _save(readline, path)


def _save(readline: object, path: Path) -> None:
    """Save the questions, readable by their owner only."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        readline.set_history_length(MAX_HISTORY)  # type: ignore[attr-defined]
        readline.write_history_file(path)  # type: ignore[attr-defined]
