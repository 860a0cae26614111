"""One run at a time in an output folder; shards may run at the same time.

The operating system holds the locks: they end with the process that took them, however it ends.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from longsum.batch.batch_journal import FOLDER
from longsum.errors import OutputError
from longsum.terminal import shown_name


@contextlib.contextmanager
def locked(output: Path, shard: tuple[int, int] | None = None) -> Iterator[None]:
    """Lock an output folder, creating it if needed.

    Args:
        output: the folder.
        shard: the part that runs; None is a whole run, which excludes all others.

    Raises:
        OutputError: when another run holds the lock, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    folder = output / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"folder {shown_name(str(output))} cannot be created: {error.strerror}",
            hint="name another with -o",
        ) from error
    name = "whole" if shard is None else f"shard-{shard[0]}-of-{shard[1]}"
    with contextlib.ExitStack() as locks:
        try:
            locks.enter_context(FileLock(folder / f"{name}.lock", timeout=0))
            # own first, then the others': of two that start at once, at least one sees the other
            others = folder.glob("shard-*.lock") if shard is None else [folder / "whole.lock"]
            for path in others:
                with FileLock(path, timeout=0):
                    pass
        except Timeout as error:
            raise OutputError(
                f"another run is writing to {shown_name(str(output))}",
                hint="wait for it, or name another folder with -o",
            ) from error
        except OSError as error:
            raise OutputError(
                f"{shown_name(str(folder))} cannot be locked: {error.strerror}",
                hint="name a folder that you may write to with -o",
            ) from error
        yield
