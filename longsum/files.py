"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longsum.errors import OutputError

_DESCRIPTOR = re.compile(r"/dev/(?:stdout|stderr|fd/\d+)|/proc/self/fd/\d+")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file beside `path` to write to; it replaces `path` once it is whole.

    A device or a pipe is not replaced but written to.

    Raises:
        OutputError: when it cannot be written.
    """
    temporary = None
    try:
        special = is_special(path)
        # image writers take the format from the suffix
        handle, name = tempfile.mkstemp(
            dir=None if special else path.parent, prefix=f".{path.stem}.", suffix=path.suffix
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        if special:
            with open(os.open(path, os.O_WRONLY | os.O_APPEND), "wb") as file:
                file.write(temporary.read_bytes())
        else:
            temporary.chmod(0o666 & ~umask())
            temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def is_special(path: Path) -> bool:
    """Return whether a path is a device, a pipe, or another name of a standard stream."""
    return path.exists() and not (
        path.is_dir() or (path.is_file() and not _DESCRIPTOR.fullmatch(str(path)))
    )


def umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
