"""A folder of cache entries of bounded total size; least recently used entries are evicted.

An entry is a folder `<digest>/` with one safetensors file and `entry.json`. It is written under a
temporary name and renamed, so an entry is whole or absent, and two processes cannot mix theirs. The
modification time of `entry.json` is the last use. Only the owner may open the folders. The meaning
of the tensors is left to `prefixes.py` and `loading/quantized_cache.py`.
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
"""Seconds after which an untouched temporary folder belongs to a dead process."""
MIN_FREE_BYTES = 256 * 1024**2
"""Bytes of the disk that an entry leaves free."""


@dataclass(frozen=True)
class Entry:
    """A cache entry."""

    folder: Path
    record: dict[str, Any]
    used: float
    """Time of the last use, in seconds since 1970."""

    @property
    def name(self) -> str:
        """Name that `longsum cache` shows and accepts."""
        return self.folder.name

    @property
    def size_bytes(self) -> int:
        """Bytes of the tensors."""
        return int(self.record["size_bytes"])


class EntryStore:
    """Entries in a folder, of bounded total size.

    Args:
        root: the folder; created with the first entry.
        size_bytes: maximum bytes of all entries.
    """

    data_name = "data.safetensors"
    """Name of the file of an entry's tensors."""

    def __init__(self, root: Path, size_bytes: int) -> None:
        self.root = root
        self.size_bytes = size_bytes

    def __contains__(self, key: Key) -> bool:
        """Return whether there is an entry, damaged or not."""
        return (self.root / key.digest).is_dir()

    def entries(self) -> list[Entry]:
        """Return the entries, most recently used first, without damaged ones."""
        found = [each for folder in self._folders() if (each := _entry(folder)) is not None]
        return sorted(found, key=lambda entry: entry.used, reverse=True)

    def read(self, key: Key, take: Callable[[str, torch.Tensor], None]) -> Entry | None:
        """Pass an entry's tensors to `take`, and mark the entry as used.

        Args:
            key: the entry's key.
            take: called with each name and tensor, which is valid only during the call.

        Returns:
            The entry; None when there is none.

        Raises:
            DamagedFile: when the entry is not as it was written; it has been removed.
        """
        folder = self.root / key.digest
        inode = _inode(folder)
        if inode is None:
            return None
        try:
            entry = self._checked_entry(folder, key)
            read_tensors(folder / self.data_name, entry.record["checksums"], take)
        except (DamagedFile, OSError) as error:
            if _inode(folder) != inode:  # another process has just removed or replaced it
                return None
            self._remove(folder)
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise DamagedFile(reason or type(error).__name__) from error
        with suppress(OSError):
            os.utime(folder / RECORD)
        return entry

    def write(
        self, key: Key, tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]
    ) -> Entry | None:
        """Write an entry, evicting older ones where necessary.

        Args:
            key: the entry's key.
            tensors: its content, on any device.
            about: names and numbers that `longsum cache list` shows.

        Returns:
            The entry; None when it is larger than the store.

        Raises:
            OSError: when it cannot be written, or the disk is too full; nothing is left behind.
        """
        size = bytes_of_tensors(tensors)
        if size > self.size_bytes:
            return None
        _make_private(self.root)
        self._sweep()
        self._evict_for(size)
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
            with suppress(OSError):  # another process wrote the same entry
                temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return _entry(folder)

    def _checked_entry(self, folder: Path, key: Key) -> Entry:
        """Return an entry after checking its record and size.

        Raises:
            DamagedFile: when either is wrong.
        """
        entry = _entry(folder)
        if entry is None:
            raise DamagedFile("its record is missing or damaged")
        if entry.record.get("key") != key.as_dict():
            raise DamagedFile("its record is that of another entry")
        if (folder / self.data_name).stat().st_size != entry.record.get("file_bytes"):
            raise DamagedFile("the size of the file has changed")
        if not isinstance(entry.record.get("checksums"), dict):
            raise DamagedFile("its record is missing or damaged")
        return entry

    def discard(self, key: Key) -> None:
        """Remove an entry that turned out to be unusable."""
        if key in self:
            self._remove(self.root / key.digest)

    def clear(self, name: str | None = None) -> list[Entry]:
        """Remove one entry, or all and any other folder in the store; return the entries removed.

        Args:
            name: an entry's name, or an unambiguous beginning of it; None removes all.

        Raises:
            KeyError: when no entry, or more than one, matches.
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
        """Yield the folders of entries; with `hidden` also unfinished ones."""
        with suppress(OSError):
            for path in sorted(self.root.iterdir()):
                if path.is_dir() and (hidden or not path.name.startswith(TEMPORARY)):
                    yield path

    def _evict_for(self, needed: int) -> None:
        """Evict the least recently used entries until `needed` bytes fit.

        Raises:
            OSError: when the disk would be too full even then; nothing is removed.
        """
        entries = self.entries()
        held, freed = sum(entry.size_bytes for entry in entries), 0
        oldest = []
        while entries and held - freed + needed > self.size_bytes:
            oldest.append(entries.pop())
            freed += oldest[-1].size_bytes
        if shutil.disk_usage(self.root).free + freed < needed + MIN_FREE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for entry in oldest:
            self._remove(entry.folder)

    def _sweep(self) -> None:
        """Remove unfinished folders of dead processes, and entries that cannot be read."""
        now = time.time()
        for folder in self._folders(hidden=True):
            with suppress(OSError):
                touched = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
                unfinished = folder.name.startswith(TEMPORARY)
                if now - touched > STALE_S and (unfinished or _entry(folder) is None):
                    self._remove(folder)

    def _remove(self, folder: Path) -> None:
        """Remove a folder; it is renamed first, so that no process sees a half-deleted entry."""
        renamed = self.root / f"{TEMPORARY}{os.getpid()}-gone-{folder.name[-32:]}"
        with suppress(OSError):
            folder = folder.rename(renamed)
        shutil.rmtree(folder, ignore_errors=True)


def _inode(folder: Path) -> int | None:
    """Return a folder's inode, which a later folder of that name lacks; None without a folder."""
    try:
        return folder.stat().st_ino
    except OSError:
        return None


def _entry(folder: Path) -> Entry | None:
    """Return the entry in a folder, or None when the folder holds none of this format."""
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
    """Create a folder that only the user may open, and its parents."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
