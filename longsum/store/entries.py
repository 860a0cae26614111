"""A folder of entries of a bounded size: each one is whole or not there, the oldest go first.

An entry is a folder `<digest>/` with one safetensors file and `entry.json`. It is written under a
temporary name and renamed, so two processes can't mix theirs. Its record's time of change is when
it was last used. Folders are open to their owner alone. What the tensors mean is for `prefixes.py`
and `loading/quantized_cache.py` to know.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.store.key import FORMAT, Key
from longsum.store.tensors import (
    NEW_FILE,
    DamagedFile,
    bytes_of_tensors,
    read_tensors,
    write_tensors,
)

if TYPE_CHECKING:
    import torch

RECORD = "entry.json"
TEMPORARY = ".tmp-"
STALE_S = 3600.0
"""Temporary folders untouched for so long belong to a process that died."""
ROOM_BYTES = 256 * 1024**2
"""Of the disk that an entry leaves free."""


@dataclass(frozen=True)
class Entry:
    """What is kept under one key."""

    folder: Path
    record: dict[str, Any]
    used: float
    """When it was last used, seconds since 1970."""

    @property
    def name(self) -> str:
        """Return the name `longsum cache` shows and takes."""
        return self.folder.name

    @property
    def size_bytes(self) -> int:
        """Return the size of the data."""
        return int(self.record["size_bytes"])


class EntryStore:
    """Entries in a folder, of a bounded size altogether.

    Args:
        root: the folder; made with the first entry.
        size_bytes: most bytes of all entries.
    """

    data_name = "data.safetensors"
    """Of an entry's tensors."""

    def __init__(self, root: Path, size_bytes: int) -> None:
        self.root = root
        self.size_bytes = size_bytes

    def __contains__(self, key: Key) -> bool:
        """Tell whether there is an entry, damaged or not."""
        return (self.root / key.digest).is_dir()

    def entries(self) -> list[Entry]:
        """Return what is kept, last used first; what is damaged is left out."""
        found = [each for folder in self._folders() if (each := _entry(folder)) is not None]
        return sorted(found, key=lambda entry: entry.used, reverse=True)

    def read(self, key: Key, take: Callable[[str, torch.Tensor], None]) -> Entry | None:
        """Hand over an entry's tensors, and note that it was used.

        Args:
            key: what is looked for.
            take: is given each tensor by name, valid only during the call.

        Returns:
            The entry; None when there is none.

        Raises:
            DamagedFile: when there is one, but not as it was written; it has been removed.
        """
        folder = self.root / key.digest
        met = _inode(folder)
        if met is None:
            return None
        try:
            entry = self._checked_entry(folder, key)
            read_tensors(folder / self.data_name, entry.record["checksums"], take)
        except (DamagedFile, OSError) as error:
            if _inode(folder) != met:  # another process has just removed or renewed it
                return None
            self._remove(folder)
            said = error.strerror if isinstance(error, OSError) else str(error)
            raise DamagedFile(said or type(error).__name__) from error
        with suppress(OSError):
            os.utime(folder / RECORD)
        return entry

    def write(
        self, key: Key, tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]
    ) -> Entry | None:
        """Write an entry; older ones make room.

        Args:
            key: what it is.
            tensors: what is kept of it.
            about: for people: names and numbers that `longsum cache list` shows.

        Returns:
            The entry; None when it is larger than the store.

        Raises:
            OSError: when it cannot be written, or the disk lacks room; nothing of it is left.
        """
        size = bytes_of_tensors(tensors)
        if size > self.size_bytes:
            return None
        _make_private(self.root)
        self._sweep()
        self._make_room(size)
        temporary = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-", dir=self.root))
        try:
            checksums = write_tensors(temporary / self.data_name, tensors)
            record = {
                "format": FORMAT,
                "key": key.as_dict(),
                "size_bytes": size,
                "file_bytes": (temporary / self.data_name).stat().st_size,
                "checksums": checksums,
                "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                **about,
            }
            handle = os.open(temporary / RECORD, NEW_FILE, 0o600)
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(record, file, indent=1)
            folder = self.root / key.digest
            with suppress(OSError):  # another process wrote the same: theirs is as good
                temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return _entry(folder)

    def _checked_entry(self, folder: Path, key: Key) -> Entry:
        """Return an entry whose record and size are right.

        Raises:
            DamagedFile: when they are not.
        """
        entry = _entry(folder)
        if entry is None:
            raise DamagedFile("its record is missing or damaged")
        if entry.record.get("key") != key.as_dict():
            raise DamagedFile("its record is another's")
        if (folder / self.data_name).stat().st_size != entry.record.get("file_bytes"):
            raise DamagedFile("the file has another size than was written")
        if not isinstance(entry.record.get("checksums"), dict):
            raise DamagedFile("its record is missing or damaged")
        return entry

    def discard(self, key: Key) -> None:
        """Remove an entry that proved to be no good."""
        if key in self:
            self._remove(self.root / key.digest)

    def clear(self, name: str | None = None) -> list[Entry]:
        """Remove one entry, or all and whatever else is in the folder; return what was removed.

        Args:
            name: an entry's, or a beginning of it that is no other's.

        Raises:
            KeyError: when no entry, or more than one, is called so.
        """
        known = self.entries()
        if name is None:
            for folder in self._folders(hidden=True):
                self._remove(folder)
            return known
        matching = [entry for entry in known if name and entry.name.startswith(name)]
        if len(matching) != 1:
            raise KeyError(name)
        self._remove(matching[0].folder)
        return matching

    def _folders(self, *, hidden: bool = False) -> Iterator[Path]:
        """Yield the folders of entries; with `hidden` also the unfinished ones."""
        with suppress(OSError):
            for path in sorted(self.root.iterdir()):
                if path.is_dir() and (hidden or not path.name.startswith(TEMPORARY)):
                    yield path

    def _make_room(self, needed: int) -> None:
        """Remove what was not used for longest until the store has room.

        Raises:
            OSError: when the disk would have none even then; nothing is removed.
        """
        entries = self.entries()
        held, gone = sum(entry.size_bytes for entry in entries), 0
        oldest = []
        while entries and held - gone + needed > self.size_bytes:
            oldest.append(entries.pop())
            gone += oldest[-1].size_bytes
        if shutil.disk_usage(self.root).free + gone < needed + ROOM_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for entry in oldest:
            self._remove(entry.folder)

    def _sweep(self) -> None:
        """Remove what processes that died left unfinished, and entries that cannot be read."""
        now = time.time()
        for folder in self._folders(hidden=True):
            with suppress(OSError):
                touched = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
                unfinished = folder.name.startswith(TEMPORARY)
                if now - touched > STALE_S and (unfinished or _entry(folder) is None):
                    self._remove(folder)

    def _remove(self, folder: Path) -> None:
        """Remove a folder; it loses its name first, so that nobody meets a half of it."""
        gone = self.root / f"{TEMPORARY}{os.getpid()}-gone-{folder.name[-32:]}"
        with suppress(OSError):
            folder = folder.rename(gone)
        shutil.rmtree(folder, ignore_errors=True)


def _inode(folder: Path) -> int | None:
    """Return what tells a folder from a later one of the same name; None when there is none."""
    try:
        return folder.stat().st_ino
    except OSError:
        return None


def _entry(folder: Path) -> Entry | None:
    """Return the entry in a folder, or None when it is not one of ours."""
    try:
        path = folder / RECORD
        record = json.loads(path.read_text(encoding="utf-8"))
        used = path.stat().st_mtime
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        return None
    return Entry(folder, record, used) if isinstance(record.get("size_bytes"), int) else None


def _make_private(folder: Path) -> None:
    """Make a folder, and those above it, that only the user may open."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
