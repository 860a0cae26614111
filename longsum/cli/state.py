"""What longsum remembers between runs besides documents: notices seen, questions asked.

Losing it costs nothing: what cannot be read or written is passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from longsum.paths import state_folder

MAX_HISTORY = 1000
"""Questions kept."""


def first_time(notice: str) -> bool:
    """Tell whether a notice was never shown before, and remember that it is now."""
    path = state_folder() / f"seen-{hashlib.sha256(notice.encode()).hexdigest()[:16]}"
    if path.exists():
        return False
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    return True


@contextlib.contextmanager
def history(remember: bool) -> Iterator[None]:
    """Let the arrow keys bring back questions, with `remember` those of earlier sessions, too."""
    try:
        import readline
    except ImportError:  # Windows has none
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
    """Write the questions, readable by their owner alone."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        readline.set_history_length(MAX_HISTORY)  # type: ignore[attr-defined]
        readline.write_history_file(path)  # type: ignore[attr-defined]
